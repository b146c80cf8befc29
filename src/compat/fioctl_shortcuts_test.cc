// keys tuf rotate-offline-key, rotate-all-keys and the older words: one journalled run from init to apply.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compat/updates_for_test.h"

namespace rota::compat {
namespace {

using test::id;
using test::Outcome;
using test::targets_file;
using test::UpdatesBench;
using testing::ElementsAre;
using testing::HasSubstr;
using tuf::Role;

using Args = std::vector<std::string>;

Args rotate_root(const UpdatesBench& bench) { return {"keys", "tuf", "rotate-offline-key", "-r", "root", "-k", bench.path}; }
Args rotate_all(const UpdatesBench& bench) {
  return {"keys", "tuf", "rotate-all-keys", "-k", bench.path, "-K", bench.targets_path};
}
Args with(Args args, const std::string& more) {
  args.push_back(more);
  return args;
}

bool holds_key_of(const keys::Archive& archive, const tuf::Root& root, Role role) {
  for (const auto& key : archive.keys_among(root.material(role)))
    if (archive.private_key(key).ok()) return true;
  return false;
}

TEST(Shortcuts, RotateTheRootKeyOfBothChains) {
  UpdatesBench bench;
  const auto done = bench.run(rotate_root(bench));
  ASSERT_EQ(done.code, 0) << done.err << done.out;
  EXPECT_THAT(done.out, HasSubstr("= Creating new TUF updates transaction\n"));
  EXPECT_THAT(done.out, HasSubstr("= Applying staged TUF root changes\n"));
  EXPECT_THAT(done.out, HasSubstr("Old root keyid: " + id('2')));
  EXPECT_EQ(bench.newest()->version, 3);
  EXPECT_TRUE(bench.opens_newest(bench.archive_now()));
  EXPECT_EQ(bench.newest_production()->role(Role::targets).threshold, 2);
  EXPECT_EQ(rfc3339(bench.newest()->expires), "2036-01-01T00:00:00Z") << "never an earlier one";
  EXPECT_EQ(bench.newest()->body.find("x-key-owners")->find(bench.newest()->role(Role::root).key_ids[0].hex)->text_or("polis-id", ""), "polis-1");
  EXPECT_THAT(bench.names_of("a.tgz"), ElementsAre("a.tgz", "a.tgz.bak"));
  EXPECT_EQ(bench.run(rotate_root(bench)).code, 0) << "and again, from the archive it wrote";
}

TEST(Shortcuts, KeysRotateGoesThroughATransactionWhereThereIsOne) {
  UpdatesBench bench;
  const auto done = bench.run({"keys", "rotate", bench.path});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(bench.updates.calls("apply"), 1);
  EXPECT_EQ(bench.server.posts(), 0) << "no legacy upload";
  EXPECT_EQ(bench.newest_production()->version, 3);
}

TEST(Shortcuts, StartAProductionChainFromTheCiRoot) {
  UpdatesBench bench;
  bench.server.add_production({});
  const auto done = bench.run(rotate_root(bench));
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(bench.newest()->version, 3);
  EXPECT_EQ(bench.newest_production()->version, 3);
}

// Who goes on with tools that know one chain is not given a second one by the way.
TEST(Shortcuts, KeysRotateStartsNoProductionChain) {
  UpdatesBench bench;
  bench.server.add_production({});
  const auto done = bench.run({"keys", "rotate", bench.path});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(bench.updates.calls("apply"), 1);
  EXPECT_EQ(bench.newest()->version, 3);
  EXPECT_TRUE(bench.server.production_roots().empty());
}

TEST(Shortcuts, RotateTheTargetsKeyAndSignWhatIsInUse) {
  UpdatesBench bench;
  bench.updates.publish_targets("main", targets_file("to"));
  bench.updates.publish_wave("w1", targets_file("to"));
  const auto done = bench.run({"keys", "tuf", "rotate-offline-key", "-r", "targets", "-k", bench.path, "-K", bench.targets_path});
  ASSERT_EQ(done.code, 0) << done.err << done.out;
  EXPECT_THAT(done.out, HasSubstr("= Re-signing prod Targets"));
  EXPECT_EQ(bench.bytes(bench.path), bench.before);
  EXPECT_TRUE(holds_key_of(bench.archive_at(bench.targets_path), *bench.newest(), Role::targets));
  EXPECT_TRUE(tuf::targets_under(*bench.newest_production(), bench.updates.targets().at("main")).ok());
  EXPECT_TRUE(tuf::targets_under(*bench.newest_production(), bench.updates.waves().at("w1")).ok());
  EXPECT_EQ(bench.newest_production()->role(Role::targets).threshold, 2);
  EXPECT_EQ(bench.newest()->role(Role::targets).threshold, 1);
  EXPECT_EQ(bench.newest()->role(Role::targets).key_ids[0].hex, id('t')) << "the online key stays first";
}

TEST(Shortcuts, TheLostTargetsKeyIsTheOneThatGoes) {
  UpdatesBench bench;
  ASSERT_EQ(bench.init().code, 0);
  const std::string second = "/home/owner/second.tgz", third = "/home/owner/third.tgz";
  ASSERT_EQ(bench.stage({"add-offline-key", "-r", "targets", "-k", second, "--trust-on-first-use"}).code, 0);
  ASSERT_EQ(bench.stage({"sign", "-k", bench.path, "--yes"}).code, 0);
  ASSERT_EQ(bench.stage({"apply"}).code, 0);
  const tuf::KeyId lost = bench.newest()->role(Role::targets).key_ids.back();
  const Args rotate = {"keys", "tuf", "rotate-offline-key", "-r", "targets", "-k", bench.path, "-K", third};
  EXPECT_THAT(bench.run(rotate).err, HasSubstr("--lost-key ID")) << "which of the two?";
  EXPECT_EQ(bench.run(with(with(rotate, "--lost-key"), id('7'))).code, 1);
  EXPECT_THAT(bench.names_of("third.tgz"), testing::IsEmpty());
  EXPECT_EQ(bench.run({"keys", "tuf", "rotate-offline-key", "-r", "root", "-k", bench.path, "--lost-key", lost.hex}).code, 1);
  const auto done = bench.run(with(with(rotate, "--lost-key"), lost.hex));
  ASSERT_EQ(done.code, 0) << done.err;
  const auto left = bench.newest()->role(Role::targets).key_ids;
  EXPECT_THAT(left, testing::Contains(tuf::KeyId{id('o')}));
  EXPECT_THAT(left, testing::Not(testing::Contains(lost)));
  EXPECT_TRUE(holds_key_of(bench.archive_at(third), *bench.newest(), Role::targets));
}

TEST(Shortcuts, RefuseWhenTargetsInUseWouldLoseTheirQuorum) {
  UpdatesBench bench;
  bench.updates.publish_targets("main", targets_file("t"));
  const auto done = bench.run({"keys", "tuf", "rotate-offline-key", "-r", "targets", "-k", bench.path, "-K", bench.targets_path});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("'main'"));
  EXPECT_EQ(bench.updates.calls("POST"), 0);
}

TEST(Shortcuts, RotateEveryKeyWithOneJournalForTwoArchives) {
  UpdatesBench bench;
  bench.updates.publish_targets("main", targets_file("to"));
  const auto done = bench.run(rotate_all(bench));
  ASSERT_EQ(done.code, 0) << done.err << done.out;
  const auto root = bench.newest();
  EXPECT_EQ(root->role(Role::targets).key_ids[0].hex, id('A'));
  EXPECT_EQ(root->role(Role::snapshot).key_ids[0].hex, id('B'));
  EXPECT_EQ(root->role(Role::timestamp).key_ids[0].hex, id('C'));
  EXPECT_TRUE(holds_key_of(bench.archive_now(), *root, Role::root));
  EXPECT_TRUE(holds_key_of(bench.archive_at(bench.targets_path), *root, Role::targets));
  EXPECT_THAT(bench.names_of("a.tgz"), ElementsAre("a.tgz", "a.tgz.bak"));
  EXPECT_THAT(bench.names_of("t.tgz"), ElementsAre("t.tgz", "t.tgz.bak"));
}

TEST(Shortcuts, KeepBothKeysInOneArchiveWhenThatIsNamedTwice) {
  UpdatesBench bench;
  const auto done = bench.run({"keys", "tuf", "rotate-all-keys", "-k", bench.path, "-K", bench.path});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_TRUE(holds_key_of(bench.archive_now(), *bench.newest(), Role::root));
  EXPECT_TRUE(holds_key_of(bench.archive_now(), *bench.newest(), Role::targets));
}

TEST(Shortcuts, SettleAJournalOnlyWithItsOwnServerAndItsOwnArchives) {
  UpdatesBench bench;
  bench.updates.refuse_next("apply", 423);
  ASSERT_EQ(bench.run(rotate_all(bench)).code, 4);
  const auto without = bench.run({"keys", "tuf", "rotate-all-keys", "-k", bench.path, "--resume"});
  EXPECT_EQ(without.code, 1);
  EXPECT_THAT(without.err, HasSubstr("t.tgz"));
  bench.put("/home/owner/c.yaml", "factory: acme\nserver:\n  url: https://other.sim\n");
  const auto elsewhere = bench.run(with(rotate_all(bench), "--resume"));
  EXPECT_EQ(elsewhere.code, 1);
  EXPECT_THAT(elsewhere.err, HasSubstr("is of the server"));
  EXPECT_EQ(bench.newest()->version, 2);
}

TEST(Shortcuts, TheFirstRootKeyIsTakenAndRotatedAway) {
  UpdatesBench bench;
  bench.updates.hold_first_root('2');
  const std::string file = "/home/owner/first.tgz";
  const auto first_time = [&](const std::string& to) {
    return bench.run({"keys", "tuf", "rotate-offline-key", "-r", "root", "-k", to, "--first-time", "--trust-on-first-use"});
  };
  EXPECT_EQ(first_time(bench.path).code, 3) << "is there already";
  EXPECT_EQ(first_time("/home/nobody/first.tgz").code, 3) << "no such folder";
  EXPECT_EQ(bench.updates.calls("POST"), 0) << "the server has released nothing";
  EXPECT_EQ(bench.bytes(bench.path), bench.before);
  const auto done = first_time(file);
  ASSERT_EQ(done.code, 0) << done.err << done.out;
  const auto archive = bench.archive_at(file);
  const std::string own = "tufrepo/keys/fioctl-root-" + bench.newest()->role(Role::root).key_ids[0].hex;
  for (const auto& name : {std::string("tufrepo/keys/first-root"), own})
    for (const char* half : {".pub", ".sec"}) EXPECT_NE(archive.find(name + half), nullptr) << name << half;
  EXPECT_TRUE(bench.opens_newest(archive));
  EXPECT_FALSE(bench.updates.is_open());
}

TEST(Shortcuts, ResignTheRootForAnotherYear) {
  UpdatesBench bench;
  bench.clock.set(parse_rfc3339("2035-06-01T00:00:00Z").value());
  const auto done = bench.run({"keys", "resign-root", bench.path});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(rfc3339(bench.newest()->expires), "2036-05-31T00:00:00Z");
  EXPECT_EQ(bench.newest()->role(Role::root).key_ids[0].hex, id('2'));
}

TEST(Shortcuts, CopyOnlyTheOfflineTargetsKey) {
  UpdatesBench bench;
  bench.put("/home/owner/all.tgz", sim::layout_a().packed(bench.now)->reveal());
  ASSERT_EQ(bench.run({"keys", "copy-targets", "/home/owner/all.tgz", "/home/owner/copy.tgz"}).code, 0);
  const auto copy = bench.archive_at("/home/owner/copy.tgz");
  EXPECT_EQ(copy.members().size(), 2u);
  EXPECT_NE(copy.find("tufrepo/keys/offline-targets.sec"), nullptr);
  EXPECT_EQ(bench.run({"keys", "copy-targets", "/home/owner/all.tgz", "/home/owner/copy.tgz"}).code, 3);
}

TEST(Shortcuts, DryRunSendsNothingButGet) {
  UpdatesBench bench;
  for (const auto& args : {rotate_root(bench), rotate_all(bench)}) {
    const auto names = bench.names();
    const auto done = bench.run(with(args, "--dry-run"));
    ASSERT_EQ(done.code, 0) << done.err;
    EXPECT_THAT(done.out, HasSubstr("root: - " + id('2')));
    EXPECT_EQ(bench.names(), names);
    EXPECT_EQ(bench.updates.calls("POST") + bench.updates.calls("PUT") + bench.updates.calls("gen-online-keys"), 0);
  }
}

// fioctl.md B9: a draft of a transaction that was opened just now holds nothing yet.
TEST(Shortcuts, SignNothingThatTheServerSlipsIn) {
  const auto key = [](Json& root) {
    root["signed"]["keys"][id('z')] = tuf::public_key_json(sim::key_of('z').public_key());
    root["signed"]["roles"]["root"]["keyids"].push_back(Json(id('z')));
  };
  const std::function<void(Json&, Json&)> lies[] = {
      [&](Json& ci, Json&) { key(ci); }, [&](Json&, Json& prod) { key(prod); },
      [](Json& ci, Json&) { ci["signed"]["roles"]["targets"]["threshold"] = Json(2); },
      [](Json& ci, Json&) { ci["signed"]["roles"]["snapshot"]["keyids"] = ci["signed"]["roles"]["root"]["keyids"]; },
      [](Json& ci, Json&) { ci["signed"]["x-note"] = Json("z"); }};
  for (const auto& lie : lies) {
    for (const bool all : {false, true}) {
      UpdatesBench bench;
      bench.updates.lie(lie);
      const auto done = bench.run(with(all ? rotate_all(bench) : rotate_root(bench), "--yes"));
      EXPECT_EQ(done.code, 2) << done.err;
      EXPECT_THAT(done.err, HasSubstr("nobody here asked for"));
      EXPECT_EQ(bench.updates.calls("PUT"), 0);
      EXPECT_FALSE(bench.updates.is_open()) << "its own transaction is closed";
      EXPECT_EQ(bench.bytes(bench.path), bench.before);
      EXPECT_EQ(bench.newest()->version, 2);
    }
  }
}

TEST(Shortcuts, SignNothingWhenTheServerMadeNoNewKeys) {
  UpdatesBench bench;
  bench.updates.refuse_next("gen-online-keys", 200);
  const auto done = bench.run(rotate_all(bench));
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("names no new online key"));
  EXPECT_EQ(bench.updates.calls("PUT"), 0);
  EXPECT_FALSE(bench.updates.is_open());
  EXPECT_THAT(bench.names_of("a.tgz"), ElementsAre("a.tgz"));
}

TEST(Shortcuts, LeaveATransactionOfSomebodyElseAlone) {
  UpdatesBench bench;
  ASSERT_EQ(bench.init().code, 0);
  for (const auto& args : {rotate_root(bench), rotate_all(bench), Args{"keys", "rotate", bench.path}}) {
    EXPECT_EQ(bench.run(args).code, 4);
    EXPECT_EQ(bench.updates.status(), "STARTED");
    EXPECT_EQ(bench.updates.calls("PUT"), 0);
  }
}

struct Refusal {
  const char* call;
  int status, code;
};

TEST(Shortcuts, ARefusalIsSettledByResumeOrAbandon) {
  for (const auto& row : {Refusal{"apply", 423, 4}, Refusal{"apply", 422, 2}, Refusal{"apply", 403, 5}, Refusal{"PUT", 400, 2},
                          Refusal{"POST", 409, 4}}) {
    for (const char* then : {"--resume", "--abandon"}) {
      UpdatesBench bench;
      bench.updates.refuse_next(row.call, row.status);
      const auto args = rotate_root(bench);
      EXPECT_EQ(bench.run(args).code, row.code) << row.call << row.status;
      EXPECT_EQ(bench.run(args).code, 4) << "a journal is pending";
      const auto settled = bench.run(with(args, then));
      ASSERT_EQ(settled.code, 0) << row.call << row.status << then << settled.err;
      const bool rotated = std::string(then) == "--resume";
      EXPECT_EQ(bench.newest()->version, rotated ? 3 : 2);
      EXPECT_FALSE(bench.updates.is_open());
      EXPECT_TRUE(bench.opens_newest(bench.archive_now()));
    }
  }
}

TEST(Shortcuts, LostAnswersAreReadBack) {
  for (const char* call : {"PUT", "apply"}) {
    UpdatesBench bench;
    bench.updates.lose_answer_of(call);
    const auto done = bench.run(rotate_root(bench));
    EXPECT_EQ(done.code, 0) << call << done.err;
    EXPECT_TRUE(bench.opens_newest(bench.archive_now()));
  }
  UpdatesBench bench;
  bench.updates.lose_answer_of("POST");
  EXPECT_EQ(bench.run(rotate_root(bench)).code, 6);
  const auto resumed = bench.run(with(rotate_root(bench), "--resume"));
  EXPECT_EQ(resumed.code, 0) << resumed.err << "; the transaction with its message is its own";
}

TEST(Shortcuts, ACancelledTransactionTakesItsOnlineKeysWithIt) {
  UpdatesBench bench;
  bench.updates.refuse_next("apply", 423);
  ASSERT_EQ(bench.run(rotate_all(bench)).code, 4);
  ASSERT_EQ(bench.stage({"cancel"}).code, 0);
  const auto resumed = bench.run(with(with(rotate_all(bench), "--resume"), "--json"));
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_NE(resumed.out.find("\"unchanged\""), std::string::npos) << resumed.out;
  EXPECT_EQ(bench.newest()->version, 2);
  EXPECT_EQ(bench.bytes(bench.path), bench.before);
  EXPECT_EQ(bench.run(rotate_all(bench)).code, 0);
}

// fioctl.md B13: the process is gone, its journal stays, and somebody else cancels what it had begun.
TEST(Shortcuts, KilledBeforeTheApplyLeaveTheFactoryAsItWasOnceCancelled) {
  int begun = 0;
  for (std::size_t cut = 0;; ++cut) {
    SCOPED_TRACE(cut);
    UpdatesBench bench;
    bench.updates.publish_targets("main", targets_file("to"));
    const auto roots = bench.server.roots(), production = bench.server.production_roots();
    const auto targets = bench.updates.targets();
    std::size_t seen = 0;
    bench.updates.on_request([&](const FetchRequest&) -> Status {
      if (seen++ < cut) return {};
      bench.files.cut_after(0);
      EXPECT_FALSE(bench.files.sync_folder("/").ok());
      return unavailable("killed");
    });
    const bool done = bench.run(rotate_all(bench)).code == 0;
    bench.updates.on_request({});
    bench.server.on_request({});
    bench.files.restart();
    if (done) break;
    if (!bench.updates.is_open()) continue;
    ++begun;
    EXPECT_EQ(bench.init().code, 4) << "409 before it is cancelled";
    bench.token = "bob";
    EXPECT_EQ(bench.stage({"cancel"}).code, 0);
    EXPECT_FALSE(bench.updates.is_open());
    EXPECT_EQ(bench.server.roots(), roots);
    EXPECT_EQ(bench.server.production_roots(), production);
    EXPECT_EQ(bench.updates.targets(), targets);
    EXPECT_TRUE(bench.opens_newest(bench.archive_now()));
    bench.token = "alice";
    EXPECT_EQ(bench.init().code, 0);
    const auto onward = bench.stage({"rotate-online-key", "-r", "snapshot", "--trust-on-first-use"});
    EXPECT_EQ(onward.code, 0) << "the factory goes on: " << onward.err;
  }
  EXPECT_GT(begun, 5);
}

// Whatever was cut: no root of the server names a key that is on no disk of the owner, and --resume or cancel settles it.
void expect_whole(UpdatesBench& bench, const Args& args, const std::string& where) {
  SCOPED_TRACE(where);
  auto settled = bench.run(with(args, "--resume"));
  if (settled.code == 4) settled = bench.run(with(args, "--abandon"));
  EXPECT_EQ(settled.code, 0) << settled.err << settled.out;
  if (bench.updates.is_open()) {
    EXPECT_EQ(bench.stage({"cancel"}).code, 0);
  }
  EXPECT_TRUE(holds_key_of(bench.archive_now(), *bench.newest(), Role::root));
  EXPECT_TRUE(holds_key_of(bench.archive_at(bench.targets_path), *bench.newest(), Role::targets));
  EXPECT_EQ(bench.newest()->version, bench.newest_production()->version);
  for (const auto& name : bench.names()) EXPECT_FALSE(name.ends_with(".tmp") || name.ends_with(".journal")) << name;
}

TEST(Shortcuts, ThePowerMayGoAfterEveryFileStep) {
  for (const bool all : {false, true}) {
    for (int cut = 0;; ++cut) {
      UpdatesBench bench;
      const auto args = all ? rotate_all(bench) : rotate_root(bench);
      bench.files.cut_after(cut);
      const bool done = bench.run(args).code == 0;
      bench.files.restart();
      expect_whole(bench, args, "cut after file step " + std::to_string(cut));
      if (!done) continue;
      EXPECT_GT(cut, 20);
      break;
    }
  }
}

TEST(Shortcuts, ThePowerMayGoBeforeAndAfterEveryRequest) {
  for (const bool all : {false, true}) {
    for (const bool lands : {false, true}) {
      for (std::size_t cut = 0;; ++cut) {
        UpdatesBench bench;
        const auto args = all ? rotate_all(bench) : rotate_root(bench);
        std::size_t seen = 0;
        bench.updates.on_request([&](const FetchRequest&) -> Status {
          const auto n = seen++;
          if (n > cut || (n == cut && !lands)) return unavailable("the power is gone");
          if (n == cut) {
            bench.files.cut_after(0);
            EXPECT_FALSE(bench.files.sync_folder("/").ok());
          }
          return {};
        });
        const bool done = bench.run(args).code == 0;
        bench.updates.on_request({});
        bench.server.on_request({});
        bench.files.restart();
        expect_whole(bench, args, "cut at request " + std::to_string(cut) + (lands ? ", which landed" : ""));
        if (!done) continue;
        EXPECT_GT(cut, 10u);
        break;
      }
    }
  }
}

}  // namespace
}  // namespace rota::compat
