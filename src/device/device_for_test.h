// A device with everything around it for tests: a server that can lie, a sysroot in memory, a clock that stands still.
// For *_test.cc only.
#pragma once

#include <filesystem>
#include <set>

#include "device/commands.h"
#include "device/rota_db.h"
#include "tuf/repository_for_test.h"

namespace rota::device::test {

using tuf::test::RootPlan;
using tuf::test::Seeds;

inline const Time kNow = parse_rfc3339("2100-01-01T00:00:00Z").value();  // later than any build of the agent
constexpr const char* kFresh = "2100-06-01T00:00:00Z";
constexpr const char* kPast = "2099-12-31T00:00:00Z";
constexpr const char* kServer = "https://gateway.sim:8443";

inline std::string commit_of(int number) { return crypto::sha256_hex("commit " + std::to_string(number)); }

// A target as the factory makes it; `change` breaks it.
struct TargetPlan {
  std::string name;
  std::string hash;
  Json custom;
};

inline TargetPlan target(int number, const std::string& hardware_id = "foo") {
  Json custom;
  custom["name"] = hardware_id + "-lmp";
  custom["version"] = std::to_string(number);
  custom["hardwareIds"] = Json::Array{hardware_id};
  custom["targetFormat"] = "OSTREE";
  custom["tags"] = Json::Array{"main"};
  return {hardware_id + "-lmp-" + std::to_string(number), commit_of(number), custom};
}

// What a repository serves besides its roots.
struct SetPlan {
  tuf::Version timestamp = 1, snapshot = 1, targets = 1;
  std::string timestamp_expires = kFresh, snapshot_expires = kFresh, targets_expires = kFresh;
  Seeds timestamp_keys{4}, snapshot_keys{3}, targets_keys{2};
  std::vector<TargetPlan> offers = {target(1), target(2)};
  enum class Hashes { listed, left_out } hashes = Hashes::listed;
};

inline RootPlan root_plan(tuf::Version version = 1) {
  RootPlan plan;
  plan.version = version;
  plan.expires = kFresh;
  return plan;
}

inline Json listed(const SetPlan& plan, tuf::Version version, BytesView file) {
  if (plan.hashes == SetPlan::Hashes::listed) return tuf::test::listed(version, file);
  Json json;
  json["version"] = version;
  return json;
}

inline tuf::Generation generation(const SetPlan& plan) {
  using tuf::Role;
  Json targets = tuf::test::head(Role::targets, plan.targets, plan.targets_expires);
  targets["targets"] = Json(Json::Object{});
  for (const auto& offer : plan.offers) {
    Json& entry = targets["targets"][offer.name];
    entry["hashes"]["sha256"] = offer.hash;
    entry["length"] = 0;
    if (!offer.custom.is_null()) entry["custom"] = offer.custom;
  }
  tuf::Generation set;
  set.targets = tuf::test::signed_file(targets, plan.targets_keys);
  Json snapshot = tuf::test::head(Role::snapshot, plan.snapshot, plan.snapshot_expires);
  snapshot["meta"]["targets.json"] = listed(plan, plan.targets, set.targets);
  set.snapshot = tuf::test::signed_file(snapshot, plan.snapshot_keys);
  Json timestamp = tuf::test::head(Role::timestamp, plan.timestamp, plan.timestamp_expires);
  timestamp["meta"]["snapshot.json"] = listed(plan, plan.snapshot, set.snapshot);
  set.timestamp = tuf::test::signed_file(timestamp, plan.timestamp_keys);
  return set;
}

// The gateway. Serves roots and one set; anything can be replaced by a lie or a failure.
class Server final : public Fetcher {
 public:
  void publish_root(const RootPlan& plan) {
    files["/repo/" + std::to_string(plan.version) + ".root.json"] = tuf::test::root_file(plan);
  }
  void publish(const SetPlan& plan) {
    const auto set = generation(plan);
    files["/repo/timestamp.json"] = set.timestamp;
    files["/repo/snapshot.json"] = set.snapshot;
    files["/repo/targets.json"] = set.targets;
  }
  void answer_with(const std::string& path, int status) { statuses[path] = status; }
  void break_connections(Fault fault) { broken = Error{fault, "the wire is broken"}; }
  void mend() { broken.reset(), statuses.clear(); }

  Result<FetchReply> fetch(const FetchRequest& request) override {
    const std::string path = request.url.substr(std::string(kServer).size());
    requests.push_back(request.method + " " + path);
    headers = request.headers;
    if (when_asked) when_asked(path);
    if (broken) return *broken;
    if (const auto status = statuses.find(path); status != statuses.end()) return FetchReply{status->second, {}, ""};
    if (path == "/events") return take_events(request);
    if (request.method != "GET") return FetchReply{200, {}, ""};
    const auto file = files.find(path);
    if (file == files.end()) return FetchReply{404, {}, ""};
    if (file->second.size() > request.max_body)
      return rejected(path + ": want at most " + std::to_string(request.max_body) + " bytes, got more");
    FetchReply reply{200, {}, request.sink ? "" : file->second};
    if (!newest_root.empty() && path.ends_with(".root.json")) reply.headers.emplace_back("x-rota-root-chain", newest_root);
    if (request.sink) TRY(request.sink(file->second));
    return reply;
  }

  std::vector<std::string> metadata_requests() const {
    std::vector<std::string> found;
    for (const auto& one : requests)
      if (one.starts_with("GET /repo/")) found.push_back(one.substr(10));
    return found;
  }
  std::vector<std::string> event_types() const {
    std::vector<std::string> types;
    for (const auto& event : events) types.push_back(event.find("eventType")->text("id").value());
    return types;
  }

  std::map<std::string, Bytes> files;
  std::map<std::string, int> statuses;
  std::string newest_root;  // said with each root
  std::optional<Error> broken;
  std::function<void(const std::string& path)> when_asked;
  std::vector<std::string> requests;
  std::vector<Json> events;
  Headers headers;

 private:
  Result<FetchReply> take_events(const FetchRequest& request) {
    const Json batch = parse_json(request.body).value();
    for (const auto& event : *batch.if_array()) events.push_back(event);
    return FetchReply{200, {}, ""};
  }
};

// Deployments in memory. `at_server` is what a pull can get.
class MemorySysroot final : public Sysroot {
 public:
  Result<Deployed> deployed() override { return Deployed{deployments.empty() ? "" : deployments.front(), ""}; }
  Result<bool> has(const std::string& commit) override { return here.contains(commit); }
  Status pull(const std::string& commit, const std::string&) override {
    ++pulls;
    if (pull_fails) return *pull_fails;
    here.insert(commit);
    return {};
  }
  Status deploy(const std::string& commit) override {
    if (deploy_fails) return *deploy_fails;
    deployments.insert(deployments.begin(), commit);
    deployments.resize(std::min<std::size_t>(deployments.size(), 2));
    return {};
  }
  // What a boot loader does that gives up on the new one.
  void boot_the_previous() { std::swap(deployments.at(0), deployments.at(1)); }

  std::vector<std::string> deployments{commit_of(0)};
  std::set<std::string> here{commit_of(0)};
  std::optional<Error> pull_fails, deploy_fails;
  int pulls = 0;
};

// Where a sync costs nothing, if there is such a place.
inline std::string in_memory_folder() {
  return std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path().string();
}

// A device in a folder of its own. Each verb opens a session, as a process would.
class Device {
 public:
  Device() {
    if (::mkdtemp(folder.data()) == nullptr) abort_with("mkdtemp");
    std::filesystem::create_directories(folder + "/tuf/ci");
    std::filesystem::create_directories(folder + "/sota");
    config.set("tls", "server", kServer);
    config.set("provision", "primary_ecu_hardware_id", "foo");
    config.set("pacman", "tags", "main");
    config.set("pacman", "booted", "staged");
    config.set("storage", "path", folder + "/sota");
    config.set("storage", "lock_path", folder + "/lock");
    config.set("bootloader", "reboot_sentinel_dir", folder + "/run");
    config.set("tuf", "roots_path", folder + "/tuf");
    config.set("import", "base_path", folder + "/import");
    provision(root_plan());
    server.publish_root(root_plan());
    server.publish({});
  }
  ~Device() { std::filesystem::remove_all(folder); }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  void provision(const RootPlan& plan) {
    provision(std::to_string(plan.version) + ".root.json", tuf::test::root_file(plan));
  }
  void provision(const std::string& name, const Bytes& bytes) {
    const std::string path = folder + "/tuf/ci/" + name;
    std::filesystem::remove(path);
    if (!files.create(path, bytes, 0644).ok()) abort_with("provision");
  }

  World world() {
    Sysroot& trees = real_sysroot != nullptr ? *real_sysroot : sysroot;
    return {files,
            clock,
            server,
            trees,
            content,
            [this](std::chrono::milliseconds) { return ++pauses, Command::GoOn::yes; },
            [this](std::string_view text) { notices.emplace_back(text); }};
  }
  Report with(const std::function<Result<Report>(Session&)>& verb, Session::Access access = Session::Access::write) {
    settings = settings_of(config).value();
    auto session = Session::open(config, *settings, world(), access);
    if (!session.ok()) return {{Exit::failed, session.error()}};
    auto report = verb(**session);
    if (!report.ok()) return {{Exit::failed, report.error()}};
    return std::move(report).value();
  }
  Report check(std::string_view wanted = "") {
    return with([&](Session& s) { return device::check(s, wanted); });
  }
  Report list(std::string_view wanted = "") {
    return with([&](Session& s) { return device::list(s, wanted); }, Session::Access::read);
  }
  Report pull(std::string_view wanted = "") {
    return with([&](Session& s) { return device::pull(s, wanted); });
  }
  Report install(std::string_view wanted = "") {
    return with([&](Session& s) { return device::install(s, wanted); });
  }
  Report update(std::string_view wanted = "") {
    return with([&](Session& s) { return device::update(s, wanted); });
  }
  Report run() {
    return with([&](Session& s) { return device::complete(s); });
  }
  Report roll_back() {
    return with([&](Session& s) { return device::roll_back(s); });
  }
  Report status() {
    return with([&](Session& s) { return device::status({*settings, s.identity(), server}, &s); }, Session::Access::read);
  }
  void reboot() { std::filesystem::remove_all(folder + "/run"); }
  // What it believes, byte for byte, and the floors.
  struct Held {
    std::map<std::string, Bytes> files;  // "root 1", "targets"
    std::map<std::string, std::int64_t> floors;
    bool operator==(const Held&) const = default;
  };
  Held held() {
    Held held;
    const auto db = open_rota_db_to_read(files, folder + "/sota");
    if (!db.ok()) return held;
    for (auto& row : (*db)->query("SELECT 'root ' || version, bytes FROM roots UNION SELECT role, bytes FROM generation").value())
      held.files[row.text(0)] = row.text(1);
    for (auto& row : (*db)->query("SELECT role, version FROM floors UNION SELECT file, version FROM listed").value())
      held.floors[row.text(0)] = row.integer(1);
    return held;
  }
  std::string stored(const std::string& name) { return files.read(folder + "/sota/" + name, 1 << 20).value(); }

  std::string folder = in_memory_folder() + "/rota-device-XXXXXX";
  PosixFiles files;
  FixedClock clock{kNow};
  Server server;
  MemorySysroot sysroot;
  Sysroot* real_sysroot = nullptr;  // instead of `sysroot`
  ContentDoors content;
  Config config;
  std::optional<Settings> settings;
  std::vector<std::string> notices;
  int pauses = 0;
};

inline std::vector<std::string> names_in(const Report& report) {
  std::vector<std::string> names;
  for (const auto& entry : *report.json.if_array()) names.push_back(entry.text("name").value());
  return names;
}

inline std::string why(const Report& report) { return report.outcome.why ? report.outcome.why->what : ""; }

}  // namespace rota::device::test
