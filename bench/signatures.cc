// Claim: a signature is verified through crypto::PublicKey about as fast as the library below can.
// Rival: `openssl speed`, run in this same run. It verifies one signature again and again with everything set up; we
// set up anew for each, hash 1 KiB and, for RSA, check PSS where it checks PKCS#1 v1.5. Both count CPU time, not the
// clock's.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/key.h"

namespace {

using rota::crypto::PrivateKey;

constexpr std::clock_t kFor = 3 * CLOCKS_PER_SEC;

double verifications_per_second(const PrivateKey& key) {
  const std::string message(1024, 'm');  // about the size of a timestamp
  const auto& pub = key.public_key();
  const auto scheme = rota::crypto::scheme_of(pub.type());
  const rota::Bytes signature = key.sign(message).value();
  long done = 0;
  const std::clock_t start = std::clock();
  while (std::clock() - start < kFor)
    for (int i = 0; i < 64; ++i, ++done)
      if (!pub.verifies(scheme, message, signature)) rota::abort_with("a good signature was refused");
  return static_cast<double>(done) * CLOCKS_PER_SEC / static_cast<double>(std::clock() - start);
}

std::string output_of(std::vector<std::string> command) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) rota::abort_with("no pipe");
  std::vector<char*> argv;
  for (std::string& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  if (posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ) != 0)
    rota::abort_with("cannot run openssl");
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string text;
  std::array<char, 4096> piece{};
  for (ssize_t n = 0; (n = read(ends[0], piece.data(), piece.size())) > 0;)
    text.append(piece.data(), static_cast<std::size_t>(n));
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return text;
}

// `openssl speed -mr` ends with "+F2:…:2048:<signatures>:<verifications a second>" and "+F6:…:Ed25519:<same>".
double rival_per_second(const std::string& output, std::string_view prefix) {
  for (const std::string& line : rota::split(output, '\n')) {
    if (!line.starts_with(prefix)) continue;
    return std::stod(rota::split(line, ':').back());
  }
  rota::abort_with("openssl speed printed no line " + std::string(prefix));
}

void report(const char* what, double ours, double rival) {
  std::printf("%-22s %10.0f /s   openssl speed %10.0f /s   ratio %.2f\n", what, ours, rival, ours / rival);
}

}  // namespace

int main() {
  const std::string speed = output_of({"openssl", "speed", "-mr", "-seconds", "3", "ed25519", "rsa2048"});
  report("ed25519 verify", verifications_per_second(PrivateKey::generate_ed25519().value()),
         rival_per_second(speed, "+F6:"));
  report("rsa-2048 PSS verify", verifications_per_second(PrivateKey::generate_rsa(2048).value()),
         rival_per_second(speed, "+F2:"));
}
