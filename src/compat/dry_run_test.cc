// --dry-run: every command tells what it would do, and the disk and the service are as before.
#include "compat/dry_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "compat/garage_sign.h"
#include "sim/crash_files.h"
#include "sim/owner_archive.h"

namespace rota::compat {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Time kNow = parse_rfc3339("2027-01-01T00:00:00Z").value();
const std::string kRepo = "/r/tufrepo";

class DryRun : public testing::Test {
 protected:
  void SetUp() override {
    server_.require_bearer("b");
    const auto archive = sim::layout_a();
    for (const auto& [name, bytes] : archive.members()) {
      make_folders(files_, folder_of("/r/" + name), 0700).value();
      create_durable(files_, "/r/" + name, bytes.reveal(), 0600).value();
    }
  }
  int run(std::vector<std::string> words) {
    words.insert(words.end(), {"--repo", kRepo});
    std::ostringstream out, err;
    const int code = garage_sign(words, cli::Talk(out, err), {files_, clock_, server_, false});
    out_ = out.str(), err_ = err.str();
    return code;
  }
  Json plan(std::vector<std::string> words) {
    words.insert(words.end(), {"--dry-run", "--json"});
    const int steps = files_.steps_taken(), posts = server_.posts();
    EXPECT_EQ(run(words), 0) << err_;
    EXPECT_EQ(files_.steps_taken(), steps) << "the disk was touched";
    EXPECT_EQ(server_.posts(), posts);
    return parse_json(out_).value();
  }
  static std::vector<std::string> texts(const Json& plan, std::string_view name) {
    std::vector<std::string> all;
    for (const Json& one : *plan.find(name)->if_array()) all.push_back(*one.if_text());
    return all;
  }
  void sign_a_rotation() {
    ASSERT_EQ(run({"root", "pull"}), 0) << err_;
    ASSERT_EQ(run({"key", "generate", "--name", "new"}), 0) << err_;
    ASSERT_EQ(run({"root", "key", "add", "--key-name", "new"}), 0) << err_;
    ASSERT_EQ(run({"root", "key", "remove", "--key-name", "offline-root"}), 0) << err_;
    ASSERT_EQ(run({"root", "sign", "-k", "new", "-k", "offline-root"}), 0) << err_;
  }

  sim::CrashFiles files_;
  FixedClock clock_{kNow};
  sim::Repository server_{sim::new_factory_roots(), kNow};
  std::string out_, err_;
};

TEST_F(DryRun, TellsWhichFilesWouldBeWritten) {
  const Json made = plan({"key", "generate", "--name", "new"});
  EXPECT_EQ(made.text_or("command", ""), "key generate");
  EXPECT_THAT(texts(made, "writes"), ElementsAre(kRepo + "/keys/new.pub", kRepo + "/keys/new.sec"));
  EXPECT_THAT(texts(made, "requests"), IsEmpty());
  EXPECT_FALSE(files_.facts(kRepo + "/keys/new.sec")->exists());
}

TEST_F(DryRun, TellsHowTheRootWouldDiffer) {
  sign_a_rotation();
  const Json edited = plan({"root", "set-threshold", "2"});
  EXPECT_THAT(texts(edited, "writes"), ElementsAre(kRepo + "/roles/unsigned/root.json"));
  EXPECT_THAT(to_json(*edited.find("root_diff")), HasSubstr("threshold"));
}

TEST_F(DryRun, PlaysAPushToItsEndWithoutSendingIt) {
  sign_a_rotation();
  const Json pushed = plan({"root", "push"});
  EXPECT_THAT(texts(pushed, "requests"), ElementsAre("POST https://api.sim/ota/repo/acme/api/v1/user_repo/root"));
  EXPECT_THAT(texts(pushed, "writes"), testing::Contains(kRepo + "/roles/trusted/3.root.json"));
  EXPECT_EQ(server_.roots().size(), 2u);
  EXPECT_EQ(run({"root", "push"}), 0) << err_;
}

TEST_F(DryRun, RefusesWhatTheRealRunWouldRefuse) {
  sign_a_rotation();
  ASSERT_EQ(run({"root", "sign", "-k", "new"}), 0);
  EXPECT_EQ(run({"root", "push", "--dry-run"}), 1);
  EXPECT_THAT(err_, HasSubstr("offline-root"));
}

TEST_F(DryRun, SaysWhenNothingWouldChange) {
  ASSERT_EQ(run({"root", "pull"}), 0) << err_;
  ASSERT_EQ(run({"root", "pull", "--dry-run"}), 0) << err_;
  EXPECT_EQ(out_, "would change nothing\n");
}

TEST_F(DryRun, GoesThroughTheWholeOfMoveOffline) {
  server_.hold_private_key(tuf::key_id(sim::key_of('2').public_key()).hex,
                           Bytes(keys::private_key_file(sim::key_of('2'), keys::KeyFileForm::tufrepo).reveal()));
  server_.serve_file("targets.json", sim::signed_root(Json::Object{{"_type", "Targets"},
                                                                   {"expires", "2030-01-01T00:00:00Z"},
                                                                   {"targets", Json::Object{}},
                                                                   {"version", std::int64_t{1}}},
                                                      "t"));
  ASSERT_EQ(run({"key", "generate", "--name", "mine"}), 0);
  const Json moved = plan({"move-offline", "--old-root-alias", "origin", "--new-root", "mine", "--new-targets", "offline-targets"});
  ASSERT_EQ(texts(moved, "requests").size(), 2u);
  EXPECT_THAT(texts(moved, "requests")[1], testing::StartsWith("DELETE "));
}

TEST(DryFiles, AreFilesLikeOthers) {
  sim::CrashFiles real;
  make_folders(real, "/a", 0700).value();
  create_durable(real, "/a/old", "old", 0600).value();
  DryFiles files(real);
  ASSERT_TRUE(replace_file(files, "/a/new", "new", 0600).ok());
  ASSERT_TRUE(files.append("/a/old", "er").ok());
  EXPECT_EQ(files.read("/a/old", 10).value(), "older");
  EXPECT_EQ(files.read_part("/a/new", 1, 1).value(), "e");
  EXPECT_THAT(files.list("/a").value(), ElementsAre("new", "old"));
  EXPECT_EQ(files.create("/a/old", "x", 0600).error().fault, Fault::conflict);
  EXPECT_EQ(files.create("/b/new", "x", 0600).error().fault, Fault::not_found);
  EXPECT_FALSE(files.read("/a/new", 2).ok());
  ASSERT_TRUE(files.rename("/a/new", "/a/newer").ok());
  ASSERT_TRUE(files.remove("/a/old").ok());
  EXPECT_THAT(files.list("/a").value(), ElementsAre("newer"));
  EXPECT_EQ(files.read("/a/old", 10).error().fault, Fault::not_found);
  EXPECT_EQ(files.remove("/a/old").error().fault, Fault::not_found);
  EXPECT_THAT(files.writes(), ElementsAre("/a/newer", "/a/old"));
  EXPECT_EQ(real.read("/a/old", 10).value(), "old");
}

}  // namespace
}  // namespace rota::compat
