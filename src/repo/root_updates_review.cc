#include "repo/root_updates_review.h"

#include <algorithm>
#include <set>

#include "tuf/admit.h"

namespace rota::repo {
namespace {

using tuf::Role;

constexpr Role kRoles[] = {Role::root, Role::targets, Role::snapshot, Role::timestamp};
constexpr Role kOnlineRoles[] = {Role::targets, Role::snapshot, Role::timestamp};

Json body_in(BytesView envelope) {
  const auto json = parse_json(envelope, {.max_bytes = tuf::kMaxRoot});
  const Json* body = json ? json->find("signed") : nullptr;
  return body == nullptr ? Json(Json::Object{}) : *body;
}

const Json* role_in(const Json& body, Role role) {
  const Json* roles = body.find("roles");
  return roles == nullptr ? nullptr : roles->find(tuf::name_of(role));
}

std::set<std::string> ids_in(const Json& body, Role role) {
  std::set<std::string> ids;
  const Json* entry = role_in(body, role);
  const Json* list = entry == nullptr ? nullptr : entry->find("keyids");
  if (list == nullptr || list->if_array() == nullptr) return ids;
  for (const Json& id : *list->if_array())
    if (id.if_text() != nullptr) ids.insert(*id.if_text());
  return ids;
}

std::int64_t threshold_in(const Json& body, Role role) {
  const Json* entry = role_in(body, role);
  return entry == nullptr ? 0 : entry->integer_or("threshold", 0);
}

const OnlineKey* online_key(const Json& body, const std::string& id, Role role, const std::vector<OnlineKey>& keys) {
  const Json* listed = body.find("keys") == nullptr ? nullptr : body.find("keys")->find(id);
  if (listed == nullptr) return nullptr;
  const auto key = tuf::public_key_from_json(*listed);
  for (const auto& online : keys)
    if (key && online.role == role && online.signer.public_key() == *key) return &online;
  return nullptr;
}

// The changes of one stream's root, said once for both streams where they are the same.
class Amending {
 public:
  Amending(UpdatesReview& review, const std::vector<OnlineKey>& keys) : review_(review), keys_(keys) {}

  void compare(std::string_view stream, const Json& before, const Json& after) {
    for (const Role role : kRoles) {
      compare_keys(role, before, after);
      const auto was = threshold_in(before, role), is = threshold_in(after, role);
      if (was != is)
        add("threshold-changed",
            std::string(stream) + ": threshold of " + std::string(tuf::name_of(role)) + ": " + std::to_string(was) +
                " becomes " + std::to_string(is),
            Json::Object{{"stream", stream}, {"role", tuf::name_of(role)}, {"before", was}, {"after", is}});
    }
    const auto was = before.text_or("expires", ""), is = after.text_or("expires", "");
    if (was != is)
      add("expiry-changed", "expires " + is.substr(0, 20) + " instead of " + was,
          Json::Object{{"before", was}, {"after", is}});
  }

  void signatures(std::string_view kind, const Json& given) {
    if (given.if_object() == nullptr) return;
    for (const auto& [name, list] : *given.if_object())
      add(kind, "new signatures for '" + name.substr(0, 60) + "'", Json::Object{{"name", name}});
  }

 private:
  void compare_keys(Role role, const Json& before, const Json& after) {
    const auto old_ids = ids_in(before, role), new_ids = ids_in(after, role);
    for (const auto& id : new_ids)
      if (!old_ids.contains(id)) key_change("added", role, after, id);
    for (const auto& id : old_ids)
      if (!new_ids.contains(id)) key_change("removed", role, before, id);
  }

  void key_change(const std::string& change, Role role, const Json& body, const std::string& id) {
    const std::string name(tuf::name_of(role));
    const bool online = role != Role::root && online_key(body, id, role, keys_) != nullptr;
    const bool offline = !online && (role == Role::root || role == Role::targets);
    add(offline ? name + "-key-" + change : "online-key-rotated",
        (offline ? name : "online " + name) + " key " + change + ": " + id.substr(0, 64),
        Json::Object{{"role", name}, {"keyid", id}, {"change", change}});
  }

  void add(std::string_view kind, std::string message, Json args) {
    if (said_.insert(message).second) review_.amendments.push_back(issue(kind, std::move(message), std::move(args)));
  }

  UpdatesReview& review_;
  const std::vector<OnlineKey>& keys_;
  std::set<std::string> said_;
};

// The kinds of repo-api.md 7 for what tuf::admit_root finds.
std::string kind_of(const tuf::Finding& finding) {
  if (finding.name.starts_with("quorum-")) return "quorum-missing";
  if (finding.name == "size" || finding.name == "single-root-key") return finding.name;
  if (finding.weight == tuf::Finding::Weight::expiry || finding.name == "expiry-near") return "expiry-near";
  return finding.weight == tuf::Finding::Weight::needs_ok ? "weaker" : "verifier";
}

class Reviewing {
 public:
  Reviewing(const UpdatesScene& scene, const UpdatesRow& row) : scene_(scene), row_(row), change_(change_of(row)) {}

  UpdatesReview review() {
    look_at_ci();
    look_at_production();
    look_at_whole();
    amend();
    return std::move(review_);
  }

 private:
  void error(std::string_view kind, std::string message, Json args = Json(Json::Object{})) {
    review_.errors.push_back(issue(kind, std::move(message), std::move(args)));
  }

  // The draft as a root, when it is one; its signatures may be missing still.
  std::optional<tuf::Root> look_at_root(const std::string& stream, const tuf::Trusted<tuf::Root>& trusted,
                                        const Bytes& draft) {
    tuf::Allowed allowed{.names = {"replace-role"}};  // each change of a key is an amendment that the quorum signs
    if (row_.weaker) allowed.names.insert(allowed.names.end(), {"lower-threshold", "fewer-keys"});
    for (const auto& finding : tuf::admit_root(trusted, draft, scene_.now)) {
      const bool stops = !tuf::stopping({finding}, allowed).empty();
      (stops ? review_.errors : review_.warnings)
          .push_back(issue(kind_of(finding), stream + ": " + finding.message, Json::Object{{"stream", stream}}));
    }
    const auto envelope = tuf::parse_envelope(draft, tuf::kMaxRoot);
    auto root = envelope ? tuf::read_root(*envelope) : Result<tuf::Root>(envelope.error());
    return root ? std::optional(std::move(*root)) : std::nullopt;
  }

  void look_at_ci() {
    const auto trusted = newest_root(scene_.before);
    if (!trusted) return error("verifier", trusted.error().what);
    const auto root = look_at_root("ci", *trusted, row_.ci_root);
    if (!root) return;
    const auto verifies = tuf::targets_under(*root, *scene_.before.published->targets);
    if (!verifies && !can_sign(scene_.keys, *root, Role::targets))
      error("targets-unsigned", "ci: " + verifies.error().what, Json::Object{{"tag", ""}});
  }

  void look_at_production() {
    if (row_.production_root.empty()) {
      if (!scene_.before.production.empty()) error("verifier", "production: the draft has no root for it");
      return;
    }
    const auto trusted = production_base(scene_.before, next_root_version(scene_.before));
    if (!trusted) return error("verifier", trusted.error().what);
    const auto root = look_at_root("production", *trusted, row_.production_root);
    if (!root) return;
    for (const auto& file : scene_.files) {
      const auto renewed = signed_under(*root, file, change_, scene_.keys);
      if (renewed) continue;
      const bool tag = file.kind == ProductionFile::Kind::tag;
      error(tag ? "targets-unsigned" : "waves-unsigned", renewed.error().what,
            Json::Object{{tag ? "tag" : "wave", file.name}});
    }
  }

  // What a device would say of all of it together.
  void look_at_whole() {
    if (!review_.errors.if_array()->empty()) return;
    const auto after = standing_after(scene_.before, change_, scene_.keys, scene_.now);
    if (!after) error("verifier", after.error().what);
  }

  void amend() {
    Amending amending(review_, scene_.keys);
    const Json ci = body_in(*scene_.before.roots.back());
    amending.compare("ci", ci, body_in(row_.ci_root));
    const auto& production = scene_.before.production;
    if (!row_.production_root.empty())
      amending.compare("production", production.empty() ? ci : body_in(*production.rbegin()->second),
                       body_in(row_.production_root));
    amending.signatures("targets-signed", row_.tag_signatures);
    amending.signatures("waves-signed", row_.wave_signatures);
  }

  const UpdatesScene& scene_;
  const UpdatesRow& row_;
  Change change_;
  UpdatesReview review_;
};

std::map<std::string, std::vector<Json>> given_by(const Json& signatures, const std::set<std::string>& listed) {
  std::map<std::string, std::vector<Json>> given;
  if (signatures.if_object() == nullptr) return given;
  for (const auto& [name, list] : *signatures.if_object())
    for (const Json& signature : *list.if_array())
      if (listed.contains(signature.text_or("keyid", ""))) given[name].push_back(signature);
  return given;
}

}  // namespace

std::vector<std::string> UpdatesReview::refusals() const {
  std::vector<std::string> messages;
  for (const Json& error : *errors.if_array()) messages.push_back(error.text_or("message", ""));
  return messages;
}

Change change_of(const UpdatesRow& row) {
  Change change{.root = row.ci_root};
  if (row.production_root.empty()) return change;
  change.production_root = row.production_root;
  const auto listed = ids_in(body_in(row.production_root), Role::targets);
  change.tag_signatures = given_by(row.tag_signatures, listed);
  change.wave_signatures = given_by(row.wave_signatures, listed);
  return change;
}

UpdatesReview reviewed(const UpdatesScene& scene, const UpdatesRow& row) {
  return Reviewing(scene, row).review();
}

Json issue(std::string_view kind, std::string message, Json args) {
  return Json(Json::Object{{"kind", kind}, {"message", std::move(message)}, {"args", std::move(args)}});
}

std::string online_id_in(const Json& body, Role role, const std::vector<OnlineKey>& keys) {
  for (const auto& id : ids_in(body, role))
    if (online_key(body, id, role, keys) != nullptr) return id;
  return "";
}

Json online_ids_in(const Json& body, const std::vector<OnlineKey>& keys) {
  Json ids{Json::Object{}};
  for (const Role role : kOnlineRoles)
    if (const auto id = online_id_in(body, role, keys); !id.empty()) ids[tuf::name_of(role)] = id;
  return ids;
}

}  // namespace rota::repo
