// keys tuf updates …: the public wire contract against a simulated server, honest and lying.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compat/updates_for_test.h"

namespace rota::compat {
namespace {

using test::id;
using test::targets_file;
using test::UpdatesBench;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using tuf::Role;

TEST(Updates, OneAdministratorRotatesTheRootKey) {
  UpdatesBench bench;
  const auto opened = bench.init();
  ASSERT_EQ(opened.code, 0) << opened.err;
  EXPECT_THAT(opened.out, HasSubstr("Creating new TUF updates transaction"));
  EXPECT_THAT(opened.out, HasSubstr(bench.updates.txid()));
  const auto staged = bench.stage({"rotate-offline-key", "-r", "ROOT", "-k", bench.path, "-s"});
  ASSERT_EQ(staged.code, 0) << staged.err << staged.out;
  EXPECT_THAT(staged.out, HasSubstr("Old root keyid: " + id('2')));
  EXPECT_THAT(bench.names_of("a.tgz"), ElementsAre("a.tgz", "a.tgz.bak"));
  const auto done = bench.stage({"apply"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(bench.newest()->version, 3);
  EXPECT_TRUE(bench.opens_newest(bench.archive_now()));
  EXPECT_EQ(bench.newest_production()->version, 3);
  EXPECT_EQ(bench.newest_production()->role(Role::root).key_ids, bench.newest()->role(Role::root).key_ids);
  EXPECT_EQ(bench.stage({"apply"}).code, 1) << "nothing is in progress";
}

TEST(Updates, TwoAdministratorsWorkOnOneDraft) {
  UpdatesBench bench;
  ASSERT_EQ(bench.init().code, 0);
  bench.token = "bob";
  const std::string mine = "/home/owner/bob.tgz";
  const std::vector<std::string> add = {"add-offline-key", "-r", "root", "-k", mine, "--trust-on-first-use"};
  for (const auto& txid : {std::string(), std::string("tx-wrong")}) {
    auto wrong = add;
    if (!txid.empty()) wrong.insert(wrong.end(), {"-x", txid});
    EXPECT_NE(bench.stage(wrong).code, 0) << txid;
    EXPECT_THAT(bench.names_of("bob.tgz"), testing::Each(HasSubstr(".unused-"))) << "an archive of a key nobody staged";
  }
  auto right = add;
  right.insert(right.end(), {"-x", bench.updates.txid()});
  const auto added = bench.stage(right);
  ASSERT_EQ(added.code, 0) << added.err;
  EXPECT_EQ(bench.draft(false).role(Role::root).key_ids.size(), 2u);
  EXPECT_EQ(bench.draft(true).role(Role::root).key_ids.size(), 2u);
  EXPECT_EQ(bench.stage({"review"}).code, 0) << "needs no txid";
  bench.token = "alice";
  EXPECT_EQ(bench.stage({"sign", "-k", bench.path}).code, 2) << "not without having looked at it";
  ASSERT_EQ(bench.stage({"sign", "-k", bench.path, "--yes"}).code, 0);
  bench.token = "bob";
  ASSERT_EQ(bench.stage({"set-threshold", "2", "-r", "root", "-x", bench.updates.txid()}).code, 0);
  EXPECT_EQ(bench.signatures(false), 0u) << "a body that was edited keeps no signature";
  EXPECT_EQ(bench.stage({"apply", "-x", bench.updates.txid()}).code, 2);
  bench.token = "alice";
  ASSERT_EQ(bench.stage({"sign", "-k", bench.path, "--yes"}).code, 0);
  bench.token = "bob";
  EXPECT_EQ(bench.stage({"apply", "-x", bench.updates.txid()}).code, 2) << "one of two signatures";
  const auto second = bench.stage({"sign", "-k", mine, "--yes", "-x", bench.updates.txid()});
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(bench.signatures(false), 2u) << "the other signature stays";
  ASSERT_EQ(bench.stage({"apply", "-x", bench.updates.txid()}).code, 0);
  EXPECT_EQ(bench.newest()->role(Role::root).threshold, 2);
  EXPECT_EQ(bench.newest_production()->role(Role::targets).threshold, 2);
  EXPECT_EQ(bench.newest()->role(Role::targets).threshold, 1);
}

TEST(Updates, RefuseWhatWouldLockTheOwnerOut) {
  const std::vector<std::string> rows[] = {{"set-threshold", "3", "-r", "root"},
                                           {"set-threshold", "0", "-r", "root"},
                                           {"set-threshold", "1", "-r", "targets"},
                                           {"delete-offline-key", "-r", "root", "-i", id('2')},
                                           {"delete-offline-key", "-r", "root", "-i", id('7')},
                                           {"delete-offline-key", "-r", "targets", "-i", id('t')},
                                           {"add-offline-key", "-r", "root", "-k", "/home/owner/a.tgz"},
                                           {"rotate-offline-key", "-r", "root", "-k", "/home/owner/t.tgz"},
                                           {"rotate-offline-key", "-r", "root", "-k", "/home/owner/nowhere/x.tgz"},
                                           {"add-offline-key", "-r", "root", "-k", "/home/nobody/x.tgz"},
                                           {"rotate-offline-key", "-r", "root", "-k", "a", "-K", "b"},
                                           {"rotate-offline-key", "-r", "snapshot", "-k", "/home/owner/a.tgz"},
                                           {"rotate-online-key", "-r", "root"},
                                           {"rotate-online-key", "-r", "targets", "-s"},
                                           {"set-threshold", "2", "-r", "root", "-s"}};
  for (auto args : rows) {
    UpdatesBench bench;
    ASSERT_EQ(bench.init().code, 0);
    const Bytes before = bench.updates.draft(false);
    args.emplace_back("--trust-on-first-use");
    const auto done = bench.stage(args);
    EXPECT_NE(done.code, 0) << testing::PrintToString(args) << done.out;
    EXPECT_THAT(done.err, HasSubstr("ERROR: "));
    EXPECT_EQ(bench.updates.calls("PUT"), 0) << testing::PrintToString(args);
    EXPECT_EQ(bench.updates.draft(false), before);
    EXPECT_EQ(bench.bytes(bench.path), bench.before);
  }
}

TEST(Updates, WithoutATransactionAreOnlyReviewed) {
  UpdatesBench bench;
  EXPECT_THAT(bench.stage({"review"}).out, HasSubstr("No TUF updates are in progress"));
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"sign", "-k", "/home/owner/a.tgz"}, {"set-threshold", "1", "-r", "root"},
        {"rotate-offline-key", "-r", "root", "-k", "/home/owner/a.tgz"}, {"apply"}}) {
    const auto done = bench.stage(args);
    EXPECT_EQ(done.code, 1);
    EXPECT_THAT(done.err, HasSubstr("updates init"));
  }
}

TEST(Updates, CancelPutsTheDraftAwayAndASecondInitWaits) {
  UpdatesBench bench;
  ASSERT_EQ(bench.init().code, 0);
  EXPECT_EQ(bench.init().code, 4);
  bench.token = "bob";
  ASSERT_EQ(bench.stage({"cancel"}).code, 0) << "needs no txid";
  EXPECT_EQ(bench.newest()->version, 2);
  EXPECT_EQ(bench.init().code, 0);
}

struct Lie {
  const char* name;
  std::function<void(Json& ci, Json& prod)> tell;
};

// fioctl.md B9: nothing is signed, the difference is printed, exit 2, no file has changed.
TEST(Updates, RefuseADraftWithWhatNobodyAskedFor) {
  const auto body = [](Json& root) -> Json& { return root["signed"]; };
  const auto add_key = [&](Json& root, char seed, std::string keyid) {
    body(root)["keys"][keyid] = tuf::public_key_json(sim::key_of(seed).public_key());
    body(root)["roles"]["root"]["keyids"].push_back(Json(keyid));
  };
  const Lie rows[] = {
      {"a foreign member", [&](Json& ci, Json&) { body(ci)["x-extra"] = Json("z"); }},
      {"in production", [&](Json&, Json& prod) { body(prod)["x-extra"] = Json("z"); }},
      {"another version", [&](Json& ci, Json&) { body(ci)["version"] = Json(9); }},
      {"an earlier expiry", [&](Json& ci, Json&) { body(ci)["expires"] = Json("2031-01-01T00:00:00Z"); }},
      {"a key under a foreign id", [&](Json& ci, Json&) { add_key(ci, 'z', id('y')); }},
      {"another key under a known id",
       [&](Json& ci, Json&) { body(ci)["keys"][id('2')] = tuf::public_key_json(sim::key_of('z').public_key()); }},
      {"the threshold of ci targets", [&](Json& ci, Json&) { body(ci)["roles"]["targets"]["threshold"] = Json(2); }},
      {"another role", [&](Json& ci, Json&) { body(ci)["roles"]["extra"] = body(ci)["roles"]["root"]; }},
      {"no root at all", [&](Json& ci, Json&) { body(ci) = Json(Json::Object{}); }}};
  for (const auto& row : rows) {
    for (const std::vector<std::string>& args :
         {std::vector<std::string>{"sign", "-k", "/home/owner/a.tgz", "--yes"},
          {"rotate-offline-key", "-r", "root", "-k", "/home/owner/a.tgz", "-s", "--yes"}}) {
      UpdatesBench bench;
      ASSERT_EQ(bench.init().code, 0);
      bench.updates.lie(row.tell);
      const auto names = bench.names_of("a.tgz");
      const auto done = bench.stage(args);
      EXPECT_EQ(done.code, 2) << row.name << ": " << done.err << done.out;
      EXPECT_EQ(bench.updates.calls("PUT"), 0) << row.name;
      EXPECT_EQ(bench.bytes(bench.path), bench.before) << row.name;
      EXPECT_EQ(bench.names_of("a.tgz"), names) << row.name;
    }
  }
}

TEST(Updates, ShowAForeignKeyAndSignOnlyWhenToldTo) {
  UpdatesBench bench;
  ASSERT_EQ(bench.init().code, 0);
  bench.updates.lie([](Json& ci, Json& prod) {
    for (Json* root : {&ci, &prod}) {
      (*root)["signed"]["keys"][id('z')] = tuf::public_key_json(sim::key_of('z').public_key());
      (*root)["signed"]["roles"]["root"]["keyids"].push_back(Json(id('z')));
    }
  });
  const auto done = bench.stage({"sign", "-k", bench.path});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.out, HasSubstr("root: + " + id('z')));
  EXPECT_EQ(bench.updates.calls("PUT"), 0);
}

TEST(Updates, RotateOnlineKeysAndSignThemInOneRun) {
  UpdatesBench bench;
  ASSERT_EQ(bench.init().code, 0);
  const auto staged = bench.stage({"rotate-online-key", "-r", "targets,snapshot,Timestamp", "-s", "-k", bench.path, "--yes"});
  ASSERT_EQ(staged.code, 0) << staged.err;
  EXPECT_THAT(staged.out, HasSubstr("New online targets keyid: " + id('A')));
  const auto applied = bench.stage({"apply"});
  ASSERT_EQ(applied.code, 0) << applied.err;
  EXPECT_EQ(bench.newest()->role(Role::snapshot).key_ids.front().hex, id('B'));
  EXPECT_EQ(bench.newest()->role(Role::targets).key_ids.front().hex, id('A')) << "the online key stays first";
  EXPECT_EQ(bench.newest()->role(Role::root).key_ids.front().hex, id('2'));
}

TEST(Updates, AYesIsWorthWhatTheServerShowsAfterIt) {
  UpdatesBench bench;
  ASSERT_EQ(bench.init().code, 0);
  bench.updates.refuse_next("gen-online-keys", 200);
  const auto staged = bench.stage({"rotate-online-key", "-r", "targets", "-s", "-k", bench.path, "--yes"});
  EXPECT_EQ(staged.code, 2);
  EXPECT_THAT(staged.err, HasSubstr("names no new online key of targets"));
  EXPECT_EQ(bench.updates.calls("PUT"), 0);
  bench.updates.refuse_next("cancel", 200);
  const auto cancelled = bench.stage({"cancel"});
  EXPECT_EQ(cancelled.code, 6);
  EXPECT_THAT(cancelled.err, HasSubstr("shows the TUF updates as before"));
  EXPECT_EQ(bench.stage({"cancel"}).code, 0);
}

TEST(Updates, ANewTargetsKeySignsWhatTheOldOneHadSigned) {
  UpdatesBench bench;
  bench.updates.publish_targets("main", targets_file("to"));
  bench.updates.publish_wave("w1", targets_file("to"));
  ASSERT_EQ(bench.init().code, 0);
  const auto staged = bench.stage({"rotate-offline-key", "-r", "targets", "-k", bench.path, "-K", bench.targets_path, "-s"});
  ASSERT_EQ(staged.code, 0) << staged.err << staged.out;
  EXPECT_THAT(staged.out, HasSubstr("Re-signing prod Targets"));
  EXPECT_EQ(bench.bytes(bench.path), bench.before) << "the root archive signs and is not changed";
  const auto applied = bench.stage({"apply"});
  ASSERT_EQ(applied.code, 0) << applied.err;
  const auto prod = bench.newest_production();
  EXPECT_EQ(prod->role(Role::targets).threshold, 2);
  EXPECT_TRUE(tuf::targets_under(*prod, bench.updates.targets().at("main")).ok());
  const auto mine = bench.archive_at(bench.targets_path).keys_among(prod->material(Role::targets));
  EXPECT_EQ(mine.size(), 1u);
}

TEST(Updates, ALostTargetsKeyIsReplacedBothWays) {
  for (const bool one_command : {true, false}) {
    UpdatesBench bench;
    bench.updates.publish_targets("main", targets_file("to"));
    const std::string fresh = "/home/owner/new.tgz";
    ASSERT_EQ(bench.init().code, 0);
    if (one_command) {
      const auto staged = bench.stage({"rotate-offline-key", "-r", "targets", "-K", fresh, "--lost-key", id('o'), "-k", bench.path});
      ASSERT_EQ(staged.code, 0) << staged.err;
    } else {
      const std::string trust = "--trust-on-first-use";
      ASSERT_EQ(bench.stage({"add-offline-key", "-r", "targets", "-k", fresh, trust}).code, 0);
      const auto deleted = bench.stage({"delete-offline-key", "-r", "targets", "-i", id('o'), trust});
      ASSERT_EQ(deleted.code, 0) << deleted.err;
      EXPECT_THAT(deleted.err, HasSubstr("'main' still need signatures"));
      const auto signed_now = bench.stage({"sign-prod-targets", "-k", fresh, "--yes"});
      ASSERT_EQ(signed_now.code, 0) << signed_now.err;
    }
    ASSERT_EQ(bench.stage({"sign", "-k", bench.path, "--yes"}).code, 0);
    const auto applied = bench.stage({"apply"});
    ASSERT_EQ(applied.code, 0) << applied.err << one_command;
    EXPECT_TRUE(tuf::targets_under(*bench.newest_production(), bench.updates.targets().at("main")).ok());
  }
}

TEST(Updates, SignNoTargetsThatDoNotVerifyOrHaveExpired) {
  for (const auto& bad : {targets_file("zy"), targets_file("to", "2029-01-01T00:00:00Z")}) {
    UpdatesBench bench;
    bench.updates.publish_targets("main", bad);
    ASSERT_EQ(bench.init().code, 0);
    const auto done = bench.stage({"rotate-offline-key", "-r", "targets", "-K", bench.targets_path, "--lost-key", id('o'), "-k", bench.path});
    EXPECT_EQ(done.code, 2) << done.err;
    EXPECT_EQ(bench.updates.calls("PUT"), 0);
  }
}

TEST(Updates, TheFirstRootKeyIsKeptBeforeItsReceiptIsConfirmed) {
  UpdatesBench bench;
  bench.updates.hold_first_root('2');
  const std::string file = "/home/owner/first.tgz";
  EXPECT_EQ(bench.stage({"init", "-m", "why", "--first-time"}).code, 1);
  EXPECT_EQ(bench.stage({"init", "-m", "why", "--first-time", "-k", bench.path}).code, 3) << "is there already";
  EXPECT_EQ(bench.stage({"init", "-m", "why", "--first-time", "-k", "/nowhere/x.tgz"}).code, 3);
  EXPECT_EQ(bench.updates.calls("POST"), 0) << "the server has released nothing";
  const auto done = bench.stage({"init", "-m", "why", "--first-time", "-k", file});
  ASSERT_EQ(done.code, 0) << done.err;
  const auto archive = bench.archive_at(file);
  ASSERT_NE(archive.find("tufrepo/keys/first-root.sec"), nullptr);
  EXPECT_FALSE(bench.updates.receipt().empty());
  EXPECT_EQ(bench.files.facts(file)->mode, 0600u);
  EXPECT_THAT(done.out + done.err, Not(HasSubstr(hex(sim::key_of('2').ed25519_seed().reveal()))));
}

TEST(Updates, TheFirstRootKeyIsTakenAgainAfterAPowerCut) {
  const std::vector<std::string> init = {"init", "-m", "why", "--first-time", "-k", "/home/owner/first.tgz"};
  for (int cut = 0;; ++cut) {
    SCOPED_TRACE("cut after file step " + std::to_string(cut));
    UpdatesBench bench;
    bench.updates.hold_first_root('2');
    bench.files.cut_after(cut);
    const bool done = bench.stage(init).code == 0;
    bench.files.restart();
    const bool there = bench.files.facts("/home/owner/first.tgz")->exists();
    EXPECT_TRUE(there || bench.updates.receipt().empty()) << "confirmed, and on no disk";
    if (bench.updates.is_open()) {
      EXPECT_EQ(bench.stage({"cancel"}).code, 0);
    }
    auto again = init;
    if (bench.files.facts("/home/owner/first.tgz.tmp")->exists()) {
      EXPECT_EQ(bench.stage(init).code, 4);
      again.emplace_back("--abandon");
      EXPECT_EQ(bench.stage(again).code, 0);
    }
    EXPECT_EQ(bench.stage(init).code, there ? 3 : 0);
    EXPECT_NE(bench.archive_at("/home/owner/first.tgz").find("tufrepo/keys/first-root.sec"), nullptr);
    if (!done) continue;
    EXPECT_GT(cut, 4);
    break;
  }
}

TEST(Updates, TheFirstRootKeyMustBeTheNewestRootsOwn) {
  UpdatesBench bench;
  bench.updates.hold_first_root('7');
  const auto done = bench.stage({"init", "-m", "why", "--first-time", "-k", "/home/owner/first.tgz"});
  EXPECT_EQ(done.code, 2) << done.err;
  EXPECT_THAT(bench.names_of("first"), IsEmpty());
  EXPECT_EQ(bench.updates.receipt(), "");
}

TEST(Updates, ReviewShowsWhatIsStaged) {
  UpdatesBench bench;
  ASSERT_EQ(bench.init().code, 0);
  EXPECT_EQ(parse_json(bench.stage({"review", "--raw"}).out).value(), parse_json(bench.updates.draft(false)).value());
  const auto diff = bench.stage({"review", "--diff", "--prod"});
  EXPECT_THAT(diff.out, HasSubstr("+    \"version\" : 3"));
  EXPECT_THAT(diff.out, HasSubstr("-    \"version\" : 2"));
  EXPECT_EQ(parse_json(bench.stage({"review", "--json"}).out)->text_or("status", ""), "STARTED");
  EXPECT_EQ(bench.stage({"review", "--raw", "--diff"}).code, 1);
  EXPECT_EQ(bench.stage({"review", "--prod"}).code, 1);
}

struct Answer {
  const char* call;
  int status, code;
};

TEST(Updates, ARefusedPutLeavesTheArchiveAsItWas) {
  for (const auto& row : {Answer{"PUT", 400, 2}, Answer{"PUT", 404, 1}, Answer{"PUT", 409, 4}, Answer{"PUT", 422, 2},
                          Answer{"PUT", 423, 4}, Answer{"PUT", 403, 5}}) {
    UpdatesBench bench;
    ASSERT_EQ(bench.init().code, 0);
    bench.updates.refuse_next(row.call, row.status);
    const auto done = bench.stage({"rotate-offline-key", "-r", "root", "-k", bench.path});
    EXPECT_EQ(done.code, row.code) << row.status;
    EXPECT_EQ(bench.bytes(bench.path), bench.before);
    EXPECT_THAT(bench.names_of("a.tgz"), ElementsAre("a.tgz", "a.tgz.unused-20300101T000000Z"));
    EXPECT_EQ(bench.stage({"rotate-offline-key", "-r", "root", "-k", bench.path}).code, 0) << "and may be tried again";
  }
}

TEST(Updates, ALostAnswerIsSettledByResume) {
  UpdatesBench bench;
  ASSERT_EQ(bench.init().code, 0);
  bench.updates.lose_answer_of("PUT");
  const std::vector<std::string> rotate = {"rotate-offline-key", "-r", "root", "-k", bench.path};
  EXPECT_EQ(bench.stage(rotate).code, 6);
  EXPECT_EQ(bench.stage(rotate).code, 4) << "a journal is pending";
  auto resume = rotate;
  resume.emplace_back("--resume");
  ASSERT_EQ(bench.stage(resume).code, 0);
  EXPECT_THAT(bench.names_of("a.tgz"), ElementsAre("a.tgz", "a.tgz.bak"));
  EXPECT_EQ(bench.archive_now().keys_among(bench.draft(false).material(Role::root)).size(), 1u);
}

// No draft or root of the server may name a root key whose private half is on no disk of the owner.
void expect_settled(UpdatesBench& bench, const std::string& where) {
  SCOPED_TRACE(where);
  const auto done = bench.stage({"rotate-offline-key", "-r", "root", "-k", bench.path, "--resume"});
  EXPECT_EQ(done.code, 0) << done.err;
  const auto named = bench.draft(false).material(Role::root);
  const auto mine = bench.archive_now().keys_among(named);
  ASSERT_EQ(mine.size(), 1u) << "the draft names a key that is in no archive";
  EXPECT_TRUE(bench.archive_now().private_key(mine.front()).ok());
  for (const auto& name : bench.names()) EXPECT_FALSE(name.ends_with(".tmp") || name.ends_with(".journal")) << name;
}

TEST(Updates, ThePowerMayGoAfterEveryFileStepOfAStagingCommand) {
  for (int cut = 0;; ++cut) {
    UpdatesBench bench;
    ASSERT_EQ(bench.init().code, 0);
    bench.files.cut_after(cut);
    const bool done = bench.stage({"rotate-offline-key", "-r", "root", "-k", bench.path}).code == 0;
    bench.files.restart();
    expect_settled(bench, "cut after file step " + std::to_string(cut));
    if (!done) continue;
    EXPECT_GT(cut, 15);
    break;
  }
}

TEST(Updates, ThePowerMayGoAtEveryRequestOfAStagingCommand) {
  for (std::size_t cut = 0;; ++cut) {
    UpdatesBench bench;
    ASSERT_EQ(bench.init().code, 0);
    std::size_t seen = 0;
    bench.updates.on_request([&](const FetchRequest&) -> Status {
      if (seen++ >= cut) return unavailable("the power is gone");
      return {};
    });
    const bool done = bench.stage({"rotate-offline-key", "-r", "root", "-k", bench.path}).code == 0;
    bench.updates.on_request({});
    bench.files.restart();
    expect_settled(bench, "cut at request " + std::to_string(cut));
    if (!done) continue;
    EXPECT_GT(cut, 8u);
    break;
  }
}

TEST(KeysStatus, NamesEveryRoleAndEveryKeyOfTheArchive) {
  UpdatesBench bench;
  for (const char* role : {"targets", "snapshot", "timestamp"}) {
    Json body(Json::Object{{"_type", "x"}, {"version", Json(4)}, {"expires", "2031-01-01T00:00:00Z"}});
    bench.server.serve_file(std::string(role) + ".json", sim::signed_root(body, std::string(1, role[0] == 's' ? 's' : role[1] == 'a' ? 't' : 'c')));
  }
  const auto shown = bench.run({"keys", "status", bench.path, "--json"});
  ASSERT_EQ(shown.code, 0) << shown.err;
  const auto json = parse_json(shown.out).value();
  EXPECT_EQ(json.find("roles")->if_array()->front().integer_or("version", 0), 2);
  EXPECT_EQ(json.find("keys")->if_array()->front().text_or("status", ""), "active root");
  EXPECT_THAT(bench.run({"keys", "status", bench.path}).out, HasSubstr("snapshot"));
  const auto soon = bench.run({"keys", "status", bench.path, "--warn-days", "366"});
  EXPECT_EQ(soon.code, 2);
  EXPECT_THAT(soon.err, HasSubstr("ci timestamp: expires 2031-01-01"));
  bench.server.serve_file("snapshot.json", sim::signed_root(Json(Json::Object{{"version", Json(4)}, {"expires", "2031-01-01T00:00:00Z"}}), "z"));
  EXPECT_THAT(bench.run({"keys", "status", bench.path}).err, HasSubstr("ci snapshot: 0 of 1 signatures"));
}

}  // namespace
}  // namespace rota::compat
