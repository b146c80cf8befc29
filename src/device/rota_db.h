// The device's store: one SQLite file that holds the trust set, what is installed, what is about to be done, and what is
// still to be reported. Every change that must not be seen half done is one transaction; a failed write ends the command.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/files.h"
#include "store/sqlite.h"

namespace rota::device {

// <folder>/rota.db, made (0600, its folder 0700) when missing. Refuses a folder that others may write to (bad_input).
Result<std::unique_ptr<store::Database>> open_rota_db(Files& files, const std::string& folder);
// As above for a reader, which makes nothing: not_found when there is none yet.
Result<std::unique_ptr<store::Database>> open_rota_db_to_read(Files& files, const std::string& folder);

// Small named texts: hashes of what was reported, the outcome of the last refresh.
class Facts {
 public:
  explicit Facts(store::Database& db) : db_(db) {}
  Result<std::optional<std::string>> get(const std::string& name) const;
  Status set(const std::string& name, const std::string& value);

 private:
  store::Database& db_;
};

}  // namespace rota::device
