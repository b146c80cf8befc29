// What the line between can do without any key: endless data, stalling, odd answers. Bounded in bytes and time, told apart from
// an attack where it is none, and never taken for "there is no newer root" (tuf-client.md 3, 4).
#include <gtest/gtest.h>

#include "client/attack_for_test.h"

namespace rota::client {
namespace {

using namespace attack;
using testing::ElementsAre;

const Dialect kDialects[] = {Dialect::tuf, Dialect::uptane};
const std::string kNextRoot = "metadata/2.root.json";

// The files of a set in the order they are asked for, and what is accepted before each.
struct Stage {
  std::string role;
  std::vector<std::string> accepted;
};
const Stage kStages[] = {{"timestamp", {}}, {"snapshot", {"timestamp"}}, {"targets", {"timestamp", "snapshot"}}};

// Each file of the next set, spoilt in turn; the honest repository is believed again afterwards.
void expect_at_each_stage(const std::function<void(Victim&, const std::string& role)>& spoil, Fault fault,
                          const std::string& text) {
  for (const Dialect dialect : kDialects) {
    for (const Stage& stage : kStages) {
      SCOPED_TRACE(stage.role + (dialect == Dialect::tuf ? ", tuf" : ", uptane"));
      Victim victim(dialect);
      victim.publish_next();
      spoil(victim, stage.role);
      const auto before = victim.everything();
      expect_refused(victim.refresh(), fault, text);
      expect_unchanged(before, victim.everything(), stage.accepted);
      victim.server.be_honest();
      const Status after = victim.refresh();
      EXPECT_TRUE(after.ok()) << after.error().what;
    }
  }
}

TEST(MirrorAttack, EndlessDataIsCutAtTheLimit) {
  for (const Dialect dialect : kDialects) {
    for (const std::string role : {"root", "timestamp", "snapshot", "targets"}) {
      SCOPED_TRACE(role);
      Victim victim(dialect);
      victim.publish_next([](Set& set) { set.facts = Set::Facts::left_out; });
      victim.server.never_end(role == "root" ? kNextRoot : victim.path(role));
      const auto sent = victim.server.bytes_sent();
      expect_refused(victim.refresh(), Fault::rejected, "got more");
      const auto limit = tuf::max_size(*tuf::role_named(role), dialect);
      EXPECT_LE(victim.server.bytes_sent() - sent, limit + 4096) << "and the small files before it";
      EXPECT_GE(victim.server.bytes_sent() - sent, limit);
    }
  }
}

TEST(MirrorAttack, EndlessDataIsCutAtTheLengthThatIsKnown) {
  for (const Dialect dialect : kDialects) {
    Victim victim(dialect);
    victim.publish_next();
    victim.server.never_end(victim.path("targets"));
    const auto sent = victim.server.bytes_sent();
    expect_refused(victim.refresh(), Fault::rejected, "got more");
    EXPECT_LE(victim.server.bytes_sent() - sent, 8192u);
  }
}

TEST(MirrorAttack, EndlessTargetIsCutAtItsLength) {
  Victim victim;
  const std::string content = victim.set.offers.at("app");
  victim.server.never_end("targets/" + crypto::sha256_hex(content) + ".app");
  const auto before = victim.everything();
  const auto sent = victim.server.bytes_sent();
  expect_refused(victim.download("app"), Fault::rejected, "got more");
  EXPECT_LE(victim.server.bytes_sent() - sent, 8192u);
  expect_unchanged(before, victim.everything());
}

TEST(MirrorAttack, AStallEndsWithinPatience) {
  expect_at_each_stage([](Victim& victim, const std::string& role) { victim.server.stall(victim.path(role)); }, Fault::unavailable,
                       "no answer within");
  Victim victim;
  victim.server.stall(kNextRoot);
  expect_refused(victim.refresh(), Fault::unavailable, "no answer within");
  EXPECT_GT(victim.server.waited(), Seconds(0));
  EXPECT_LE(victim.server.waited(), Seconds(300));
}

TEST(MirrorAttack, OddStatusesOfNeededFilesAreNoAnswer) {
  for (const int status : {204, 302, 304, 401, 403, 404, 500, 503}) {
    SCOPED_TRACE(status);
    const Fault fault = status == 401 || status == 403 ? Fault::denied : Fault::unavailable;
    const auto answer = [&](Victim& victim, const std::string& role) {
      victim.server.answer_with(victim.path(role), {status, {}, ""});
    };
    expect_at_each_stage(answer, fault, "the server answers " + std::to_string(status));
  }
}

// TUF 5.3.3: only a file that is not there ends the chain.
TEST(MirrorAttack, OddStatusesOfTheNextRootAreNotItsAbsence) {
  for (const Dialect dialect : kDialects) {
    for (const int status : {204, 302, 401, 403, 410, 500, 503}) {
      SCOPED_TRACE(status);
      Victim victim(dialect);
      victim.rotate();
      victim.publish_next();
      victim.server.answer_with(kNextRoot, {status, {}, ""});
      const auto before = victim.everything();
      expect_refused(victim.refresh(), status == 401 || status == 403 ? Fault::denied : Fault::unavailable,
                     "2.root.json: the server answers " + std::to_string(status));
      expect_unchanged(before, victim.everything());
      EXPECT_THAT(victim.server.requests(), ElementsAre(kNextRoot));
    }
  }
}

TEST(MirrorAttack, WhatIsNoMetadataIsRefused) {  // DEV-21
  const std::string bodies[] = {"",
                                "<html><body>Please log in</body></html>",
                                "{}",
                                "[]",
                                "null",
                                std::string(16'000, '['),
                                "\xef\xbb\xbf{}",
                                "{\"signed\":{},\"signatures\":[]}",
                                std::string("\0\0\0\0", 4)};
  for (const auto& body : bodies) {
    SCOPED_TRACE(body.substr(0, 30));
    const auto answer = [&](Victim& victim, const std::string& role) {
      victim.publish_next([](Set& set) { set.facts = Set::Facts::left_out; });
      victim.server.answer_with(victim.path(role), {200, {}, body});
    };
    expect_at_each_stage(answer, Fault::rejected, ": ");
  }
}

// The good timestamp with something that JSON forbids, or that a careless reader takes for something else.
TEST(MirrorAttack, MetadataWithASecondMeaningIsRefused) {  // DEV-21
  const auto version = [](const char* to) {
    return [to](Bytes file) {
      const std::string_view from = "\"version\":6";
      return file.replace(file.rfind(from), from.size(), to);
    };
  };
  struct Row {
    const char* name;
    std::function<Bytes(Bytes)> spoilt;
    const char* text;
  };
  const Row rows[] = {
      {"a member twice", version("\"version\":6,\"version\":6"), "timestamp: json"},
      {"a member twice, spelled otherwise", version("\"version\":6,\"v\\u0065rsion\":6"), "timestamp: json"},
      {"a version that is text", version("\"version\":\"6\""), "timestamp: version: want"},
      {"a version with a fraction", version("\"version\":6.0"), "plain integer"},
      {"a version with an exponent", version("\"version\":6e0"), "plain integer"},
      {"a version that is true", version("\"version\":true"), "timestamp: version: want"},
      {"no version", version("\"x\":6"), "timestamp: version: want"},
      {"something behind it", [](const Bytes& file) { return file + "{}"; }, "timestamp: json"},
      {"a comment before it", [](const Bytes& file) { return "/* */" + file; }, "timestamp: json"},
      {"a byte order mark before it", [](const Bytes& file) { return "\xef\xbb\xbf" + file; }, "timestamp: json"},
  };
  for (const Dialect dialect : kDialects) {
    for (const Row& row : rows) {
      SCOPED_TRACE(row.name);
      Victim victim(dialect);
      victim.publish_next();
      victim.served("timestamp") = row.spoilt(victim.served("timestamp"));
      const auto before = victim.everything();
      expect_refused(victim.refresh(), Fault::rejected, row.text);
      expect_unchanged(before, victim.everything());
    }
  }
}

}  // namespace
}  // namespace rota::client
