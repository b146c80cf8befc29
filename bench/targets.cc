// Claim: one target is found among 100 000 (54 MB of targets.json), verified, at 400 MB/s and with hardly more memory than the
// file itself. Each way is a process of its own, so that its peak memory is its own.
// Beside it: what OpenSSL alone takes to check the signature and the hash of those bytes.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "bare_openssl.h"
#include "base/files.h"
#include "stopwatch.h"
#include "tuf/verify.h"

namespace {

using namespace rota;
using namespace rota::bench;

constexpr std::size_t kTargets = 100'000;
constexpr std::size_t kLongest = 128u << 20;
constexpr int kRounds = 5;

// This process's own; the figure that wait4 gives starts with the parent's.
double peak_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) * 1024 / 1e6;
  abort_with("no VmHWM");
}

// The child: the files of `folder`, verified from the root on; one target is kept.
int find_in(const std::string& folder, const std::string& name) {
  PosixFiles files;
  const auto read = [&](const char* file) { return files.read(folder + "/" + file, kLongest).value(); };
  const auto root = tuf::fresh(tuf::anchor_root(read("1.root.json")).value(), kNow).value();
  const auto timestamp = tuf::fresh(tuf::next_timestamp(root, {}, read("timestamp.json")).value(), kNow).value();
  const auto snapshot = tuf::fresh(tuf::next_snapshot(root, timestamp, {}, read("1.snapshot.json")).value(), kNow).value();
  std::vector<Spent> reads, checks;
  for (int round = 0; round < kRounds; ++round) {
    tuf::FileBytes bytes;
    reads.push_back(spent_on([&] { bytes = read("1.targets.json"); }));
    checks.push_back(spent_on([&] {
      const auto targets =
          tuf::next_targets(root, snapshot, {}, bytes, {.wanted = tuf::Wanted::named(name), .max_bytes = kLongest});
      if (targets.value()->targets.size() != 1) abort_with("the target was not found");
    }));
  }
  std::printf("%.1f %.1f %.1f %.2f\n", median(reads).wall_us, median(checks).wall_us, median(checks).cpu_us, peak_mb());
  return 0;
}

std::string said_by_child(const std::string& program, const std::string& folder) {
  int ends[2];
  if (pipe(ends) != 0) abort_with("no pipe");
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    const std::string name = MadeRepository::target_name(kTargets / 2);
    execl(program.c_str(), program.c_str(), "--find", folder.c_str(), name.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  close(ends[1]);
  char text[200] = {};
  const ssize_t n = read(ends[0], text, sizeof text - 1);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (n <= 0 || status != 0) abort_with("the child failed");
  return text;
}

void report(const char* name, crypto::KeyType key, const std::string& program) {
  char made[] = "/tmp/rota-bench-XXXXXX";
  if (mkdtemp(made) == nullptr) abort_with("no temporary folder");
  const std::string folder = made;
  MadeRepository repository({.targets = kTargets, .targets_key = key});
  for (const auto& [file, bytes] : repository.files()) std::ofstream(folder + "/" + file, std::ios::binary) << bytes;
  const Bytes& targets = repository.file("1.targets.json");
  const double megabytes = static_cast<double>(targets.size()) / 1e6;

  BareOpenSsl bare;
  bare.add_signature(repository.role_checks().front());  // that of targets.json
  bare.add_sha256(targets);
  std::vector<Spent> limit;
  for (int round = 0; round < kRounds; ++round) limit.push_back(spent_on([&] { bare.run(); }));

  double read_us = 0, wall_us = 0, cpu_us = 0, peak = 0;
  if (std::sscanf(said_by_child(program, folder).c_str(), "%lf %lf %lf %lf", &read_us, &wall_us, &cpu_us, &peak) != 4)
    abort_with("the child said something else");
  std::filesystem::remove_all(folder);
  const double bare_us = median(limit).wall_us;
  std::printf("  %-8s %5.1f MB  %6.1f ms wall %6.1f ms CPU = %4.0f MB/s (with reading the file %4.0f)  OpenSSL alone %6.1f ms = "
              "%4.0f MB/s, ratio %.2f  peak %6.1f MB = file + %.1f MB\n",
              name, megabytes, wall_us / 1e3, cpu_us / 1e3, megabytes / wall_us * 1e6,
              megabytes / (wall_us + read_us) * 1e6, bare_us / 1e3, megabytes / bare_us * 1e6, wall_us / bare_us, peak,
              peak - megabytes);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--find") return find_in(argv[2], argv[3]);
  std::printf("one target of %zu, verified; median of %d (limits: 400 MB/s, file + 8 MB)\n", kTargets, kRounds);
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  report("Ed25519", crypto::KeyType::ed25519, program);
  report("RSA-2048", crypto::KeyType::rsa, program);
  return 0;
}
