// Who did what to which thing, and alerts of the gateway: rows that are only ever added.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "server/writes.h"

namespace rota::server {

struct AuditEntry {
  std::string factory;  // empty: the installation
  std::string actor;    // user, or "device:<uuid>", or "gateway"
  std::string action;   // "device-enrolled", "device-denied", "alert:foreign-key", …
  std::string object;   // what it was done to
  std::string detail = {};
};

class Audit {
 public:
  Audit(store::Database& db, Writes& writes, const Clock& clock) : db_(db), writes_(writes), clock_(clock) {}
  Status prepare();
  void add(const AuditEntry& entry);
  // As add, but only the first time since the start that this very entry is seen, and at most 16 of one action on one
  // object: for what a device can repeat at will, so that it drowns no other's alert.
  void add_once(const AuditEntry& entry);
  // Newest first; an empty factory means all. [{"at","factory","actor","action","object","detail"}]
  Result<Json> newest(const std::string& factory, std::int64_t limit);

 private:
  store::Database& db_;
  Writes& writes_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, std::set<std::string>> seen_;  // factory, action, object -> details
};

}  // namespace rota::server
