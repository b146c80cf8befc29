#include "device/gateway.h"

#include <gmock/gmock.h>

namespace rota::device {
namespace {

using testing::ElementsAre;

// Answers from a list, then with 200; a status of 0 is a broken connection, of -1 a refused identity.
class Wire final : public Fetcher {
 public:
  Result<FetchReply> fetch(const FetchRequest& request) override {
    ++requests;
    headers = request.headers;
    const int status = answers.empty() ? 200 : answers.front();
    if (!answers.empty()) answers.erase(answers.begin());
    if (status == 0) return unavailable("broken");
    if (status == -1) return denied("refused");
    return FetchReply{status, {}, ""};
  }
  std::vector<int> answers;
  int requests = 0;
  Headers headers;
};

TEST(Gateway, TriesAgainTwiceASecondApart) {
  struct Row {
    std::vector<int> answers;
    int requests;
    bool answered;
  };
  for (const Row& row : {Row{{0, 500, 200}, 3, true}, Row{{0, 0, 0}, 3, false}, Row{{503, 503, 503}, 3, true},
                         Row{{404}, 1, true}, Row{{-1}, 1, false}}) {
    Wire wire;
    wire.answers = row.answers;
    std::vector<std::chrono::milliseconds> pauses;
    Gateway gateway(wire, [&](std::chrono::milliseconds pause) {
      pauses.push_back(pause);
      return Command::GoOn::yes;
    });
    EXPECT_EQ(gateway.fetch({.url = "u"}).ok(), row.answered);
    EXPECT_EQ(wire.requests, row.requests);
    EXPECT_EQ(pauses,
              std::vector<std::chrono::milliseconds>(static_cast<std::size_t>(row.requests - 1), std::chrono::seconds(1)));
  }
}

TEST(Gateway, TriesOnceWhileTheServerIsDown) {
  Wire wire;
  wire.answers = {0, 0, 0, 0, 200, 0, 0, 0};
  Gateway gateway(wire, [](std::chrono::milliseconds) { return Command::GoOn::yes; });
  EXPECT_FALSE(gateway.fetch({.url = "u"}).ok());
  EXPECT_TRUE(gateway.is_down());
  EXPECT_FALSE(gateway.fetch({.url = "u"}).ok());
  EXPECT_EQ(wire.requests, 4);
  EXPECT_TRUE(gateway.fetch({.url = "u"}).ok());
  EXPECT_FALSE(gateway.is_down());
  EXPECT_FALSE(gateway.fetch({.url = "u"}).ok());
  EXPECT_EQ(wire.requests, 8);
}

TEST(Gateway, TriesNothingAgainOnceTheAgentIsToStop) {
  Wire wire;
  wire.answers = {0, 200};
  Gateway gateway(wire, [](std::chrono::milliseconds) { return Command::GoOn::no; });
  EXPECT_FALSE(gateway.fetch({.url = "u"}).ok());
  EXPECT_EQ(wire.requests, 1);
}

TEST(Gateway, NeverSendsASecondAnswerToASink) {
  Wire wire;
  wire.answers = {0, 200};
  Gateway gateway(wire, [](std::chrono::milliseconds) { return Command::GoOn::yes; });
  EXPECT_FALSE(gateway.fetch({.url = "u", .sink = [](BytesView) { return Status(); }}).ok());
  EXPECT_EQ(wire.requests, 1);
}

TEST(CheckInHeaders, HoldOnlyWhatAHeaderMay) {
  PackageSettings package;
  package.tags = {"main", "beta"};
  const auto headers = check_in_headers(package, {.name = "a\nb\xC3", .hash = ""}, "abc");
  EXPECT_THAT(headers, ElementsAre(std::pair<std::string, std::string>("x-ats-tags", "main,beta"),
                                   std::pair<std::string, std::string>("x-ats-target", "a?b?"),
                                   std::pair<std::string, std::string>("x-ats-ostreehash", "abc")));
}

}  // namespace
}  // namespace rota::device
