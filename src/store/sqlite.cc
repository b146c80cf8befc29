#include "store/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <unordered_map>

namespace rota::store {
namespace {

constexpr int kBusyMilliseconds = 10'000;

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

// The file with mode 0600 before SQLite sees it: the log and its index inherit that mode.
Status make_private_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return io_error("open '" + path + "': " + std::strerror(errno));
  const int narrowed = ::fchmod(fd, 0600);
  const int code = errno;
  ::close(fd);
  if (narrowed != 0) return io_error("chmod '" + path + "': " + std::strerror(code));
  return {};
}

int bind(sqlite3_stmt* statement, int at, const Value& value) {
  return std::visit(
      Overloaded{
          [&](std::nullptr_t) { return sqlite3_bind_null(statement, at); },
          [&](std::int64_t number) { return sqlite3_bind_int64(statement, at, number); },
          [&](const std::string& text) {
            return sqlite3_bind_text64(statement, at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
          },
          [&](const Blob& blob) {
            return sqlite3_bind_blob64(statement, at, blob.bytes.data(), blob.bytes.size(), SQLITE_STATIC);
          },
          [&](const BlobView& blob) {
            const char* first = blob.bytes.empty() ? "" : blob.bytes.data();  // a null pointer would be NULL
            return sqlite3_bind_blob64(statement, at, first, blob.bytes.size(), SQLITE_STATIC);
          },
      },
      value);
}

Value column_value(sqlite3_stmt* statement, int at) {
  const auto bytes = [&](const void* begin) {
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, at));
    return begin == nullptr ? Bytes() : Bytes(static_cast<const char*>(begin), size);
  };
  switch (sqlite3_column_type(statement, at)) {
    case SQLITE_NULL:
      return nullptr;
    case SQLITE_INTEGER:
      return static_cast<std::int64_t>(sqlite3_column_int64(statement, at));
    case SQLITE_BLOB:
      return Blob{bytes(sqlite3_column_blob(statement, at))};
    default:
      return bytes(sqlite3_column_text(statement, at));
  }
}

}  // namespace

std::int64_t Row::integer(std::size_t column) const {
  const Value& value = values_.at(column);
  if (std::holds_alternative<std::nullptr_t>(value)) return 0;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  abort_with("Row: column " + std::to_string(column) + " is no integer");
}

const std::string& Row::text(std::size_t column) const {
  static const std::string nothing;
  const Value& value = values_.at(column);
  if (std::holds_alternative<std::nullptr_t>(value)) return nothing;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* blob = std::get_if<Blob>(&value)) return blob->bytes;
  abort_with("Row: column " + std::to_string(column) + " is no text");
}

Bytes Row::take(std::size_t column) {
  Value& value = values_.at(column);
  if (auto* blob = std::get_if<Blob>(&value)) return std::move(blob->bytes);
  return text(column);
}

struct Database::Impl {
  sqlite3* handle = nullptr;
  std::string path;
  mutable std::recursive_mutex turn;  // recursive: the work of a transaction queries on the same thread
  std::unordered_map<std::string, sqlite3_stmt*> statements;
  bool in_transaction = false;

  ~Impl() {
    for (const auto& [sql, statement] : statements) sqlite3_finalize(statement);
    sqlite3_close(handle);
  }

  Error failure(int code) const {
    const std::string what =
        "database '" + path + "': " + (handle != nullptr ? sqlite3_errmsg(handle) : "out of memory");
    switch (code & 0xff) {
      case SQLITE_CONSTRAINT:
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        return conflict(what);
      default:
        return io_error(what);
    }
  }

  Status run(const char* script) {
    const int code = sqlite3_exec(handle, script, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(code);
    return {};
  }

  Result<sqlite3_stmt*> prepared(const std::string& sql) {
    if (const auto known = statements.find(sql); known != statements.end()) return known->second;
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return failure(code);
    statements.emplace(sql, statement);
    return statement;
  }

  Status bind_all(sqlite3_stmt* statement, const std::vector<Value>& values) {
    if (sqlite3_bind_parameter_count(statement) != static_cast<int>(values.size()))
      abort_with(std::string("Database: wrong number of values for ") + sqlite3_sql(statement));
    for (std::size_t i = 0; i < values.size(); ++i) {
      const int code = bind(statement, static_cast<int>(i) + 1, values[i]);
      if (code != SQLITE_OK) return failure(code);
    }
    return {};
  }

  // All rows of one statement, which is ready for its next use whatever happens.
  Result<std::vector<Row>> rows(const std::string& sql, const std::vector<Value>& values) {
    sqlite3_stmt* statement = TRY(prepared(sql));
    const std::unique_ptr<sqlite3_stmt, void (*)(sqlite3_stmt*)> ready(statement, [](sqlite3_stmt* used) {
      sqlite3_reset(used);
      sqlite3_clear_bindings(used);
    });
    TRY(bind_all(statement, values));
    std::vector<Row> found;
    int code = 0;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      std::vector<Value> columns;
      for (int i = 0; i < sqlite3_column_count(statement); ++i) columns.push_back(column_value(statement, i));
      found.emplace_back(std::move(columns));
    }
    if (code != SQLITE_DONE) return failure(code);
    return found;
  }

  void roll_back() {
    // Some failures (full disk, I/O) have rolled back by themselves; a failing ROLLBACK leaves it to the next opening.
    if (sqlite3_get_autocommit(handle) == 0) sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
  }
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
  TRY(make_private_file(path));
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &impl->handle, flags, nullptr);
  if (code != SQLITE_OK) return impl->failure(code);
  sqlite3_busy_timeout(impl->handle, kBusyMilliseconds);
  const auto mode = TRY(impl->rows("PRAGMA journal_mode=WAL", {}));
  if (mode.empty() || mode[0].text(0) != "wal") return io_error("database '" + path + "': no write-ahead log here");
  TRY(impl->run("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"));
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

Result<std::vector<Row>> Database::query(const std::string& sql, const std::vector<Value>& values) {
  const std::lock_guard turn(impl_->turn);
  return impl_->rows(sql, values);
}

Result<std::int64_t> Database::execute(const std::string& sql, const std::vector<Value>& values) {
  const std::lock_guard turn(impl_->turn);
  TRY(impl_->rows(sql, values));
  return static_cast<std::int64_t>(sqlite3_changes64(impl_->handle));
}

std::int64_t Database::last_row_id() const {
  const std::lock_guard turn(impl_->turn);
  return sqlite3_last_insert_rowid(impl_->handle);
}

Status Database::transaction(const std::function<Status()>& work) {
  const std::lock_guard turn(impl_->turn);
  if (impl_->in_transaction) abort_with("Database: a transaction inside a transaction");
  TRY(impl_->run("BEGIN IMMEDIATE"));
  impl_->in_transaction = true;
  Status done = work();
  if (done) done = impl_->run("COMMIT");
  if (!done) impl_->roll_back();
  impl_->in_transaction = false;
  return done;
}

Status Database::migrate(const std::vector<std::string>& steps) {
  TRY(execute("CREATE TABLE IF NOT EXISTS migrations (step TEXT PRIMARY KEY) WITHOUT ROWID"));
  for (const std::string& step : steps) {
    const auto apply = [&]() -> Status {
      if (!TRY(query("SELECT 1 FROM migrations WHERE step = ?", {step})).empty()) return {};
      TRY(impl_->run(step.c_str()));
      TRY(execute("INSERT INTO migrations (step) VALUES (?)", {step}));
      return {};
    };
    TRY(transaction(apply));
  }
  return {};
}

Status Database::empty_log() {
  const auto rows = TRY(query("PRAGMA wal_checkpoint(TRUNCATE)"));
  if (!rows.empty() && rows[0].integer(0) != 0)
    return conflict("database '" + impl_->path + "': another process reads it");
  return {};
}

}  // namespace rota::store
