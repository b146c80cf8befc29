// Our side of bench/peer: a refresh from nothing but the root, into a new folder, over HTTP; as bench/peer_client.js does it.
// usage: peer_client FOLDER ROOT-FILE URL [TIMES]   (with TIMES: prints the median microseconds of that many refreshes)
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "client/folder_store.h"
#include "client/updater.h"
#include "http/client.h"
#include "stopwatch.h"

using namespace rota;
using namespace rota::bench;

namespace {

void refresh_into(const std::string& folder, const std::string& root, const std::string& url) {
  PosixFiles files;
  std::filesystem::copy_file(root, folder + "/root.json");
  http::Client http({});
  const auto store = client::FolderStore::open(files, folder).value();
  auto updater = client::Updater::open(http, *store, files, {.metadata_url = url, .now = SystemClock().now()});
  (*updater)->refresh().value();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const int times = argc > 4 ? std::atoi(argv[4]) : 1;
  std::vector<Spent> runs;
  for (int i = 0; i < times; ++i) {
    std::string folder = std::string(argv[1]) + "/rota-bench-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) return 1;
    runs.push_back(spent_on([&] { refresh_into(folder, argv[2], argv[3]); }));
    std::filesystem::remove_all(folder);
  }
  if (argc > 4) std::printf("%.0f\n", median(runs).wall_us);
  return 0;
}
