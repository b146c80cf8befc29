// Claim: with 16 384 hashed bins (succinct roles), refresh and one lookup cost the same whatever the number of targets, and read
// at most 300 KB. Each is a process of its own, with nothing in it but the files a client asks for; it asks for gzip, as the
// device agent does, and its server sends that. Beside it: what a server that never packs would send.
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "client/updater.h"
#include "http/gzip.h"
#include "made_repository.h"
#include "sim/memory_store.h"
#include "stopwatch.h"

namespace {

using namespace rota;
using namespace rota::bench;

constexpr int kRounds = 31;
constexpr std::size_t kLongest = 16u << 20;

Bytes gzipped(const Bytes& plain) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort_with("no zlib");
  Bytes out(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) abort_with("not packed");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// The files of a folder, packed beforehand; counts what it sends.
class Server final : public Fetcher {
 public:
  explicit Server(const std::string& folder) {
    PosixFiles files;
    for (const auto& name : files.list(folder).value()) {
      plain_[name] = files.read(folder + "/" + name, kLongest).value();
      packed_[name] = gzipped(plain_[name]);
    }
  }

  Result<FetchReply> fetch(const FetchRequest& request) override {
    ++requests;
    const bool packs = header(request.headers, "Accept-Encoding") == "gzip";
    const auto& files = packs ? packed_ : plain_;
    const auto file = files.find(file_name_of(request.url));
    if (file == files.end()) return FetchReply{404, {}, ""};
    sent += file->second.size();
    return FetchReply{200, packs ? Headers{{"Content-Encoding", "gzip"}} : Headers{}, file->second};
  }

  const Bytes& root() const { return plain_.at("1.root.json"); }
  int requests = 0;
  std::size_t sent = 0;

 private:
  std::map<std::string, Bytes> plain_, packed_;
};

void look_up(Fetcher& fetcher, const Bytes& root, const std::string& target) {
  sim::MemoryStore store(root);
  PosixFiles files;
  auto updater =
      client::Updater::open(fetcher, store, files, {.metadata_url = std::string(MadeRepository::kUrl), .now = kNow});
  (*updater)->refresh().value();
  if (!(*updater)->find(target).value()) abort_with("the target was not found");
}

// The child.
int look_up_in(const std::string& folder, const std::string& target) {
  Server server(folder);
  http::GzipFetcher unpacking(server);
  look_up(server, server.root(), target);
  const std::size_t plain = std::exchange(server.sent, 0);
  server.requests = 0;
  look_up(unpacking, server.root(), target);
  const auto [sent, requests] = std::pair(server.sent, server.requests);
  std::vector<Spent> runs;
  for (int round = 0; round < kRounds; ++round)
    runs.push_back(spent_on([&] { look_up(unpacking, server.root(), target); }));
  const Spent spent = median(runs);
  std::printf("%6.2f ms CPU  %6.2f ms wall  %d requests  %6.1f KB read (%.1f KB where nothing is packed)\n", spent.cpu_us / 1e3,
              spent.wall_us / 1e3, requests, static_cast<double>(sent) / 1e3, static_cast<double>(plain) / 1e3);
  return 0;
}

void report(const std::string& program, std::size_t targets) {
  char folder[] = "/tmp/rota-bench-XXXXXX";
  if (mkdtemp(folder) == nullptr) abort_with("no temporary folder");
  MadeRepository repository({.targets = targets, .bins = Recipe::Bins::succinct});
  const std::string target = MadeRepository::target_name(targets / 2);
  repository.make_bin_of(target);
  for (const auto& [name, bytes] : repository.files())
    std::ofstream(std::string(folder) + "/" + name, std::ios::binary) << bytes;
  std::printf("  %8zu targets  ", targets);
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    execl(program.c_str(), program.c_str(), "--look-up", folder, target.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  std::filesystem::remove_all(folder);
  if (status != 0) abort_with("the child failed");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--look-up") return look_up_in(argv[2], argv[3]);
  std::printf("16 384 succinct bins: refresh and one lookup, median of %d (limit 300 KB)\n", kRounds);
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  for (const std::size_t targets : {10'000u, 100'000u, 1'000'000u}) report(program, targets);
  return 0;
}
