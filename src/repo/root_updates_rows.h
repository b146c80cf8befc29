// The row of an active transaction. Private to src/repo.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "store/sqlite.h"
#include "tuf/key.h"
#include "tuf/metadata.h"

namespace rota::repo {

struct UpdatesRow {
  std::string txid_sha256, initiator;
  Bytes ci_root, production_root;                  // drafts, canonical envelopes; production empty: none
  Json tag_signatures = {}, wave_signatures = {};  // name -> list of signatures
  Json made_keys = {};                             // role -> id of an online key that waits
  bool weaker = false;                             // a weaker root was allowed
  bool first_time = false;
  std::string created_at, updated_by, updated_at;  // RFC 3339
};

class UpdatesRows {
 public:
  explicit UpdatesRows(store::Database& db) : db_(db) {}
  Status make_tables();
  Result<std::optional<UpdatesRow>> active(const std::string& factory) const;
  Status store(const std::string& factory, const UpdatesRow& row);  // in place of the one that is there
  Status end(const std::string& factory);
  Status note_applied(const std::string& factory, const std::string& txid_sha256, Time now);
  Result<bool> was_applied(const std::string& factory, const std::string& txid_sha256) const;

 private:
  store::Database& db_;
};

}  // namespace rota::repo
