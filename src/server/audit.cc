#include "server/audit.h"

namespace rota::server {
namespace {

constexpr std::size_t kOfOneKind = 16;

}  // namespace

Status Audit::prepare() {
  return db_.migrate(
      {"CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"
       " factory TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL,"
       " detail TEXT NOT NULL)"});
}

void Audit::add(const AuditEntry& entry) {
  writes_.later([entry, at = clock_.now().time_since_epoch().count()](store::Database& db) -> Status {
    TRY(db.execute("INSERT INTO audit (at, factory, actor, action, object, detail) VALUES (?,?,?,?,?,?)",
                   {at, entry.factory, entry.actor, entry.action, entry.object, entry.detail}));
    return {};
  });
}

void Audit::add_once(const AuditEntry& entry) {
  {
    const std::lock_guard lock(mutex_);
    auto& details = seen_[entry.factory + '\n' + entry.action + '\n' + entry.object];
    if (details.size() >= kOfOneKind || !details.insert(entry.detail).second) return;
  }
  add(entry);
}

Result<Json> Audit::newest(const std::string& factory, std::int64_t limit) {
  writes_.settle();
  const auto rows =
      TRY(db_.query("SELECT at, factory, actor, action, object, detail FROM audit WHERE ?1 = '' OR factory = ?1"
                    " ORDER BY id DESC LIMIT ?2",
                    {factory, limit}));
  Json entries{Json::Array{}};
  for (const auto& row : rows) {
    Json entry;
    entry["at"] = rfc3339(Time(Seconds(row.integer(0))));
    entry["factory"] = row.text(1);
    entry["actor"] = row.text(2);
    entry["action"] = row.text(3);
    entry["object"] = row.text(4);
    entry["detail"] = row.text(5);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace rota::server
