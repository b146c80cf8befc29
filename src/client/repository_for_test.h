// A repository behind a Fetcher, signed here, for tests of the client: tuf dialect, consistent snapshots. It counts what is
// asked for, and can lie, fail and stop in the middle. For *_test.cc only.
#pragma once

#include "client/folder_store.h"
#include "client/refresh.h"
#include "sim/crash_files.h"
#include "tuf/repository_for_test.h"
#include "tuf/root_chain.h"

namespace rota::client::test {

using tuf::test::Seeds;

inline const Time kNow = parse_rfc3339("2100-01-01T00:00:00Z").value();  // later than any build
constexpr const char* kFresh = "2100-06-01T00:00:00Z";
constexpr const char* kPast = "2099-12-31T00:00:00Z";
constexpr const char* kUrl = "https://repo.sim/metadata";
constexpr const char* kTargetsUrl = "https://repo.sim/targets";
constexpr const char* kFolder = "/trust";

inline tuf::test::RootPlan root_plan(tuf::Version version = 1) {
  tuf::test::RootPlan plan;
  plan.version = version;
  plan.expires = kFresh;
  plan.dialect = tuf::Dialect::tuf;
  return plan;
}

// A delegation to be: who it goes to, and for which paths.
struct DelegationPlan {
  std::string role;
  Seeds seeds;
  std::vector<std::string> paths = {"*"};
  enum class Ends { no, yes } terminating = Ends::no;
};

inline Json delegations(const std::vector<DelegationPlan>& plans) {
  Json out{Json::Object{{"keys", Json::Object{}}, {"roles", Json::Array{}}}};
  for (const auto& plan : plans) {
    Json role{Json::Object{{"name", plan.role}, {"threshold", 1}, {"terminating", plan.terminating == DelegationPlan::Ends::yes}}};
    role["keyids"] = Json(Json::Array{});
    for (const int seed : plan.seeds) {
      const auto id = tuf::test::id(seed, tuf::Dialect::tuf);
      role["keyids"].push_back(id.hex);
      out["keys"][id.hex] = tuf::public_key_json(tuf::test::public_key(seed), tuf::Dialect::tuf);
    }
    role["paths"] = Json(Json::Array{});
    for (const auto& path : plan.paths) role["paths"].push_back(path);
    out["roles"].push_back(std::move(role));
  }
  return out;
}

// A targets file to be, top-level or delegated.
struct TargetsPlan {
  Seeds seeds;
  tuf::Version version = 1;
  std::map<std::string, Bytes> targets = {};
  std::vector<DelegationPlan> delegates = {};
  std::map<std::string, Json> customs = {};
  std::string expires = kFresh;
};

inline Bytes targets_file(const TargetsPlan& plan) {
  Json body = tuf::test::head(tuf::Role::targets, plan.version, plan.expires, tuf::Dialect::tuf);
  body["targets"] = Json(Json::Object{});
  for (const auto& [name, bytes] : plan.targets) {
    body["targets"][name]["length"] = static_cast<std::int64_t>(bytes.size());
    body["targets"][name]["hashes"]["sha256"] = crypto::sha256_hex(bytes);
  }
  for (const auto& [name, custom] : plan.customs) body["targets"][name]["custom"] = custom;
  if (!plan.delegates.empty()) body["delegations"] = delegations(plan.delegates);
  return tuf::test::signed_file(body, plan.seeds, tuf::Dialect::tuf);
}

// What is served besides the roots.
struct SetPlan {
  tuf::Version timestamp = 1, snapshot = 1;
  TargetsPlan targets = {.seeds = {2}};
  std::map<std::string, TargetsPlan> delegated = {};  // by role
  Seeds snapshot_keys{3}, timestamp_keys{4};
  std::string timestamp_expires = kFresh, snapshot_expires = kFresh;
  enum class Hashes { listed, left_out } hashes = Hashes::listed;
};

class Repository final : public Fetcher {
 public:
  void publish_root(const tuf::test::RootPlan& plan) {
    metadata(std::to_string(plan.version) + ".root.json") = tuf::test::root_file(plan);
  }
  void publish_roots(tuf::Version last) {
    for (tuf::Version version = 1; version <= last; ++version) publish_root(root_plan(version));
  }
  // The rest of the roots in one file, and the header that says so.
  void publish_root_chain(tuf::Version first, tuf::Version last) {
    Bytes& chain = metadata(std::to_string(first) + ".root-chain");
    chain.clear();
    for (tuf::Version version = first; version <= last; ++version)
      chain += tuf::root_chain_frame(metadata(std::to_string(version) + ".root.json"));
    newest_root = std::to_string(last);
  }
  void publish(const SetPlan& plan) {
    const auto listed = [&](tuf::Version version, BytesView file) {
      return plan.hashes == SetPlan::Hashes::listed ? tuf::test::listed(version, file)
                                                    : Json(Json::Object{{"version", version}});
    };
    Json snapshot = tuf::test::head(tuf::Role::snapshot, plan.snapshot, plan.snapshot_expires, tuf::Dialect::tuf);
    auto roles = plan.delegated;
    roles["targets"] = plan.targets;
    for (const auto& [role, targets] : roles) {
      const Bytes file = targets_file(targets);
      metadata(std::to_string(targets.version) + "." + percent_encoded(role) + ".json") = file;
      snapshot["meta"][role + ".json"] = listed(targets.version, file);
      for (const auto& [name, bytes] : targets.targets) put_target(name, bytes);
    }
    const Bytes signed_snapshot = tuf::test::signed_file(snapshot, plan.snapshot_keys, tuf::Dialect::tuf);
    metadata(std::to_string(plan.snapshot) + ".snapshot.json") = signed_snapshot;
    Json timestamp = tuf::test::head(tuf::Role::timestamp, plan.timestamp, plan.timestamp_expires, tuf::Dialect::tuf);
    timestamp["meta"]["snapshot.json"] = listed(plan.snapshot, signed_snapshot);
    metadata("timestamp.json") = tuf::test::signed_file(timestamp, plan.timestamp_keys, tuf::Dialect::tuf);
  }
  Bytes& metadata(const std::string& name) { return files["metadata/" + name]; }
  void put_target(const std::string& name, const Bytes& bytes) {
    const auto slash = name.rfind('/');
    const std::size_t base = slash == std::string::npos ? 0 : slash + 1;
    files["targets/" + name.substr(0, base) + crypto::sha256_hex(bytes) + "." + name.substr(base)] = bytes;
  }

  Result<FetchReply> fetch(const FetchRequest& request) override {
    const std::string path = request.url.substr(std::string("https://repo.sim/").size());
    requests.push_back(path.substr(path.find('/') + 1));
    timeout = request.timeout;
    if (broken) return *broken;
    if (const auto status = statuses.find(path); status != statuses.end()) return FetchReply{status->second, {}, ""};
    const auto file = files.find(path);
    if (file == files.end()) return FetchReply{404, {}, ""};
    if (file->second.size() > request.max_body) return rejected(path + ": longer than asked for");
    FetchReply reply{200, {}, request.sink ? "" : file->second};
    if (!newest_root.empty() && path.ends_with(".root.json")) reply.headers.emplace_back("X-Rota-Root-Chain", newest_root);
    if (request.sink) TRY(stream(file->second, request.sink));
    return reply;
  }
  std::vector<std::string> take_requests() { return std::exchange(requests, {}); }

  std::map<std::string, Bytes> files;  // by path below the host
  std::map<std::string, int> statuses;
  std::string newest_root;          // said with each root
  std::size_t cut_after = SIZE_MAX;  // bytes of a streamed answer
  std::optional<Error> broken;
  std::vector<std::string> requests;
  Seconds timeout{0};  // of the last request

 private:
  Status stream(BytesView bytes, const std::function<Status(BytesView)>& sink) const {
    const BytesView sent = bytes.substr(0, cut_after);
    for (std::size_t at = 0; at < sent.size(); at += 1000) TRY(sink(sent.substr(at, 1000)));
    return sent.size() == bytes.size() ? Status() : unavailable("the connection broke");
  }
};

inline RefreshPolicy policy(Limits limits = {}) { return {.metadata_url = kUrl, .limits = limits, .now = kNow}; }

// A client's folder on a disk that can lose power, started from root 1; each use opens it anew, as a process would.
class Client {
 public:
  explicit Client(Repository& from) : repository(from) {
    repository.publish_root(root_plan());
    FolderStore::init(files, kFolder, repository.metadata("1.root.json")).value();
  }
  Status refresh(Limits limits = {}) { return refresh_at(kNow, limits); }
  Status refresh_at(Time now, Limits limits = {}) {
    auto wish = policy(limits);
    wish.now = now;
    auto store = TRY(FolderStore::open(files, kFolder, Seconds(0)));
    auto trust = TRY(load_trust(*store, {}, wish.view()));
    return client::refresh(repository, *store, trust, wish);
  }
  Trust trust() {
    auto store = FolderStore::open(files, kFolder, Seconds(0)).value();
    return load_trust(*store, {}, policy().view()).value();
  }
  Bytes file(const std::string& name) { return files.read(std::string(kFolder) + "/" + name, 1u << 24).value(); }
  // The files of a client that everybody may look at.
  std::vector<std::string> names() {
    std::vector<std::string> found;
    for (const auto& name : files.list(kFolder).value())
      if (name.ends_with(".json")) found.push_back(name);
    return found;
  }
  // Everything there is, by the hash of its bytes.
  std::map<std::string, Bytes> everything() {
    std::map<std::string, Bytes> all;
    for (const auto& folder : {std::string(kFolder), std::string(kFolder) + "/history"})
      for (const auto& name : files.list(folder).value())
        if (files.facts(folder + "/" + name)->kind == FileFacts::Kind::file)
          all[folder + "/" + name] = crypto::sha256_hex(files.read(folder + "/" + name, 1u << 24).value());
    return all;
  }

  Repository& repository;
  sim::CrashFiles files;
};

}  // namespace rota::client::test
