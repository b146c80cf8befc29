#include "repo/root_updates.h"

#include <algorithm>

#include "crypto/hash.h"
#include "repo/new_factory.h"
#include "repo/repositories_impl.h"
#include "repo/root_updates_review.h"
#include "repo/root_updates_rows.h"

namespace rota::repo {
namespace {

using tuf::Role;

constexpr std::size_t kLongestMessage = 1000;
constexpr std::size_t kMaxSignatures = 1u << 20;  // bytes of those kept for tags, and for waves

// The newest root as a draft: version + 1, who changes it and why, nobody's signature.
Result<Bytes> draft_after(const Bytes& newest, const RootUpdates::Wish& wish, Time now) {
  auto envelope = TRY(tuf::parse_envelope(newest, tuf::kMaxRoot));
  envelope.body["version"] = TRY(envelope.body.integer("version")) + 1;
  envelope.body["x-changelog"] =
      Json(Json::Object{{"polis-id", wish.user}, {"message", wish.message}, {"timestamp", rfc3339(now)}});
  const auto plain = tuf::in_canonical_subset(envelope.body["x-changelog"]);
  if (!plain) return bad_input("message: " + plain.error().what);
  return tuf::envelope_bytes(envelope.body, Json(Json::Array{}));
}

Result<UpdatesRow> active_row(const UpdatesRows& rows, const std::string& factory) {
  auto row = TRY(rows.active(factory));
  if (!row) return conflict("root updates: none is active", "begin one first");
  return std::move(*row);
}

// The row, when this administrator may change it.
Result<UpdatesRow> row_of(const UpdatesRows& rows, const std::string& factory, const RootUpdates::Admin& admin) {
  auto row = TRY(rows.active(factory));
  const bool initiator = row && admin.txid.empty() && admin.user == row->initiator;
  const bool knows = row && crypto::constant_time_equal(crypto::sha256_hex(admin.txid), row->txid_sha256);
  if (!row && admin.txid.empty()) return conflict("root updates: none is active", "begin one first");
  if (initiator || knows) return std::move(*row);
  return not_found("root updates: no such transaction", "ask who began it for the transaction id");
}

// `given` over `present`: a signature replaces that of the same key.
Result<Json> with_signatures(Json present, const Json& given, std::string_view what) {
  if (given.is_null()) return present;
  if (given.if_object() == nullptr) return bad_input(std::string(what) + ": want an object of lists");
  for (const auto& [name, list] : *given.if_object()) {
    if (list.if_array() == nullptr) return bad_input(std::string(what) + ": want lists of signatures");
    Json& kept = present[name];
    if (kept.is_null()) kept = Json(Json::Array{});
    for (const Json& signature : *list.if_array()) {
      const auto id = TRY_IN(what, signature.text("keyid"));
      std::erase_if(*kept.if_array(), [&](const Json& other) { return other.text_or("keyid", "") == id; });
      kept.push_back(signature);
    }
  }
  if (to_json(present).size() > kMaxSignatures)
    return bad_input(std::string(what) + ": want at most 1 MiB of them in one transaction");
  return present;
}

// One online key for another in a draft: at the same place in its role; the old one leaves when no role names it.
Result<Bytes> with_key(const Bytes& draft, Role role, const std::string& old_id, const crypto::PublicKey& key) {
  auto envelope = TRY(tuf::parse_envelope(draft, tuf::kMaxRoot));
  Json& body = envelope.body;
  const std::string id = tuf::key_id(key).hex;
  Json* ids = body["roles"][tuf::name_of(role)].find("keyids");
  if (ids == nullptr || ids->if_array() == nullptr) return bad_input("draft: roles: malformed");
  std::ranges::replace(*ids->if_array(), Json(old_id), Json(id));
  body["keys"][id] = tuf::public_key_json(key);
  const auto uses = [&](const auto& entry) {
    const Json* listed = entry.second.find("keyids");
    return listed != nullptr && listed->if_array() != nullptr &&
           std::ranges::find(*listed->if_array(), Json(old_id)) != listed->if_array()->end();
  };
  if (std::ranges::none_of(*body["roles"].if_object(), uses)) body["keys"].if_object()->erase(old_id);
  return tuf::envelope_bytes(body, Json(Json::Array{}));
}

Result<Json> body_in(const Bytes& envelope) {
  return TRY(tuf::parse_envelope(envelope, tuf::kMaxRoot)).body;
}

Status drop_made(Vault& vault, const std::string& factory, const UpdatesRow& row) {
  for (const auto& [role, id] : *row.made_keys.if_object())
    TRY(vault.drop_waiting(factory, *tuf::role_named(role), tuf::KeyId{*id.if_text()}));
  return {};
}

// Those made for this transaction that the drafts do not name any more.
Status drop_unlisted(Vault& vault, const std::string& factory, const UpdatesRow& row) {
  UpdatesRow unlisted = row;
  for (const auto& [role, id] : *row.made_keys.if_object())
    for (const Bytes* draft : {&row.ci_root, &row.production_root})
      if (draft->find(*id.if_text()) != Bytes::npos) unlisted.made_keys.if_object()->erase(role);
  return drop_made(vault, factory, unlisted);
}

Json pair_json(const Bytes& ci, const Bytes& production, Json online) {
  return Json(Json::Object{{"ci-root", ci}, {"prod-root", production}, {"online-keys", std::move(online)}});
}

}  // namespace

Status RootUpdates::make_tables(store::Database& db) {
  return UpdatesRows(db).make_tables();
}

Result<RootUpdates::Begun> RootUpdates::begin(std::string_view factory, const Wish& wish) {
  if (wish.message.size() > kLongestMessage) return bad_input("message: want at most 1000 characters");
  return impl_.on_present(factory, [&](const Standing& before) -> Result<Begun> {
    UpdatesRows rows(impl_.db);
    if (TRY(rows.active(before.factory)))
      return conflict("root updates: another transaction is active", "let its owner apply it, or cancel it");
    const Time now = impl_.clock.now();
    UpdatesRow row;
    row.initiator = wish.user;
    row.first_time = wish.first_time == FirstTime::yes;
    Begun begun{crypto::random_hex(16), {}};
    if (row.first_time) {
      const auto held = held_root_key(before);
      if (!held && held.error().fault == Fault::not_found) return Error{Fault::expired, held.error().what, ""};
      begun.first_root = TRY(Result<crypto::PrivateKey>(held));
    }
    row.txid_sha256 = crypto::sha256_hex(begun.txid);
    row.ci_root = TRY(draft_after(*before.roots.back(), wish, now));
    if (!before.production.empty())
      row.production_root = TRY(draft_after(*before.production.rbegin()->second, wish, now));
    row.made_keys = Json(Json::Object{});
    row.created_at = row.updated_at = rfc3339(now);
    row.updated_by = wish.user;
    TRY(rows.store(before.factory, row));
    return begun;
  });
}

// The key of the newest root that was made here and is not sealed yet.
Result<crypto::PrivateKey> RootUpdates::held_root_key(const Standing& before) const {
  const auto root = TRY(newest_root(before));
  for (const auto& key : root->material(Role::root)) {
    auto held = impl_.vault.first_root(before.factory, tuf::key_id(key));
    if (held || held.error().fault != Fault::not_found) return held;
  }
  return not_found("the server holds no private key of root " + std::to_string(root->version) + " any more");
}

Result<crypto::PrivateKey> RootUpdates::first_root_key(std::string_view factory) const {
  return held_root_key(*TRY(impl_.standing(factory)));
}

Result<Json> RootUpdates::shown(std::string_view factory, const std::vector<std::string>& behind) const {
  const auto before = TRY(impl_.standing(factory));
  const auto row = TRY(UpdatesRows(impl_.db).active(before->factory));
  const auto keys = TRY(impl_.vault.online(before->factory));
  const Bytes production = before->production.empty() ? Bytes() : *before->production.rbegin()->second;
  Json answer(Json::Object{{"status", status(before->factory, row ? &*row : nullptr)}, {"updated", Json()}});
  const Bytes& ci = *before->roots.back();
  answer["current"] = pair_json(ci, production, online_ids_in(TRY(body_in(ci)), keys));
  UpdatesReview review;
  answer["change-meta"] = Json(Json::Object{});
  if (row) {
    const auto files = TRY(impl_.production.in_use(before->factory));
    review = reviewed({*before, keys, files, impl_.clock.now()}, *row);
    answer["updated"] = pair_json(row->ci_root, row->production_root, online_ids_in(TRY(body_in(row->ci_root)), keys));
    answer["change-meta"] = Json(Json::Object{{"created-by", row->initiator},
                                              {"created-at", row->created_at},
                                              {"updated-by", row->updated_by},
                                              {"updated-at", row->updated_at}});
  }
  if (!behind.empty()) review.warnings.push_back(devices_behind(behind));
  answer["first-time"] = Json(row && row->first_time);
  answer["amendments"] = std::move(review.amendments);
  answer["issues"] = Json(Json::Object{{"errors", std::move(review.errors)}, {"warnings", std::move(review.warnings)}});
  return answer;
}

Json RootUpdates::devices_behind(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 20;
  Json listed{Json::Array{}};
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) listed.push_back(names[i]);
  return issue("devices-behind", std::to_string(names.size()) + " device(s) hold an older root than the newest",
               Json::Object{{"count", static_cast<std::int64_t>(names.size())}, {"devices", std::move(listed)}});
}

std::string_view RootUpdates::status(const std::string& factory, const UpdatesRow* active) const {
  const std::shared_lock lock(impl_.serving);
  if (impl_.applying.contains(factory)) return "APPLYING";
  return active != nullptr ? "STARTED" : "NONE";
}

Status RootUpdates::put(std::string_view factory, const Admin& admin, const Draft& draft) {
  return impl_.on_present(factory, [&](const Standing& before) -> Status {
    UpdatesRows rows(impl_.db);
    auto row = TRY(row_of(rows, before.factory, admin));
    const auto read = [](const Bytes& bytes) -> Result<Bytes> {
      auto canonical = canonical_envelope(bytes, Role::root);
      if (!canonical) return bad_input(canonical.error().what);
      TRY(body_in(*canonical));
      return canonical;
    };
    row.ci_root = TRY_IN("ci-root", read(draft.ci_root));
    if (!draft.production_root.empty()) row.production_root = TRY_IN("prod-root", read(draft.production_root));
    row.tag_signatures = TRY(with_signatures(row.tag_signatures, draft.tag_signatures, "targets-signatures"));
    row.wave_signatures = TRY(with_signatures(row.wave_signatures, draft.wave_signatures, "waves-signatures"));
    row.weaker = row.weaker || draft.weaker == Draft::Weaker::allowed;
    return stored(before.factory, row, admin.user);
  });
}

Status RootUpdates::stored(const std::string& factory, UpdatesRow& row, const std::string& user) {
  row.updated_by = user;
  row.updated_at = rfc3339(impl_.clock.now());
  return UpdatesRows(impl_.db).store(factory, row);
}

Status RootUpdates::make_online_keys(std::string_view factory, const Admin& admin, const std::vector<Role>& roles,
                                     crypto::KeyType type) {
  if (roles.empty()) return bad_input("want one of targets, snapshot and timestamp at least");
  return impl_.on_present(factory, [&](const Standing& before) -> Status {
    auto row = TRY(row_of(UpdatesRows(impl_.db), before.factory, admin));
    const auto make = [&]() -> Status {
      for (const Role role : roles) TRY(make_online_key(before.factory, row, role, TRY(new_key(type))));
      return stored(before.factory, row, admin.user);
    };
    return impl_.db.transaction(make);
  });
}

Status RootUpdates::make_online_key(const std::string& factory, UpdatesRow& row, Role role,
                                    const crypto::PrivateKey& secret) {
  const auto keys = TRY(impl_.vault.online(factory));
  const std::string name(tuf::name_of(role));
  const auto& key = secret.public_key();
  for (Bytes* draft : {&row.ci_root, &row.production_root}) {
    if (draft->empty()) continue;
    const auto old_id = online_id_in(TRY(body_in(*draft)), role, keys);
    if (old_id.empty()) return Error{Fault::expired, "draft: the role " + name + " has no online key to replace", ""};
    *draft = TRY(with_key(*draft, role, old_id, key));
  }
  if (const Json* made = row.made_keys.find(name))
    TRY(impl_.vault.drop_waiting(factory, role, tuf::KeyId{*made->if_text()}));
  const auto id = tuf::key_id(key);
  row.made_keys[name] = id.hex;
  const OnlineKey online{role, id, OnlineKey::State::waiting, tuf::KeySigner(secret)};
  return impl_.vault.add_online(factory, online, secret, impl_.clock.now());
}

Result<std::vector<std::string>> RootUpdates::apply(std::string_view factory, const Admin& admin) {
  using Refusals = std::vector<std::string>;
  return impl_.on_present(factory, [&](const Standing& before) -> Result<Refusals> {
    UpdatesRows rows(impl_.db);
    const std::string sha256 = crypto::sha256_hex(admin.txid);
    if (!admin.txid.empty() && TRY(rows.was_applied(before.factory, sha256))) return Refusals();
    if (!TRY(rows.active(before.factory))) return not_found("root updates: none is active");
    const auto row = TRY(row_of(rows, before.factory, admin));
    const auto keys = TRY(impl_.vault.online(before.factory));
    const auto files = TRY(impl_.production.in_use(before.factory));
    auto refusals = reviewed({before, keys, files, impl_.clock.now()}, row).refusals();
    if (!refusals.empty()) return refusals;
    TRY(published(before, row));
    return Refusals();
  });
}

// What others see while it lives.
class RootUpdates::Applying {
 public:
  Applying(Repositories::Impl& impl, std::string factory) : impl_(impl), factory_(std::move(factory)) {
    const std::unique_lock lock(impl_.serving);
    impl_.applying.insert(factory_);
  }
  ~Applying() {
    const std::unique_lock lock(impl_.serving);
    impl_.applying.erase(factory_);
  }

 private:
  Repositories::Impl& impl_;
  std::string factory_;
};

Status RootUpdates::published(const Standing& before, const UpdatesRow& row) {
  const auto end = [&]() -> Status {
    UpdatesRows rows(impl_.db);
    TRY(rows.note_applied(before.factory, row.txid_sha256, impl_.clock.now()));
    TRY(drop_unlisted(impl_.vault, before.factory, row));
    return rows.end(before.factory);
  };
  const Applying shown_as_applying(impl_, before.factory);
  return impl_.publish(before, change_of(row), end);
}

Status RootUpdates::cancel(std::string_view factory) {
  return impl_.on_present(factory, [&](const Standing& before) -> Status {
    UpdatesRows rows(impl_.db);
    const auto row = TRY(active_row(rows, before.factory));
    const auto end = [&]() -> Status {
      TRY(drop_made(impl_.vault, before.factory, row));
      return rows.end(before.factory);
    };
    TRY(impl_.db.transaction(end));
    impl_.forget_deleted_keys();
    return {};
  });
}

}  // namespace rota::repo
