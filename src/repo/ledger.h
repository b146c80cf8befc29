// The rows of what is published (docs/formats/repository.md). Every number is written once: a second writer of
// (factory, role, version) or of a generation gets a conflict, which is the fence between writers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "store/sqlite.h"
#include "tuf/verify.h"

namespace rota::repo {

// A factory as it lies in the database, nothing verified yet.
struct LedgerEntry {
  std::string repo_id;
  std::int64_t generation = 0;
  std::vector<Bytes> roots;  // from version 1
  tuf::Generation files;     // those the generation points to
  std::map<tuf::Version, Bytes> production_roots = {};
};

struct LedgerFile {
  tuf::Role role;
  tuf::Version version;
  BytesView bytes;
};

// The writing calls belong into a transaction of the caller.
class Ledger {
 public:
  explicit Ledger(store::Database& db) : db_(db) {}
  Status make_tables();

  Result<std::vector<std::string>> factories() const;
  Result<LedgerEntry> entry(const std::string& factory) const;  // not_found; io: a row that must be there is not

  Status add_factory(const std::string& factory, const std::string& repo_id, Time now);  // conflict: the name is taken
  Status add_file(const std::string& factory, const LedgerFile& file, Time now);
  Status add_production_root(const std::string& factory, tuf::Version version, BytesView bytes, Time now);
  // The same file with other signatures; not_found.
  Status sign_again(const std::string& factory, const LedgerFile& file);
  // A root that waits for its targets: one at a time.
  Status stage_root(const std::string& factory, BytesView root, Time now);
  Result<std::optional<Bytes>> staged_root(const std::string& factory) const;
  Status drop_staged_root(const std::string& factory);
  // Generation `number` with these versions becomes the one that is served; conflict unless `number` - 1 was.
  Status point_to(const std::string& factory, std::int64_t number, const std::map<tuf::Role, tuf::Version>& versions,
                  Time now);
  // Forgets generations, and files other than roots, from before `until` that are not served.
  Status forget(const std::string& factory, Time until);

 private:
  Result<std::vector<Bytes>> roots(const std::string& factory) const;
  Result<Bytes> served(const std::string& factory, tuf::Role role, std::int64_t generation) const;
  store::Database& db_;
};

}  // namespace rota::repo
