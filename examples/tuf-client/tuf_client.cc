// Fetches one target of a TUF repository that lies in a folder, and says what happened.
// usage: tuf_client TRUST REPOSITORY TARGET FOLDER     TRUST: a folder that holds the root.json you start from
#include <cstdio>

#include "client/folder_fetcher.h"
#include "client/folder_store.h"
#include "client/updater.h"

using namespace rota;

static Result<std::string> fetch_target(char** args) {
  PosixFiles files;
  client::FolderFetcher repository(files, "folder:", args[2]);  // yours may ask a server: one function, Fetcher::fetch
  auto store = TRY(client::FolderStore::open(files, args[1]));
  auto updater = TRY(client::Updater::open(repository, *store, files,
                                           {.metadata_url = "folder:/metadata",
                                            .targets_url = "folder:/targets",
                                            .now = SystemClock().now()}));
  TRY(updater->refresh());
  std::printf("root %lld is trusted, and what it says is fresh\n", static_cast<long long>(updater->root().version));
  const auto target = TRY(updater->find(args[3]));
  if (!target) return not_found("no role offers '" + std::string(args[3]) + "'");
  return updater->download(*target, args[4]);
}

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: tuf_client TRUST REPOSITORY TARGET FOLDER\n");
    return 2;
  }
  const auto path = fetch_target(argv);
  if (path.ok()) {
    std::printf("verified: %s\n", path->c_str());
    return 0;
  }
  std::fprintf(stderr, "%s: %s\n", std::string(name_of(path.error().fault)).c_str(), path.error().what.c_str());
  return path.error().fault == Fault::not_found ? 3 : 1;
}
