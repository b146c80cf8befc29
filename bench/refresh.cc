// Claim: a refresh (root, timestamp, snapshot, targets; Ed25519, 100 targets) costs little beyond its signatures and hashes.
// Limit: the time that OpenSSL alone needs for the same signatures and hashes, times 1.3: with a store in memory, and from local
// files to local files, every sync of the durable store included, on a file system in memory and on a disk. There, what the
// system alone takes to read and to replace the same files stands beside it. Then the same for a client that slept through
// 1 000 roots.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "bare_openssl.h"
#include "client/folder_fetcher.h"
#include "client/folder_store.h"
#include "client/updater.h"
#include "sim/memory_store.h"
#include "stopwatch.h"

namespace {

using namespace rota;
using namespace rota::bench;

constexpr int kRounds = 201;

void refresh_over(client::TrustStore& store, Fetcher& repository) {
  PosixFiles files;
  auto updater =
      client::Updater::open(repository, store, files, {.metadata_url = std::string(MadeRepository::kUrl), .now = kNow});
  (*updater)->refresh().value();
}

void refresh_in_memory(MadeRepository& repository) {
  sim::MemoryStore store(repository.file("1.root.json"));
  refresh_over(store, repository);
}

// Files in, files out, each of them synced.
void refresh_in_folders(const std::string& from, const std::string& to) {
  PosixFiles files;
  client::FolderFetcher repository(files, std::string(MadeRepository::kUrl), from);
  const auto store = client::FolderStore::open(files, to).value();
  refresh_over(*store, repository);
}

// What nothing that reads local files and keeps them through a power cut can do without.
void move_files(const std::string& from, const std::string& to) {
  PosixFiles files;
  for (const char* role : {"timestamp", "1.snapshot", "1.targets"}) {
    const auto bytes = files.read(from + "/" + role + ".json", 1 << 20).value();
    replace_file(files, to + "/" + role + ".json", bytes, 0644).value();
  }
}

void print(const char* what, const Spent& spent) {
  std::printf("  %-40s %9.0f us CPU %9.0f us wall", what, spent.cpu_us, spent.wall_us);
}

void print(const char* what, const Beside& beside, const char* note) {
  print(what, beside.ours);
  std::printf("   ratio %.2f%s\n", beside.ratio(), note);
}

void in_folders(const char* what, std::string below, const MadeRepository& repository, const BareOpenSsl& bare) {
  below += "/rota-bench-XXXXXX";
  if (mkdtemp(below.data()) == nullptr) abort_with("no temporary folder");
  const std::string from = below + "/from", to = below + "/to";
  std::filesystem::create_directory(from);
  for (const auto& [file, bytes] : repository.files()) std::ofstream(from + "/" + file, std::ios::binary) << bytes;
  PosixFiles files;
  const auto start = [&] { client::FolderStore::init(files, to, repository.file("1.root.json")).value(); };
  const auto bare_with_files = [&] {
    bare.run();
    move_files(from, to);
  };
  print(what, beside(kRounds / 2, start, [&] { refresh_in_folders(from, to); }, [&] { bare.run(); }), "");
  print("  beside OpenSSL and the files alone", beside(kRounds / 2, start, [&] { refresh_in_folders(from, to); }, bare_with_files), "");
  std::filesystem::remove_all(below);
}

void hundred_targets() {
  MadeRepository repository({.targets = 100});
  BareOpenSsl bare;
  for (const Check& check : repository.root_checks()) bare.add_signature(check);
  for (const Check& check : repository.role_checks()) bare.add_signature(check);
  bare.add_sha256(repository.file("1.snapshot.json"));
  bare.add_sha256(repository.file("1.targets.json"));
  const Beside in_memory = beside(kRounds, [&] { refresh_in_memory(repository); }, [&] { bare.run(); });
  std::printf("refresh from root 1: 4 Ed25519 signatures, 100 targets (%zu KB); median of %d\n",
              repository.file("1.targets.json").size() / 1000, kRounds);
  print("OpenSSL alone", in_memory.limit);
  std::printf("\n");
  print("store in memory", in_memory, " (limit 1.3)");
  in_folders("files to files, all synced, in memory", "/dev/shm", repository, bare);
  in_folders("files to files, all synced, on a disk", "/var/tmp", repository, bare);
}

void thousand_roots(const char* what, Recipe::RootKeys root_keys) {
  MadeRepository repository(
      {.targets = 1, .roots = 1000, .root_keys = root_keys, .rotation = Recipe::Rotation::each_root});
  BareOpenSsl bare;
  for (const Check& check : repository.root_checks()) bare.add_signature(check);
  print(what, beside(5, [&] { refresh_in_memory(repository); }, [&] { bare.run(); }), " (limit 1.5)");
}

}  // namespace

// `bench_refresh N` refreshes N times and prints nothing: for a profiler.
int main(int argc, char** argv) {
  if (argc > 1) {
    MadeRepository repository({.targets = 100});
    for (int i = std::atoi(argv[1]); i > 0; --i) refresh_in_memory(repository);
    return 0;
  }
  hundred_targets();
  thousand_roots("1 000 roots, Ed25519, a new key each", Recipe::RootKeys::ed25519);
  thousand_roots("1 000 roots, RSA-2048, a new key each", Recipe::RootKeys::rsa2048);
  return 0;
}
