// A client that has seen version 5 of everything, in either dialect, and the repository that it believes: what the attack
// tests attack. For *_test.cc only.
#pragma once

#include <gmock/gmock.h>

#include "client/folder_store.h"
#include "client/trust.h"
#include "client/updater.h"
#include "sim/crash_files.h"
#include "sim/tuf_server.h"

namespace rota::client::attack {

using Set = sim::TufServer::Set;
using Delegated = sim::TufServer::Delegated;
using tuf::Dialect;
using tuf::test::RootPlan;
using Contents = std::map<std::string, Bytes>;

inline const Time kNow = parse_rfc3339("2100-01-01T00:00:00Z").value();  // later than any build
constexpr const char* kTrust = "/trust";
constexpr const char* kTargets = "/targets";

// Every file below the folder.
inline void add_contents(Files& files, const std::string& folder, Contents& all) {
  for (const auto& name : files.list(folder).value()) {
    const std::string path = folder + "/" + name;
    if (files.facts(path)->kind == FileFacts::Kind::folder)
      add_contents(files, path, all);
    else
      all[path] = files.read(path, 1u << 26).value();
  }
}

class Victim {
 public:
  explicit Victim(Dialect dialect = Dialect::tuf) {
    root.dialect = set.dialect = dialect;
    root.expires = "2101-01-01T00:00:00Z";
    server.publish_root(root);
    FolderStore::init(files, kTrust, tuf::test::root_file(root)).value();
    make_folders(files, kTargets, 0755).value();
    server.publish(set);
    refresh().value();
    server.forget_requests();
  }

  // Each opens the store anew, as a process would.
  Status refresh() {
    return with([](Updater& updater) { return updater.refresh(); });
  }
  Result<std::optional<tuf::Target>> find(const std::string& target) {
    return with([&](Updater& updater) { return updater.find(target); });
  }
  Result<std::string> download(const std::string& target) {
    return with([&](Updater& updater) -> Result<std::string> {
      const auto found = TRY(updater.find(target));
      if (!found) return not_found("no role offers " + target);
      return updater.download(*found, kTargets);
    });
  }
  template <typename F>
  auto with(F use) -> decltype(use(std::declval<Updater&>())) {
    const auto store = TRY(FolderStore::open(files, kTrust, Seconds(0)));
    const auto updater = TRY(Updater::open(server, *store, files, options()));
    return use(*updater);
  }
  Updater::Options options() const {
    return {.metadata_url = std::string(sim::TufServer::kMetadata),
            .targets_url = std::string(sim::TufServer::kTargets),
            .limits = limits,
            .now = now};
  }

  // The repository goes on: the set after the last one, as `change` would have it.
  void publish_next(const std::function<void(Set&)>& change = [](Set&) {}) {
    ++set.versions.timestamp, ++set.versions.snapshot, ++set.versions.targets;
    auto next = set;
    change(next);
    server.publish(next);
  }
  // The root after the last one, by the keys of both.
  void rotate(const std::function<void(RootPlan&)>& change = [](RootPlan&) {}) {
    auto signers = root.root.seeds;
    ++root.version;
    change(root);
    for (const int seed : root.root.seeds)
      if (std::ranges::find(signers, seed) == signers.end()) signers.push_back(seed);
    server.publish_root(root.version, tuf::test::root_file(root, signers));
  }
  // Where a file of the newest set is served.
  std::string path(const std::string& role) const {
    const tuf::Version version = role == "snapshot" ? set.versions.snapshot : set.versions.targets;
    const bool versioned = set.dialect == Dialect::tuf && role != "timestamp";
    return "metadata/" + (versioned ? std::to_string(version) + "." : "") + role + ".json";
  }
  Bytes& served(const std::string& role) { return server.files.at(path(role)); }

  Contents everything() {
    Contents all;
    add_contents(files, kTrust, all);
    add_contents(files, kTargets, all);
    return all;
  }
  Bytes stored(const std::string& name) { return files.read(std::string(kTrust) + "/" + name, 1u << 26).value(); }
  void store(const std::string& name, BytesView bytes) {
    replace_file(files, std::string(kTrust) + "/" + name, bytes, 0644).value();
  }

  sim::TufServer server;
  sim::CrashFiles files;
  RootPlan root;  // the newest
  Set set;        // the newest
  Limits limits;
  Time now = kNow;
};

// A file whose body is that very text, signed.
inline Bytes signed_text(const std::string& body, int seed, Dialect dialect) {
  const auto signature = tuf::test::signer(seed).sign(body).value();
  Json one;
  one["keyid"] = tuf::test::id(seed, dialect).hex;
  if (dialect == Dialect::uptane) one["method"] = "ed25519";
  one["sig"] = dialect == Dialect::uptane ? base64(signature) : hex(signature);
  return "{\"signatures\":[" + to_json(one) + "],\"signed\":" + body + "}";
}

// What was the store before is the store now, but for the files that were accepted before the refused one.
inline void expect_unchanged(Contents before, Contents after, const std::vector<std::string>& accepted = {}) {
  for (const auto& name : accepted) {
    const std::string path = std::string(kTrust) + "/" + name + ".json";
    EXPECT_NE(before[path], after[path]) << name << " should have been accepted";
    before.erase(path), after.erase(path);
  }
  EXPECT_EQ(before, after);
}

template <typename T>
void expect_refused(const Result<T>& result, Fault fault, const std::string& text) {
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().fault, fault) << result.error().what;
  EXPECT_THAT(result.error().what, testing::HasSubstr(text));
}

}  // namespace rota::client::attack
