// GET /repo/<file> from memory (gateway.md 3), PUT /trust.
#include <mutex>

#include "crypto/hash.h"
#include "repo/repositories.h"
#include "server/answers.h"
#include "server/audit.h"
#include "server/gateway.h"
#include "server/reports.h"
#include "server/root_files.h"
#include "tuf/root_chain.h"

namespace rota::server {
namespace {

struct File {
  std::shared_ptr<const Bytes> bytes;
  std::string checksum;  // of `bytes`, however they are sent
  tuf::Version version = 0;
  std::shared_ptr<const Bytes> gzip = {};
};

// One generation with what goes into its headers.
struct Set {
  std::shared_ptr<const repo::Published> published;
  File root, timestamp, snapshot, targets;
};

File file_of(std::shared_ptr<const Bytes> bytes, tuf::Version version) {
  std::string checksum = crypto::sha256_hex(*bytes);
  return {std::move(bytes), std::move(checksum), version};
}

// Versions come from the two small files: targets.json may be large and this runs on the network's thread.
Result<Set> described(std::shared_ptr<const repo::Published> published) {
  const auto timestamp = TRY(tuf::read_timestamp(TRY(tuf::parse_envelope(*published->timestamp, tuf::kMaxTimestamp))));
  const auto snapshot = TRY(tuf::read_snapshot(TRY(tuf::parse_envelope(*published->snapshot, tuf::kMaxSnapshot))));
  const auto listed = snapshot.meta.find("targets.json");
  if (listed == snapshot.meta.end()) return io_error("published snapshot: lists no targets.json");
  Set set;
  set.root = file_of(published->root, published->root_version);
  set.timestamp = file_of(published->timestamp, timestamp.version);
  set.snapshot = file_of(published->snapshot, snapshot.version);
  set.snapshot.gzip = published->snapshot_gzip;
  set.targets = {published->targets, published->targets_checksum, listed->second.version, published->targets_gzip};
  set.published = std::move(published);
  return set;
}

// The newest set of each factory, described once per generation; roots, which never change, once each.
class ServedSets {
 public:
  explicit ServedSets(repo::Repositories& repos) : repos_(repos) {}

  Result<std::shared_ptr<const Set>> newest(const std::string& factory) {
    auto published = TRY(repos_.published(factory));
    const std::lock_guard lock(mutex_);
    auto& set = sets_[factory];
    if (!set || set->published->generation != published->generation)
      set = std::make_shared<const Set>(TRY(described(std::move(published))));
    return set;
  }

  Result<File> root(const std::string& factory, tuf::Version version) {
    const std::lock_guard lock(mutex_);
    const auto found = roots_.find({factory, version});
    if (found != roots_.end()) return found->second;
    return roots_[{factory, version}] = file_of(TRY(repos_.root(factory, version)), version);
  }

 private:
  repo::Repositories& repos_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Set>> sets_;
  std::map<std::pair<std::string, tuf::Version>, File> roots_;
};

http::Response answer(const http::Request& request, const File& file, std::string_view cache) {
  http::Response response;
  response.headers = {{"Content-Type", "application/json"},
                      {"x-ats-role-checksum", file.checksum},
                      {"Cache-Control", std::string(cache)}};
  carry(response, request, file.bytes, file.gzip);
  return response;
}

constexpr std::string_view kAskAgain = "no-cache", kForever = "public, max-age=31536000, immutable";

// Who asks for N+1 holds N (gateway.md 3.4).
void note_root_held(const DeviceCall& call, tuf::Version asked, tuf::Version newest) {
  if (asked > 1 && asked <= newest + 1) call.app.devices.note_root(call.uuid, asked - 1, RootSource::request);
}

Result<http::Response> numbered_root(ServedSets& sets, const DeviceCall& call, tuf::Version version) {
  const auto newest = TRY(sets.newest(call.factory))->root.version;
  note_root_held(call, version, newest);
  auto response = answer(call.request, TRY(sets.root(call.factory, version)), kForever);
  hint_at_chain(response, version, newest);
  return response;
}

Result<http::Response> root_chain(ServedSets& sets, const DeviceCall& call, tuf::Version first) {
  note_root_held(call, first, TRY(sets.newest(call.factory))->root.version);
  return root_chain_answer(call.request, first,
                           TRY(call.app.repos.roots_from(call.factory, first, tuf::kMaxChainRoots)));
}

Result<http::Response> role_file(const Set& set, const DeviceCall& call, tuf::Role role) {
  if (role == tuf::Role::root) return answer(call.request, set.root, kAskAgain);
  const File& file = role == tuf::Role::timestamp  ? set.timestamp
                     : role == tuf::Role::snapshot ? set.snapshot
                                                   : set.targets;
  if (const auto given = call.app.devices.give(call.uuid, role, file.version); !given) {
    call.app.audit.add_once(
        {call.factory, "gateway", "alert:version-fell", call.uuid, std::string(tuf::name_of(role))});
    return unavailable(given.error().what);
  }
  return answer(call.request, file, kAskAgain);
}

Result<http::Response> repo_file(ServedSets& sets, const DeviceCall& call) {
  const bool production = call.request.peer->certificate->subject().business_category == "production";
  const std::string& file = call.request.param("file");
  if (production) return not_found("metadata: this factory has no production stream");
  if (const auto version = root_version_of(file, kNumberedRoot)) return numbered_root(sets, call, *version);
  if (const auto first = root_version_of(file, kRootChain)) return root_chain(sets, call, *first);
  for (const auto role : {tuf::Role::root, tuf::Role::timestamp, tuf::Role::snapshot, tuf::Role::targets})
    if (file == std::string(tuf::name_of(role)) + ".json")
      return role_file(*TRY(sets.newest(call.factory)), call, role);
  return not_found("metadata: no such file");
}

// A statement that contradicts what was published is kept as it is; the operator hears of it.
Result<http::Response> put_trust(const DeviceCall& call) {
  const Json statement = TRY(parse_json(call.request.body));
  const Json* root = statement.find("root");
  if (root == nullptr) return bad_input("trust: want a member 'root'");
  const auto version = TRY(root->integer("version"));
  const auto hash = TRY(root->text("sha256"));
  if (!is_sha256_hex(hash)) return bad_input("trust: root: sha256: want 64 hex digits");
  const auto ours = call.app.repos.root(call.factory, version);
  const bool is_ours = ours && crypto::sha256_hex(**ours) == hash;
  if (!is_ours)
    call.app.audit.add_once(
        {call.factory, "gateway", "alert:fork", call.uuid, "root " + std::to_string(version) + " " + hash});
  call.app.devices.note_root(call.uuid, version, is_ours ? RootSource::statement : RootSource::fork);
  const Report report{call.uuid, "trust", to_json(statement)};
  TRY(call.app.writes.now([&](store::Database& db) { return store_report(db, report, call.app.clock.now()); }));
  return http::Response{};
}

}  // namespace

void add_metadata_routes(http::Router& router, App& app) {
  auto sets = std::make_shared<ServedSets>(app.repos);
  const auto serve = [sets, &app](const http::Request& request) {
    const auto& subject = request.peer->certificate->subject();
    auto response = repo_file(*sets, {app, request, subject.common_name, subject.organizational_unit});
    return response ? std::move(response).value() : refused(request, response.error());
  };
  http::Route repo{.method = "GET", .pattern = "/repo/{file}", .handler = serve};
  repo.run = http::Route::Run::here;
  router.add(std::move(repo));
  router.add(
      http::Route{.method = "PUT", .pattern = "/trust", .handler = for_device(app, put_trust), .max_body = 1024});
}

}  // namespace rota::server
