// Claim: with 16 384 hashed bins (succinct roles), refresh and one lookup cost the same whatever the number of targets.
// Printed beside it: how many bytes that reads, as served and as a web server with gzip would send them.
#include <zlib.h>

#include <cstdio>

#include "client/updater.h"
#include "made_repository.h"
#include "memory_store.h"
#include "stopwatch.h"

namespace {

using namespace rota;
using namespace rota::bench;

constexpr int kRounds = 15;

std::size_t gzip_size(const Bytes& bytes) {
  uLongf size = compressBound(bytes.size());
  Bytes out(size, '\0');
  compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), 6);
  return size + 12;  // zlib's frame is 12 bytes shorter than gzip's
}

struct Lookup {
  Spent spent;
  MadeRepository::Traffic traffic;
  std::size_t gzip = 0;
};

void look_up(MadeRepository& repository, const std::string& target) {
  MemoryStore store(repository.file("1.root.json"));
  PosixFiles files;
  auto updater =
      client::Updater::open(repository, store, files, {.metadata_url = std::string(MadeRepository::kUrl), .now = kNow});
  (*updater)->refresh().value();
  if (!(*updater)->find(target).value()) abort_with("the target was not found");
}

Lookup measured(std::size_t targets) {
  MadeRepository repository({.targets = targets, .bins = Recipe::Bins::succinct});
  const std::string target = MadeRepository::target_name(targets / 2);
  repository.make_bin_of(target);
  look_up(repository, target);
  repository.forget_traffic();
  look_up(repository, target);
  Lookup lookup{.spent = {}, .traffic = repository.taken()};
  for (const auto& [name, bytes] : repository.files())
    if (name != "1.root.json") lookup.gzip += gzip_size(bytes);
  std::vector<Spent> runs;
  for (int round = 0; round < kRounds; ++round) runs.push_back(spent_on([&] { look_up(repository, target); }));
  lookup.spent = median(runs);
  return lookup;
}

}  // namespace

int main() {
  std::printf("16 384 succinct bins: refresh and one lookup, median of %d\n", kRounds);
  for (const std::size_t targets : {100'000u, 1'000'000u}) {
    const Lookup lookup = measured(targets);
    std::printf("  %8zu targets  %6.2f ms CPU  %6.2f ms wall  %d requests  %7.1f KB read, %6.1f KB with gzip\n", targets,
                lookup.spent.cpu_us / 1e3, lookup.spent.wall_us / 1e3, lookup.traffic.requests,
                static_cast<double>(lookup.traffic.bytes) / 1e3, static_cast<double>(lookup.gzip) / 1e3);
  }
  return 0;
}
