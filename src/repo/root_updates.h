// Root updates: one transaction per factory that changes the roots of both streams, online keys and the signatures of
// targets together (repo-api.md 7, docs/formats/root-updates.md).
// In:    drafts of administrators, who may be several.
// Out:   all of it published as one generation, or nothing.
// Never: anything published before `apply`; a transaction id in clear in the database.
#pragma once

#include <string>
#include <vector>

#include "repo/repositories.h"

namespace rota::repo {

struct Standing;    // repo/standing.h
struct UpdatesRow;  // repo/root_updates_rows.h

class RootUpdates {
 public:
  explicit RootUpdates(Repositories& repos) : impl_(*repos.impl_) {}
  static Status make_tables(store::Database& db);

  // Who asks: whoever began may leave the transaction id out, everybody else must know it. A wrong one: not_found.
  struct Admin {
    std::string user, txid;
  };

  // The drafts are the newest roots with version + 1 and a change log, unsigned. conflict: one is active. expired: with
  // FirstTime::yes, and no root key of the newest root is held here any more. bad_input: a message that is not plain
  // ASCII.
  enum class FirstTime { no, yes };
  struct Wish {
    std::string user, message;
    FirstTime first_time = FirstTime::no;
  };
  struct Begun {
    std::string txid;
    std::optional<crypto::PrivateKey> first_root;
  };
  Result<Begun> begin(std::string_view factory, const Wish& wish);

  // The root key of the newest root that was made here and is held still; not_found: none.
  Result<crypto::PrivateKey> first_root_key(std::string_view factory) const;

  // The answer to GET root/updates. `behind`: names of devices that hold an older root than the newest.
  Result<Json> shown(std::string_view factory, const std::vector<std::string>& behind) const;

  // Stored as it is, with all its faults; apply is what refuses. An empty production root: there is none. bad_input:
  // not envelopes, not maps of signatures. conflict: none is active.
  struct Draft {
    Bytes ci_root, production_root;
    Json tag_signatures = {}, wave_signatures = {};  // name -> list; null: as before
    enum class Weaker { refused, allowed } weaker = Weaker::refused;
  };
  Status put(std::string_view factory, const Admin& admin, const Draft& draft);

  // New online keys take the place of the present ones in both drafts; signatures on the drafts are gone.
  Status make_online_keys(std::string_view factory, const Admin& admin, const std::vector<tuf::Role>& roles,
                          crypto::KeyType type);

  // Published in one transaction, in which the transaction ends and retired online keys are destroyed. The errors that
  // stand against it; none: published, now or under this id before. not_found: none is active.
  Result<std::vector<std::string>> apply(std::string_view factory, const Admin& admin);

  // Nothing published changes; online keys made for it are destroyed. conflict: none is active.
  Status cancel(std::string_view factory);

 private:
  class Applying;
  Result<crypto::PrivateKey> held_root_key(const Standing& before) const;
  std::string_view status(const std::string& factory, const UpdatesRow* active) const;
  static Json devices_behind(const std::vector<std::string>& names);
  Status stored(const std::string& factory, UpdatesRow& row, const std::string& user);
  Status make_online_key(const std::string& factory, UpdatesRow& row, tuf::Role role, const crypto::PrivateKey& secret);
  Status published(const Standing& before, const UpdatesRow& row);
  Repositories::Impl& impl_;
};

}  // namespace rota::repo
