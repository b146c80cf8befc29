// A thin door to SQLite: statements, transactions, migrations. The only code that includes the library.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"

namespace rota::store {

struct Blob {
  Bytes bytes;
};
// Bytes to be stored that outlive the statement: large ones are not copied on their way. Never read back.
struct BlobView {
  BytesView bytes;
};
using Value = std::variant<std::nullptr_t, std::int64_t, std::string, Blob, BlobView>;

class Row {
 public:
  explicit Row(std::vector<Value> values) : values_(std::move(values)) {}
  std::int64_t integer(std::size_t column) const;     // 0 for null; aborts for text
  const std::string& text(std::size_t column) const;  // "" for null; text or blob bytes
  Bytes take(std::size_t column);                     // as text(), once; the column is empty afterwards
  bool is_null(std::size_t column) const { return std::holds_alternative<std::nullptr_t>(values_.at(column)); }

 private:
  std::vector<Value> values_;
};

// One connection, used by one thread at a time (it serialises callers itself). WAL, synchronous FULL, foreign keys on,
// deleted content overwritten. Errors: io (disk full, damaged file), conflict (a constraint, or another process is
// writing).
class Database {
 public:
  static Result<std::unique_ptr<Database>> open(const std::string& path);  // created 0600, narrowed to 0600
  ~Database();
  // Statements are cached by their text.
  Result<std::vector<Row>> query(const std::string& sql, const std::vector<Value>& values = {});
  Result<std::int64_t> execute(const std::string& sql, const std::vector<Value>& values = {});  // rows changed
  std::int64_t last_row_id() const;
  // BEGIN IMMEDIATE, then `work`, then COMMIT (durable when this returns); an error of `work` rolls everything back.
  // Other threads wait. Not to be nested (aborts).
  Status transaction(const std::function<Status()>& work);
  // Applies those of `steps` (each one statement list) that are not in yet, in one transaction each. A step is known by
  // its text, so that every module may bring its own: append steps, never edit one.
  Status migrate(const std::vector<std::string>& steps);
  // Moves the write-ahead log into the database file and empties it: what was deleted is then in neither.
  Status empty_log();

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rota::store
