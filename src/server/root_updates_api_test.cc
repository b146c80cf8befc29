// Root updates and production targets through the router (repo-api.md E11-E13, fioctl.md B13-B17).
#include "crypto/hash.h"
#include "repo/repositories.h"
#include "server/audit.h"
#include "server/devices.h"
#include "server/installation_for_test.h"
#include "server/repo_api.h"
#include "tuf/sign.h"

namespace rota::server {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kTuf = "/ota/repo/acme/api/v1/user_repo/", kUpdates = kTuf + "root/updates";

Json signed_by(const Json& body, const std::vector<const crypto::PrivateKey*>& keys) {
  std::vector<tuf::KeySigner> signers;
  for (const auto* key : keys) signers.emplace_back(*key);
  std::vector<const tuf::Signer*> views;
  for (const auto& signer : signers) views.push_back(&signer);
  return parse_json(tuf::sign_envelope(body, views).value()).value();
}

crypto::PrivateKey key_in(const Json& file) {
  const std::string seed = file.find("keyval")->text("private").value();
  return crypto::PrivateKey::from_ed25519_seed(crypto::SecretBytes(unhex(seed).value())).value();
}

class RootUpdatesApi : public test::Installed {
 protected:
  void SetUp() override {
    Installed::SetUp();
    add_repo_routes(router_, app());
    const auto pair = call("GET", "/ota/factories/acme/first_root.sec");
    ASSERT_EQ(pair.status, 200) << pair.body;
    root_ = key_in(json_of(pair));
  }
  http::Response call(const std::string& method, const std::string& target, const std::string& body = {},
                      const std::string& token = "owner") {
    http::Request request;
    request.method = method;
    const auto question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string::npos) request.query = target.substr(question + 1);
    request.body = body;
    if (!token.empty())
      request.headers.emplace_back("Authorization", "Bearer " + (token == "owner" ? owner_token_ : token));
    return ask(router_, std::move(request));
  }
  http::Response post(const std::string& rest, const Json& body = Json(Json::Object{}),
                      const std::string& token = "owner") {
    return call("POST", kUpdates + rest, to_json(body), token);
  }
  Json state() { return json_of(call("GET", kUpdates)); }
  std::string begin() { return json_of(post("", Json::Object{{"message", "why"}})).text("txid").value(); }
  Json draft(const char* which = "ci-root") {
    return *parse_json(state().find("updated")->text(which).value()).value().find("signed");
  }
  static Json production_of(Json ci) {
    ci["roles"]["targets"]["threshold"] = 2;
    return ci;
  }
  int put(const Json& ci, const Json& prod, const std::string& txid = "", const std::string& token = "owner") {
    const Json body =
        Json::Object{{"txid", txid}, {"ci-root", signed_by(ci, {&*root_})}, {"prod-root", signed_by(prod, {&*root_})}};
    return call("PUT", kUpdates, to_json(body), token).status;
  }
  tuf::Version newest(const std::string& query = "") {
    const auto response = call("GET", kTuf + "root.json" + query);
    if (response.status != 200) return 0;
    return parse_json(*response.shared_body).value().find("signed")->integer("version").value();
  }

  http::Router router_;
  std::optional<crypto::PrivateKey> root_;
};

TEST_F(RootUpdatesApi, E11GoesFromNoneToNoneWithOneVersionMoreInBothChains) {
  EXPECT_EQ(state().text("status").value(), "NONE");
  begin();
  EXPECT_EQ(state().text("status").value(), "STARTED");
  const Json ci = draft();
  ASSERT_EQ(put(ci, production_of(ci)), 200);
  const auto applied = post("/apply", Json::Object{{"txid", ""}});
  ASSERT_EQ(applied.status, 200) << applied.body;
  EXPECT_EQ(json_of(applied).integer("root-version").value(), 3);
  EXPECT_EQ(state().text("status").value(), "NONE");
  EXPECT_EQ(newest(), 3);
  EXPECT_EQ(newest("?production=1"), 3);
  EXPECT_EQ(call("GET", kTuf + "1.root-chain?production=1").status, 200);
  EXPECT_EQ(call("GET", kTuf + "4.root.json?production=1").status, 404);
  EXPECT_EQ(state().find("current")->text("prod-root").value(),
            *call("GET", kTuf + "3.root.json?production=1").shared_body);
  EXPECT_THAT(
      to_json(app().audit.newest("acme", 10).value()),
      AllOf(HasSubstr("root-updates-begun"), HasSubstr("root-updates-staged"), HasSubstr("root-updates-applied")));
}

TEST_F(RootUpdatesApi, E11AnswersInTheStatusOfTheSpecification) {
  EXPECT_EQ(post("/apply", Json::Object{{"txid", ""}}).status, 404) << "none is active";
  EXPECT_EQ(post("/cancel").status, 409);
  const auto txid = begin();
  EXPECT_EQ(post("", Json::Object{{"message", "mine"}}).status, 409);
  const Json ci = draft();
  EXPECT_EQ(put(ci, production_of(ci), "0123"), 404);
  EXPECT_EQ(put(ci, production_of(ci), "", admin_token_), 404) << "somebody else, without the id";
  EXPECT_EQ(put(ci, production_of(ci), txid, admin_token_), 200);
  EXPECT_EQ(call("PUT", kUpdates, "{}").status, 400);
  EXPECT_EQ(call("PUT", kUpdates, R"({"ci-root":{},"more":1})").status, 400);
  EXPECT_EQ(post("/gen-online-keys", Json::Object{{"key-type", "EC"}, {"targets", true}}).status, 400);
  EXPECT_EQ(post("/gen-online-keys").status, 400) << "of no role";
  EXPECT_EQ(call("GET", kUpdates + "?production=1").status, 404);
}

TEST_F(RootUpdatesApi, E11RefusesBelowTheThresholdAndSaysWhoIsMissing) {
  begin();
  const auto refused = post("/apply", Json::Object{{"txid", ""}});
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.body, HasSubstr(tuf::key_id(root_->public_key()).brief()));
  EXPECT_FALSE(json_of(refused).find("errors")->if_array()->empty());
  EXPECT_EQ(state().text("status").value(), "STARTED");
  EXPECT_EQ(newest(), 2);
  EXPECT_EQ(post("/cancel", Json(Json::Object{}), admin_token_).status, 200) << "anybody with the right";
  EXPECT_EQ(state().text("status").value(), "NONE");
  EXPECT_EQ(newest(), 2);
}

TEST_F(RootUpdatesApi, KeepsThemToThoseWhoMay) {
  const auto reader = token_with({"keys:read"}), other = token_with({"*"}, "beta");
  EXPECT_EQ(call("GET", kUpdates, "", reader).status, 200);
  EXPECT_EQ(post("", Json(Json::Object{}), reader).status, 403);
  EXPECT_EQ(call("GET", kUpdates, "", other).status, 403);
  EXPECT_EQ(call("GET", kUpdates, "", "").status, 401);
  EXPECT_EQ(call("GET", "/ota/factories/acme/first_root.sec", "", reader).status, 403);
  EXPECT_EQ(call("GET", "/ota/factories/acme/prod-targets/", "", other).status, 403);
  EXPECT_EQ(call("PUT", "/v1/factories/acme/production/main/targets", "{}", reader).status, 403);
}

TEST_F(RootUpdatesApi, HandsOutTheFirstRootKeyUntilItsReceiptIsConfirmed) {
  const auto begun = json_of(post("", Json::Object{{"message", "first"}, {"first-time", true}, {"shortcut", false}}));
  const Json* secret = begun.find("first_root.sec");
  ASSERT_NE(secret, nullptr);
  EXPECT_EQ(*begun.find("first_root.pub"), tuf::public_key_json(root_->public_key()));
  const auto acknowledge = [&](const std::string& digest) {
    return post("/ack-first-root", Json::Object{{"txid", ""}, {"sha256", digest}}).status;
  };
  EXPECT_EQ(acknowledge(std::string(64, '0')), 409);
  EXPECT_EQ(acknowledge(crypto::sha256_hex(to_json(*secret))), 204);
  EXPECT_EQ(acknowledge(crypto::sha256_hex(to_json(*secret))), 204);
  EXPECT_EQ(call("GET", "/ota/factories/acme/first_root.sec").status, 404);
  ASSERT_EQ(post("/cancel").status, 200);
  EXPECT_EQ(post("", Json::Object{{"first-time", true}}).status, 422);
}

TEST_F(RootUpdatesApi, E13MakesOnlineKeysThatNobodyCanRead) {
  begin();
  const auto made = post("/gen-online-keys", Json::Object{{"txid", ""}, {"key-type", "ED25519"}, {"targets", true}});
  ASSERT_EQ(made.status, 200) << made.body;
  const Json now = state();
  const auto id = now.find("updated")->find("online-keys")->text("targets").value();
  EXPECT_NE(id, now.find("current")->find("online-keys")->text("targets").value());
  EXPECT_THAT(to_json(now), Not(HasSubstr("private")));
  const Json ci = draft();
  ASSERT_EQ(put(ci, production_of(ci)), 200);
  ASSERT_EQ(post("/apply").status, 200);
  const Json pub = json_of(call("GET", "/ota/factories/acme/ci-targets.pub"));
  EXPECT_EQ(tuf::key_id(tuf::public_key_from_json(pub).value()).hex, id);
}

TEST_F(RootUpdatesApi, ServesTheProductionTargetsOfATag) {
  EXPECT_EQ(call("GET", "/ota/factories/acme/prod-targets/?tag=main").status, 404);
  // The owner's targets key takes the place of the archive's.
  const auto mine = crypto::PrivateKey::generate_ed25519().value();
  begin();
  Json ci = draft();
  const auto id = tuf::key_id(mine.public_key()).hex;
  ci["keys"][id] = tuf::public_key_json(mine.public_key());
  ci["roles"]["targets"]["keyids"].push_back(id);
  ASSERT_EQ(put(ci, production_of(ci)), 200);
  ASSERT_EQ(post("/apply").status, 200);

  Json targets = *parse_json(*call("GET", kTuf + "targets.json").shared_body).value().find("signed");
  targets["version"] = 41;
  const auto pushed = call("PUT", "/v1/factories/acme/production/main/targets", to_json(signed_by(targets, {&mine})));
  ASSERT_EQ(pushed.status, 201) << pushed.body;
  EXPECT_EQ(call("PUT", "/v1/factories/acme/production/a b/targets", "{}").status, 400);
  const auto again = call("PUT", "/v1/factories/acme/production/beta/targets", to_json(signed_by(targets, {&mine})));
  EXPECT_EQ(again.status, 409);
  EXPECT_THAT(again.body, HasSubstr("at least 42"));
  const Json found = json_of(call("GET", "/ota/factories/acme/prod-targets/?tag=other,main"));
  EXPECT_EQ(*found.find("main")->find("signed"), targets);
  EXPECT_EQ(found.find("main")->find("signatures")->if_array()->size(), 2u) << "the server's own too";
  EXPECT_EQ(call("GET", "/ota/factories/acme/prod-targets/?tag=other").status, 404);

  targets["version"] = 42;
  const Json wave =
      Json::Object{{"name", "w1"}, {"version", 42}, {"tag", "main"}, {"targets", signed_by(targets, {&mine})}};
  ASSERT_EQ(call("POST", "/ota/factories/acme/waves/", to_json(wave)).status, 201);
  EXPECT_NE(json_of(call("GET", "/ota/factories/acme/wave-targets/?name=w1")).find("w1"), nullptr);
  EXPECT_EQ(call("POST", "/ota/factories/acme/waves/w1/complete/").status, 200);
  EXPECT_EQ(call("POST", "/ota/factories/acme/waves/w1/cancel/").status, 404);
  EXPECT_EQ(*json_of(call("GET", "/ota/factories/acme/prod-targets/")).find("main")->find("signed"), targets);
}

TEST_F(RootUpdatesApi, WarnsOfDevicesBehind) {
  registered("11111111-2222-3333-4444-555555555555", "foo");
  app().devices.note_root("11111111-2222-3333-4444-555555555555", 1, RootSource::request);
  app().devices.check_in("11111111-2222-3333-4444-555555555555", {});
  EXPECT_THAT(to_json(*state().find("issues")), AllOf(HasSubstr("devices-behind"), HasSubstr("foo")));
  app().devices.note_root("11111111-2222-3333-4444-555555555555", 2, RootSource::request);
  EXPECT_THAT(to_json(*state().find("issues")), Not(HasSubstr("devices-behind")));
}

TEST_F(RootUpdatesApi, TellsWhoIsAsking) {
  EXPECT_EQ(json_of(call("GET", "/ota/factories/acme/users/self/")).text("polis-id").value(), "owner@acme");
}

}  // namespace
}  // namespace rota::server
