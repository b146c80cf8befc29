#include "runner/run_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/hash.h"
#include "runner/log_stream.h"
#include "runner/server_for_test.h"

namespace rota::runner {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Patience kImpatient{5, std::chrono::milliseconds(0)};

// A server that keeps a log by offset, as ci.md 5 has it.
class LogServer {
 public:
  Result<FetchReply> answer(const FetchRequest& request) {
    auto offset = static_cast<std::size_t>(std::stoul(std::string(header(request.headers, "X-OFFSET"))));
    EXPECT_EQ(header(request.headers, "X-SHA256"), crypto::sha256_hex(request.body));
    FetchReply reply{200, {}, {}};
    if (offset > log.size()) reply.status = 409;
    else if (offset + request.body.size() > log.size()) log += request.body.substr(log.size() - offset);
    reply.body = R"({"size":)" + std::to_string(log.size()) + "}";
    return reply;
  }
  std::string log;
};

TEST(Answered, AsksAgainWhileTheServerIsAway) {
  int asked = 0;
  test::FakeServer server([&](const FetchRequest&) -> Result<FetchReply> {
    ++asked;
    if (asked == 1) return unavailable("no connection");
    return FetchReply{asked == 2 ? 503 : 200, {}, "{}"};
  });
  EXPECT_TRUE(answered(server, {}, kImpatient).ok());
  EXPECT_EQ(asked, 3);
}

TEST(Answered, RefusesAtOnceWhatWillNotChange) {
  const std::pair<int, Fault> cases[] = {{400, Fault::rejected}, {401, Fault::denied},   {403, Fault::denied},
                                         {404, Fault::not_found}, {409, Fault::conflict}, {422, Fault::rejected}};
  for (auto [status, fault] : cases) {
    test::FakeServer server([status = status](const FetchRequest&) { return FetchReply{status, {}, R"({"message":"because"})"}; });
    auto refused = answered(server, {.url = "https://api/x?signature=secret"}, kImpatient);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().fault, fault) << status;
    EXPECT_THAT(refused.error().what, HasSubstr("because"));
    EXPECT_THAT(refused.error().what, Not(HasSubstr("secret")));
    EXPECT_EQ(server.requests.size(), 1u);
  }
}

TEST(Answered, GivesUpInTheEnd) {
  test::FakeServer server([](const FetchRequest&) { return FetchReply{500, {}, {}}; });
  EXPECT_EQ(answered(server, {}, kImpatient).error().fault, Fault::unavailable);
  EXPECT_EQ(server.requests.size(), 5u);
}

TEST(RunLink, CarriesTheRunKeyInAHeaderAndNowhereElse) {
  auto run = test::a_run();
  test::FakeServer server([](const FetchRequest&) { return FetchReply{200, {}, R"({"size":1,"targets-version":2})"}; });
  RunLink link(server, run, kImpatient);
  ASSERT_TRUE(link.append_log(0, "x").ok() && link.report("PASSED", "").ok() && link.publish_targets(Json::Object{}).ok());
  for (const auto& request : server.requests) {
    EXPECT_EQ(header(request.headers, "Authorization"), "Token k3y-of-the-run");
    EXPECT_THAT(request.url + request.body, Not(HasSubstr("k3y")));
  }
}

TEST(RunLink, TellsThatTargetsAwaitASignature) {
  auto run = test::a_run();
  test::FakeServer server([](const FetchRequest&) { return FetchReply{202, {}, "{}"}; });
  auto published = RunLink(server, run, kImpatient).publish_targets(Json::Object{});
  ASSERT_TRUE(published.ok());
  EXPECT_FALSE(published->has_value());
}

TEST(LogStream, SendsEveryByteOnceAlsoWhenAnAnswerIsLost) {
  auto run = test::a_run();
  LogServer log;
  int calls = 0;
  test::FakeServer server([&](const FetchRequest& request) -> Result<FetchReply> {
    auto answer = log.answer(request);
    if (++calls % 2 == 1) return unavailable("cut after it was stored");
    return answer;
  });
  RunLink link(server, run, kImpatient);
  LogStream stream(link, run);
  std::string all;
  for (int i = 0; i < 20'000; ++i) {
    auto line = "line " + std::to_string(i) + "\n";
    all += line;
    ASSERT_TRUE(stream.add(line).ok());
  }
  ASSERT_TRUE(stream.finish().ok());
  EXPECT_EQ(log.log, all);
  EXPECT_GT(server.requests.size(), 2u);
}

TEST(LogStream, HidesSecretsAndTheRunKeyAcrossChunks) {
  auto run = test::a_run();
  LogServer log;
  test::FakeServer server([&](const FetchRequest& request) { return log.answer(request); });
  RunLink link(server, run, kImpatient);
  LogStream stream(link, run);
  ASSERT_TRUE(stream.add(std::string(64 * 1024 - 4, '.') + "hush").ok());  // a chunk ends in the middle of it
  ASSERT_TRUE(stream.add("-hush and k3y-of-").ok());
  ASSERT_TRUE(stream.add("the-run " + base64("hush-hush")).ok());
  ASSERT_TRUE(stream.finish().ok());
  EXPECT_THAT(log.log, HasSubstr("*** and *** ***"));
  EXPECT_THAT(log.log, Not(HasSubstr("hush")));
}

TEST(LogStream, RefusesToGoOnWhenTheRunIsOver) {
  auto run = test::a_run();
  test::FakeServer server([](const FetchRequest&) { return FetchReply{409, {}, R"({"size":0})"}; });
  RunLink link(server, run, kImpatient);
  LogStream stream(link, run);
  ASSERT_TRUE(stream.add("x").ok());
  EXPECT_EQ(stream.finish().error().fault, Fault::conflict);
}

}  // namespace
}  // namespace rota::runner
