#include "sim/tuf_server.h"

#include <algorithm>

namespace rota::sim {
namespace {

using tuf::Dialect;
using tuf::Role;
using Set = TufServer::Set;
using Delegated = TufServer::Delegated;

constexpr std::string_view kHost = "https://tuf.sim/";

std::string percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '%' && i + 2 < text.size();
    plain += escaped ? unhex(text.substr(i + 1, 2)).value() : std::string(1, text[i]);
    if (escaped) i += 2;
  }
  return plain;
}

std::string versioned(const Set& set, tuf::Version version, const std::string& file) {
  return "metadata/" + (set.dialect == Dialect::tuf ? std::to_string(version) + "." : "") + file;
}

Json listed(const Set& set, tuf::Version version, BytesView file) {
  if (set.facts == Set::Facts::given) return tuf::test::listed(version, file);
  Json json;
  json["version"] = version;
  return json;
}

Json offer_of(const std::string& content) {
  Json json;
  json["length"] = static_cast<std::int64_t>(content.size());
  json["hashes"]["sha256"] = crypto::sha256_hex(content);
  json["custom"]["name"] = "app";
  return json;
}

Json keyids(const tuf::test::Seeds& seeds, Dialect dialect) {
  Json ids = Json(Json::Array{});
  for (const int seed : seeds) ids.push_back(tuf::test::id(seed, dialect).hex);
  return ids;
}

Json delegation_to(const Delegated& role, Dialect dialect) {
  Json json;
  json["name"] = role.name;
  json["keyids"] = keyids(role.keys, dialect);
  json["threshold"] = role.threshold;
  json["terminating"] = role.terminating;
  json["paths"] = Json(Json::Array{});
  for (const auto& path : role.paths) json["paths"].push_back(path);
  return json;
}

// What the role of that name delegates, if anything.
void add_delegations(const Set& set, const std::string& name, Json& body) {
  for (const auto& role : set.delegated) {
    if (role.by != name) continue;
    Json& delegations = body["delegations"];
    if (delegations.is_null()) {
      delegations["keys"] = Json(Json::Object{});
      delegations["roles"] = Json(Json::Array{});
    }
    for (const int seed : role.keys)
      delegations["keys"][tuf::test::id(seed, set.dialect).hex] =
          tuf::public_key_json(tuf::test::public_key(seed), set.dialect);
    delegations["roles"].push_back(delegation_to(role, set.dialect));
  }
}

Bytes changed_and_signed(const Set& set, const std::string& role, Json body, const tuf::test::Seeds& signers) {
  if (set.change) set.change(role, body);
  return tuf::test::signed_file(body, signers, set.dialect);
}

}  // namespace

Bytes TufServer::signed_targets(const Set& set, const std::string& name, tuf::Version version,
                                const std::map<std::string, std::string>& offers, const Seeds& signers) {
  Json body = tuf::test::head(Role::targets, version, set.expires, set.dialect);
  body["targets"] = Json(Json::Object{});
  for (const auto& [path, content] : offers) {
    body["targets"][path] = offer_of(content);
    const auto slash = path.rfind('/') + 1;  // 0 when there is none
    files["targets/" + path] = content;
    files["targets/" + path.substr(0, slash) + crypto::sha256_hex(content) + "." + path.substr(slash)] = content;
  }
  add_delegations(set, name, body);
  return changed_and_signed(set, name, std::move(body), signers);
}

void TufServer::publish(const Set& set) {
  Json snapshot = tuf::test::head(Role::snapshot, set.versions.snapshot, set.expires, set.dialect);
  const auto list = [&](const std::string& name, tuf::Version version, Bytes bytes) {
    snapshot["meta"][name + ".json"] = listed(set, version, bytes);
    files[versioned(set, version, name + ".json")] = std::move(bytes);
  };
  list("targets", set.versions.targets,
       signed_targets(set, "targets", set.versions.targets, set.offers, set.targets));
  for (const auto& role : set.delegated)
    list(role.name, role.version,
         signed_targets(set, role.name, role.version, role.offers, role.signers.empty() ? role.keys : role.signers));
  for (const auto& [name, version] : set.also_listed) snapshot["meta"][name]["version"] = version;
  Bytes listing = changed_and_signed(set, "snapshot", std::move(snapshot), set.snapshot);

  Json timestamp = tuf::test::head(Role::timestamp, set.versions.timestamp, set.expires, set.dialect);
  timestamp["meta"]["snapshot.json"] = listed(set, set.versions.snapshot, listing);
  files[versioned(set, set.versions.snapshot, "snapshot.json")] = std::move(listing);
  files["metadata/timestamp.json"] = changed_and_signed(set, "timestamp", std::move(timestamp), set.timestamp);
}

Result<FetchReply> TufServer::fetch(const FetchRequest& request) {
  if (!request.url.starts_with(kHost)) return unavailable("no host of that name: " + request.url);
  const std::string path = percent_decoded(std::string_view(request.url).substr(kHost.size()));
  requests_.push_back(path);
  if (const auto act = acts_.find(path); act != acts_.end()) act->second();
  if (const auto error = errors_.find(path); error != errors_.end()) return error->second;
  if (const auto reply = replies_.find(path); reply != replies_.end()) return reply->second;
  if (endless_.contains(path)) return endless(request);
  if (stalled_.contains(path)) {
    waited_ += request.timeout;
    return unavailable(request.url + ": no answer within " + std::to_string(request.timeout.count()) + " s");
  }
  const auto file = files.find(path);
  if (file == files.end()) return FetchReply{404, {}, ""};
  return sent(request, file->second);
}

// Sends until the reader stops listening, and says how much that was.
Result<FetchReply> TufServer::endless(const FetchRequest& request) {
  const std::string piece(4096, ' ');
  for (std::uint64_t left = request.max_body; left > 0; left -= std::min<std::uint64_t>(left, piece.size())) {
    const auto size = std::min<std::uint64_t>(left, piece.size());
    bytes_sent_ += size;
    if (request.sink) TRY(request.sink(std::string_view(piece).substr(0, size)));
  }
  return rejected(request.url + ": want at most " + std::to_string(request.max_body) + " bytes, got more");
}

Result<FetchReply> TufServer::sent(const FetchRequest& request, BytesView body) {
  if (body.size() > request.max_body)
    return rejected(request.url + ": want at most " + std::to_string(request.max_body) + " bytes, got more");
  bytes_sent_ += body.size();
  if (!request.sink) return FetchReply{200, {}, std::string(body)};
  TRY(request.sink(body));
  return FetchReply{200, {}, ""};
}

}  // namespace rota::sim
