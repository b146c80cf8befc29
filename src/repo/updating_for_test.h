// The factory acme with root updates under way. For *_test.cc only.
#pragma once

#include "repo/acme_for_test.h"
#include "repo/production.h"
#include "repo/root_updates.h"

namespace rota::repo::test {

using Keys = std::vector<const crypto::PrivateKey*>;
using Admin = RootUpdates::Admin;

class Updating : public Acme {
 protected:
  RootUpdates updates() { return RootUpdates(*repos_); }
  Production production() { return Production(*repos_); }
  std::string begin(const std::string& user = "alice") {
    return updates().begin("acme", {user, "a change", {}}).value().txid;
  }
  Json shown() { return updates().shown("acme", {}).value(); }
  std::string status() { return shown().text("status").value(); }
  Json draft(const char* which = "ci-root") { return body_of(shown().find("updated")->text(which).value()); }
  // The production root for a ci root: the server's and the owner's signature for targets.
  static Json production_of(Json ci) {
    ci["roles"]["targets"]["threshold"] = 2;
    return ci;
  }
  Status put(const Json& ci, const Json& prod, const Keys& keys, const Admin& admin = {"alice", ""}) {
    return updates().put("acme", admin, {signed_with(ci, keys), prod.is_null() ? Bytes() : signed_with(prod, keys)});
  }
  std::vector<std::string> apply(const Admin& admin = {"alice", ""}) { return updates().apply("acme", admin).value(); }
  std::string all(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
  }
  // A factory with a production chain: roots 3.
  void begin_production() {
    begin();
    const Json ci = draft();
    ASSERT_TRUE(put(ci, production_of(ci), {&*offline_root_}));
    ASSERT_THAT(apply(), testing::IsEmpty());
  }
  Json production_targets(tuf::Version version) {
    Json body = body_of(*published()->targets);
    body["version"] = version;
    return body;
  }
  std::string publish(const std::string& tag, const Json& body, const Keys& keys,
                      ProductionFile::Kind kind = ProductionFile::Kind::tag) {
    const auto done = production().publish("acme", {kind, tag, tag, signed_with(body, keys)}).value();
    const auto* refusal = std::get_if<Refusal>(&done);
    return refusal == nullptr ? "published" : refusal->code;
  }
  tuf::Root production_root() {
    return tuf::read_root(tuf::parse_envelope(*published()->production_root, tuf::kMaxRoot).value()).value();
  }
  std::int64_t stored_online_keys() {
    return db_->query("SELECT count(*) FROM online_keys WHERE factory = 'acme'").value()[0].integer(0);
  }
  static Json signatures_of(const Json& body, const Keys& keys) {
    return *parse_json(signed_with(body, keys)).value().find("signatures");
  }

  crypto::PrivateKey mine_ = crypto::PrivateKey::generate_ed25519().value();
};

}  // namespace rota::repo::test
