// Surgical changes to a root: the raw JSON tree is edited, so members nobody here knows stay as they are
// (fioctl.md 7.4, garage-sign.md 7.3). In:    the body ("signed") of a verified root. Out:   the body of its successor,
// not yet signed. Never: signatures, files; a threshold or key that the caller did not name.
#pragma once

#include <string>
#include <vector>

#include "tuf/metadata.h"

namespace rota::ceremony {

class RootEdit {
 public:
  // bad_input when `body` is no root (roles or keys missing or malformed).
  static Result<RootEdit> of(Json body);
  const Json& body() const { return body_; }

  // Appends the key at the end of the role's keyids, under its K1 id, or under the id the root already has for the same
  // material. Listed already: nothing changes. bad_input for a key devices cannot use (P-256, RSA other than 2048,
  // 3072, 4096). The id it is listed under.
  Result<tuf::KeyId> add_key(tuf::Role role, const crypto::PublicKey& key);
  // not_found, naming the role's real ids, when it is not listed.
  Status remove_key(tuf::Role role, const tuf::KeyId& id);
  // remove_key and add_key; the new key goes to the end.
  Result<tuf::KeyId> replace_key(tuf::Role role, const tuf::KeyId& old_id, const crypto::PublicKey& next);
  // bad_input unless 1 <= threshold <= 1000.
  Status set_threshold(tuf::Role role, std::int64_t threshold);
  void set_version(tuf::Version version);
  void set_expires(Time expires);
  // Keys that no role names leave `keys` and `x-key-owners`; add, remove and replace do this themselves. The ids
  // dropped.
  std::vector<tuf::KeyId> drop_unused_keys();

  // FoundriesFactory's extras (formats.md 8).
  struct Author {
    std::string polis_id;
    Time at;
  };
  void set_changelog(const Author& author, std::string_view message);
  void set_key_owner(const tuf::KeyId& id, const Author& author);

  tuf::Version version() const;
  Time expires() const;
  std::vector<tuf::KeyId> key_ids(tuf::Role role) const;
  std::int64_t threshold(tuf::Role role) const;

 private:
  explicit RootEdit(Json body) : body_(std::move(body)) {}
  Json& role_entry(tuf::Role role);
  Json body_;
};

// The expiry of a root renewed at `now`: the later of `current` and now + 365 days, so never an earlier one.
Time renewed_expiry(Time current, Time now);

}  // namespace rota::ceremony
