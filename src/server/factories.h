// The factories of an installation: a repository each, a device CA, an OSTree repository, an owner.
#pragma once

#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "base/files.h"
#include "repo/repositories.h"
#include "server/audit.h"
#include "server/auth.h"
#include "server/pki.h"

namespace rota::server {

// gateway.md 1, unknown device: off refuses it, factory_ca takes a certificate of the factory's CA, any_ca one of any
// CA of the installation.
enum class AutoEnroll { off, factory_ca, any_ca };
std::string_view name_of(AutoEnroll mode);  // "off", "factory-ca", "on"
Result<AutoEnroll> auto_enroll_named(std::string_view name);

struct FactoryOrder {
  std::string name;
  tuf::Dialect dialect = tuf::Dialect::uptane;
  crypto::KeyType key_type = crypto::KeyType::ed25519;
  AutoEnroll auto_enroll = AutoEnroll::off;
  std::string ordered_by;  // user, for the audit
};

struct FactoryDoors {
  store::Database& db;
  Files& files;
  const Clock& clock;
  repo::Repositories& repos;
  Auth& auth;
  Pki& pki;
  Audit& audit;
};

// Threads may share it.
class Factories {
 public:
  Factories(const FactoryDoors& doors, std::string ostree_folder);
  Status prepare();

  // Everything a factory needs; the token of its owner ("owner@<name>"), shown once, here. What an attempt cut short
  // has left behind is used or replaced. bad_input: the name; conflict: it exists.
  Result<std::string> create(const FactoryOrder& order, const std::string& api_url);
  bool exists(std::string_view name) const;
  Status check_exists(std::string_view name) const;  // not_found
  AutoEnroll auto_enroll(std::string_view name) const;
  Status set_auto_enroll(const std::string& name, AutoEnroll mode);
  Time created_at(std::string_view name) const;
  // The archive-z2 repository of that factory.
  std::string ostree_folder(std::string_view name) const { return ostree_folder_ + "/" + std::string(name); }

 private:
  struct Row {
    AutoEnroll auto_enroll = AutoEnroll::off;
    Time created_at;
  };
  Status make_ostree_repository(const std::string& name) const;
  Status store(const std::string& name, const Row& row);

  FactoryDoors doors_;
  std::string ostree_folder_;
  std::mutex creation_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, Row, std::less<>> rows_;
};

}  // namespace rota::server
