// Claim: a client that slept through 1 000 roots catches up in about the time that their signatures take.
// Limit: 1.5 times what OpenSSL alone needs for those signatures, its keys made beforehand; beside it with each key made when
// it is first needed, the quickest way there is, since nobody has the keys of roots to come.
#include <cstdio>

#include "bare_openssl.h"
#include "stopwatch.h"
#include "tuf/verify.h"

namespace {

using namespace rota;
using namespace rota::bench;

constexpr int kRounds = 21;
constexpr tuf::Version kRoots = 1000;

// TUF 5.3 alone: each root by the one before and by itself.
void walk_once(const MadeRepository& repository) {
  auto root = tuf::anchor_root(repository.file("1.root.json")).value();
  for (tuf::Version version = 2; version <= kRoots; ++version)
    root = tuf::next_root(root, repository.file(std::to_string(version) + ".root.json")).value();
}

void report(const char* name, Recipe::RootKeys root_keys, Recipe::Rotation rotation) {
  MadeRepository repository({.targets = 1, .roots = kRoots, .root_keys = root_keys, .rotation = rotation});
  BareOpenSsl bare;
  for (const Check& check : repository.root_checks()) bare.add_signature(check);
  const Beside walk = beside(kRounds, [&] { walk_once(repository); }, [&] { bare.run(); });
  const Beside with_keys = beside(kRounds, [&] { walk_once(repository); }, [&] { bare.run_with_new_keys(); });
  std::printf("  %-24s %5zu signatures: OpenSSL alone %6.1f ms, ours %6.1f ms, ratio %.2f   (keys made on the way: %6.1f ms, ratio %.2f)\n",
              name, repository.root_checks().size(), walk.limit.cpu_us / 1e3, walk.ours.cpu_us / 1e3, walk.ratio(),
              with_keys.limit.cpu_us / 1e3, with_keys.ratio());
}

}  // namespace

int main() {
  std::printf("%lld root versions, CPU time, median of %d (limit 1.5)\n", static_cast<long long>(kRoots), kRounds);
  using enum Recipe::RootKeys;
  using enum Recipe::Rotation;
  report("Ed25519, a new key each", ed25519, each_root);
  report("Ed25519, one key", ed25519, never);
  report("RSA-2048, a new key each", rsa2048, each_root);
  report("RSA-2048, one key", rsa2048, never);
  return 0;
}
