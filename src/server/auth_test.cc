#include "server/auth.h"

#include "server/installation_for_test.h"

namespace rota::server {
namespace {

class AuthTest : public test::Installed {
 protected:
  http::Request with(const Headers& headers, const std::string& address = "127.0.0.1") {
    http::Request request;
    request.headers = headers;
    request.peer = std::make_shared<http::Peer>(http::Peer{.address = address, .tls = true, .certificate = {}});
    return request;
  }
  int status(const Headers& headers, const std::string& address = "127.0.0.1") {
    const auto admission = admit_anyone(app().auth, with(headers, address));
    return admission.refusal ? admission.refusal->status : 200;
  }
};

TEST_F(AuthTest, AcceptsEachFormOfAToken) {
  const std::string token = token_with({"devices:read"});
  const std::vector<Headers> forms = {{{"osf-token", token}},
                                      {{"Authorization", "Bearer " + token}},
                                      {{"Authorization", "bearer " + base64(token)}},
                                      {{"Authorization", "Basic " + base64("anybody:" + token)}}};
  for (const auto& headers : forms) EXPECT_EQ(status(headers), 200) << headers[0].second;
}

TEST_F(AuthTest, RefusesWhatIsNoKnownToken) {
  const std::string token = token_with({"*"});
  EXPECT_EQ(status({}), 401);
  EXPECT_EQ(status({{"Authorization", "Bearer " + base64(base64(token))}}, "10.0.0.1"), 401);  // decoded at most once
  EXPECT_EQ(status({{"Authorization", "Digest " + token}}), 401);
  EXPECT_EQ(status({{"OSF-TOKEN", token.substr(1)}}, "10.0.0.2"), 401);
}

TEST_F(AuthTest, TakesTheCertificateOfAnOperator) {
  const auto admitted = app().pki.issue_operator("acme", "owner@acme").value();
  const auto stranger = app().pki.issue_operator("acme", "stranger@acme").value();
  ASSERT_TRUE(app().auth.admit_certificate(admitted.certificate, {"owner@acme", "tool", "acme", {"targets:read"}}).ok());
  const auto by = [this](const crypto::Certificate& certificate, const Headers& headers) {
    http::Request request = with(headers);
    request.peer = std::make_shared<http::Peer>(http::Peer{.address = "127.0.0.1", .tls = true, .certificate = certificate});
    return app().auth.caller_of(request);
  };
  const auto caller = by(admitted.certificate, {});
  ASSERT_TRUE(caller.ok()) << caller.error().what;
  EXPECT_EQ(caller->user, "owner@acme");
  EXPECT_TRUE(caller->may("targets:read", "acme"));
  EXPECT_FALSE(caller->may("targets:read", "beta"));
  EXPECT_EQ(by(stranger.certificate, {}).error().fault, Fault::denied) << "issued, and admitted by nobody";
  EXPECT_EQ(by(admitted.certificate, {{"OSF-TOKEN", "wrong"}}).error().fault, Fault::denied) << "a token goes before";
  EXPECT_EQ(app().auth.caller_of_token(admitted.certificate.der()).error().fault, Fault::denied) << "what everybody may see is no token";
  clock_.pass(days(366));
  EXPECT_EQ(by(admitted.certificate, {}).error().fault, Fault::denied);
}

TEST_F(AuthTest, KeepsNoTokenInClear) {
  const std::string token = token_with({"*"});
  installation_.reset();
  const Bytes file = files_.read(folder_ + "/data/rota.db", 1u << 24).value();
  EXPECT_EQ(file.find(token), Bytes::npos);
}

TEST_F(AuthTest, RefusesAnExpiredToken) {
  const auto token = app().auth.make_token({"u", "short", "acme", {"*"}, clock_.now() + Seconds(10)}).value();
  EXPECT_TRUE(app().auth.caller_of_token(token).ok());
  clock_.pass(Seconds(10));
  EXPECT_EQ(app().auth.caller_of_token(token).error().fault, Fault::denied);
}

TEST_F(AuthTest, GivesAnAccessTokenForUserAndSecret) {
  const auto secret = app().auth.make_token({"owner@acme", "archive", "acme", {"targets:read"}}).value();
  const auto access = app().auth.access_token("owner@acme", secret, Seconds(60)).value();
  const auto caller = app().auth.caller_of_token(access).value();
  EXPECT_TRUE(caller.may("targets:read", "acme"));
  EXPECT_FALSE(caller.may("keys:update", "acme"));
  EXPECT_EQ(app().auth.access_token("other@acme", secret, Seconds(60)).error().fault, Fault::denied);
  clock_.pass(Seconds(60));
  EXPECT_FALSE(app().auth.caller_of_token(access).ok());
}

TEST_F(AuthTest, GivesNoAccessTokenThatOutlivesItsSecret) {
  const auto secret = app().auth.make_token({"u", "short", "acme", {"*"}, clock_.now() + Seconds(10)}).value();
  const auto access = app().auth.access_token("u", secret, Seconds(60)).value();
  clock_.pass(Seconds(5));
  const auto renewed = app().auth.access_token("u", access, Seconds(60)).value();
  clock_.pass(Seconds(5));
  EXPECT_EQ(app().auth.caller_of_token(access).error().fault, Fault::denied);
  EXPECT_EQ(app().auth.caller_of_token(renewed).error().fault, Fault::denied);
}

TEST_F(AuthTest, ShutsAnAddressOutAfterFiveWrongTokens) {
  const Headers wrong = {{"OSF-TOKEN", "wrong"}}, right = {{"OSF-TOKEN", token_with({"*"})}};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(status(wrong), 401) << i;
  const auto admission = admit_anyone(app().auth, with(right));
  ASSERT_TRUE(admission.refusal);
  EXPECT_EQ(admission.refusal->status, 429);
  EXPECT_FALSE(header(admission.refusal->headers, "Retry-After").empty());
  EXPECT_EQ(status(right, "10.9.9.9"), 200);
  EXPECT_EQ(status({}), 401);  // no credential is no failure, and gets its challenge
  clock_.pass(Seconds(301));
  EXPECT_EQ(status(right), 200);
}

TEST_F(AuthTest, CountsOnlyFailures) {
  const Headers right = {{"OSF-TOKEN", token_with({"*"})}};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(status(right), 200);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(status({}), 401);
}

TEST_F(AuthTest, AdmitsByScopeAndFactory) {
  const Headers headers = {{"OSF-TOKEN", token_with({"devices:create"})}};
  EXPECT_TRUE(admit(app().auth, with(headers), "devices:create", "acme").caller.has_value());
  EXPECT_EQ(admit(app().auth, with(headers), "devices:delete", "acme").refusal->status, 403);
  EXPECT_EQ(admit(app().auth, with(headers), "devices:create", "other").refusal->status, 403);
  EXPECT_EQ(admit(app().auth, with(headers), "devices:create", "").refusal->status, 403);
}

TEST(CallerMay, FollowsScopes) {
  const struct {
    std::string bound;
    std::set<std::string> scopes;
    std::string wanted, factory;
    bool may;
  } kCases[] = {
      {"", {"*"}, "keys:update", "", true},
      {"acme", {"*"}, "keys:update", "acme", true},
      {"acme", {"*"}, "keys:update", "", false},
      {"acme", {"*"}, "keys:update", "beta", false},
      {"", {"acme:devices:create"}, "devices:create", "acme", true},
      {"", {"acme:devices:create"}, "devices:create", "beta", false},
      {"", {"targets:read-update"}, "targets:read", "acme", true},
      {"", {"targets:read"}, "targets:read-update", "acme", false},
  };
  for (const auto& c : kCases)
    EXPECT_EQ((Caller{"u", "t", c.bound, c.scopes}.may(c.wanted, c.factory)), c.may) << c.wanted << " " << c.factory;
}

}  // namespace
}  // namespace rota::server
