// The power goes after every single step of a publication's way to the disk: afterwards the old or the new generation
// is there, whole, and the next publication succeeds (design: published metadata is replaced as one generation).
#include <filesystem>

#include "crypto/hash.h"
#include "repo/acme_for_test.h"
#include "repo/root_updates.h"
#include "sim/power_cut_disk.h"

namespace rota::repo {
namespace {

using sim::PowerCutDisk;

class PowerCut : public testing::TestWithParam<PowerCutDisk::Loss> {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_.data()), nullptr); }
  void TearDown() override {
    close();
    std::filesystem::remove_all(folder_);
  }
  std::string path() const { return folder_ + "/rota.db"; }
  Status open() {
    db_ = TRY(store::Database::open(path()));
    repos_ = TRY(Repositories::open(*db_, seal_key_, clock_));
    return {};
  }
  void close() {
    repos_.reset();
    db_.reset();
  }
  // A factory that is safely there, with a copy of its database to return to.
  void make_acme() {
    ASSERT_TRUE(open());
    ASSERT_TRUE(repos_->create({.name = "acme", .api_url = test::kApi, .api_token = "t"}));
    archive_ = repos_->first_archive("acme").value();
    offline_root_ = test::key_of(test::unpacked(archive_).at("tufrepo/keys/offline-root.sec"));
    close();
    std::filesystem::copy_file(path(), folder_ + "/before");
  }
  void return_to_before() {
    close();
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path() + suffix);
    std::filesystem::copy_file(folder_ + "/before", path());
    disk_.restart(PowerCutDisk::Loss::nothing);
  }

  // Runs `work` with the power cut after 0, 1, 2, … steps until it gets through; `look` judges what is there
  // afterwards.
  void cut_everywhere(const std::function<Status()>& work, const std::function<void()>& look) {
    for (int steps = 0;; ++steps) {
      SCOPED_TRACE("cut after " + std::to_string(steps) + " steps");
      return_to_before();
      ASSERT_TRUE(open());
      disk_.cut_after(steps);
      const Status done = work();
      const bool was_cut = disk_.was_cut();
      EXPECT_TRUE(done.ok() || was_cut) << done.error().what;
      close();
      disk_.restart(GetParam());
      const Status reopened = open();
      ASSERT_TRUE(reopened) << reopened.error().what;
      done_ = done.ok();
      look();
      if (testing::Test::HasFailure() || !was_cut) return;
      ASSERT_LT(steps, 2000);
    }
  }

  // The set is whole, its versions are the old or the new ones, and new when the caller was told so.
  void expect_old_or_new(tuf::Version old_root, tuf::Version new_root, tuf::Version new_targets) {
    const auto set = test::as_a_device(*repos_, test::kNow);
    ASSERT_TRUE(set) << set.error().what;
    const bool is_new = set->timestamp->version == 2;
    EXPECT_TRUE(is_new || !done_) << "was acknowledged, and is gone";
    EXPECT_EQ(set->timestamp->version, is_new ? 2 : 1);
    EXPECT_EQ(set->snapshot->version, is_new ? 2 : 1);
    EXPECT_EQ(set->root->version, is_new ? new_root : old_root);
    EXPECT_EQ(set->targets->version, is_new ? new_targets : 1);
    news_ += is_new ? 1 : 0;
    const auto next = repos_->add_targets("acme", {test::target("afterwards")});
    EXPECT_TRUE(next) << next.error().what;
    EXPECT_TRUE(test::as_a_device(*repos_, test::kNow));
  }

  // Root updates with a first production root and three new online keys, ready to be applied; that is "before" now.
  std::string make_ready_updates() {
    EXPECT_TRUE(open());
    RootUpdates updates(*repos_);
    const auto txid = updates.begin("acme", {"owner", "all of it", {}}).value().txid;
    const RootUpdates::Admin owner{"owner", ""};
    const std::vector<tuf::Role> roles = {tuf::Role::targets, tuf::Role::snapshot, tuf::Role::timestamp};
    EXPECT_TRUE(updates.make_online_keys("acme", owner, roles, crypto::KeyType::ed25519));
    Json ci = test::body_of(updates.shown("acme", {}).value().find("updated")->text("ci-root").value());
    const Bytes ci_root = test::signed_with(ci, {&*offline_root_});
    ci["roles"]["targets"]["threshold"] = 2;
    EXPECT_TRUE(updates.put("acme", owner, {ci_root, test::signed_with(ci, {&*offline_root_})}));
    close();
    std::filesystem::copy_file(path(), folder_ + "/before", std::filesystem::copy_options::overwrite_existing);
    return txid;
  }
  std::string updates_status() { return RootUpdates(*repos_).shown("acme", {}).value().text("status").value(); }
  std::int64_t online_keys() { return db_->query("SELECT count(*) FROM online_keys").value()[0].integer(0); }

  std::string folder_ = testing::TempDir() + "cut-XXXXXX";
  PowerCutDisk disk_;
  FixedClock clock_{test::kNow};
  crypto::SecretBytes seal_key_ = test::seal_key();
  std::unique_ptr<store::Database> db_;
  std::unique_ptr<Repositories> repos_;
  Bytes archive_;
  std::optional<crypto::PrivateKey> offline_root_;
  bool done_ = false;
  int news_ = 0;
};

TEST_P(PowerCut, LeavesTheOldOrTheNewTargets) {
  make_acme();
  const auto add = [&]() -> Status {
    TRY(repos_->add_targets("acme", {test::target("foo-lmp-1")}));
    return {};
  };
  cut_everywhere(add, [&] { expect_old_or_new(2, 2, 2); });
  EXPECT_GE(news_, 1);
}

TEST_P(PowerCut, LeavesTheOldOrTheNewRoot) {
  make_acme();
  const auto push = [&]() -> Status {
    const Bytes root = test::signed_with(TRY(repos_->next_root_body("acme")), {&*offline_root_});
    const auto accepted = TRY(repos_->accept_root("acme", root, {}));
    if (const auto* refusal = std::get_if<Refusal>(&accepted)) return rejected(refusal->cause[0]);
    return {};
  };
  cut_everywhere(push, [&] { expect_old_or_new(2, 3, 1); });
  EXPECT_GE(news_, 1);
}

TEST_P(PowerCut, LeavesTheOldOrTheNewOnlineKeys) {
  make_acme();
  const auto rotate = [&]() -> Status {
    Json root = TRY(repos_->next_root_body("acme"));
    const std::string old = *root["roles"]["targets"]["keyids"].if_array()->front().if_text();
    const auto fresh = TRY(repos_->new_online_key("acme", tuf::Role::targets, crypto::KeyType::ed25519));
    test::unlist_key(root, "targets", TRY(tuf::public_key_from_json(root["keys"][old])));
    test::list_key(root, "targets", fresh);
    const Bytes envelope = test::signed_with(root, {&*offline_root_});
    const auto accepted = TRY(repos_->accept_root("acme", envelope, {}));
    if (const auto* refusal = std::get_if<Refusal>(&accepted)) return rejected(refusal->cause[0]);
    return {};
  };
  cut_everywhere(rotate, [&] { expect_old_or_new(2, 3, 2); });
  EXPECT_GE(news_, 1);
}

TEST_P(PowerCut, LeavesARootStagedOrPublishedWithItsTargets) {
  make_acme();
  const auto targets_key = crypto::PrivateKey::generate_ed25519().value();
  ASSERT_TRUE(open());
  Json root = repos_->next_root_body("acme").value();
  const Json ids = root["roles"]["targets"]["keyids"];
  for (const Json& id : *ids.if_array())
    test::unlist_key(root, "targets", tuf::public_key_from_json(root["keys"][*id.if_text()]).value());
  test::list_key(root, "targets", targets_key.public_key());
  const RootOptions weaker{{.names = {"replace-role", "fewer-keys"}}};
  const auto staged = repos_->accept_root("acme", test::signed_with(root, {&*offline_root_}), weaker).value();
  ASSERT_TRUE(std::holds_alternative<Staged>(staged));
  close();
  std::filesystem::copy_file(path(), folder_ + "/before", std::filesystem::copy_options::overwrite_existing);
  const auto push = [&]() -> Status {
    const auto published = TRY(repos_->published("acme"));
    Json body = test::body_of(*published->targets);
    body["version"] = 2;
    const Bytes targets = test::signed_with(body, {&targets_key});
    const auto accepted = TRY(repos_->accept_targets("acme", targets, published->targets_checksum));
    if (const auto* refusal = std::get_if<Refusal>(&accepted)) return rejected(refusal->description);
    return {};
  };
  int published = 0;
  cut_everywhere(push, [&] {
    const bool is_new = repos_->published("acme").value()->root_version == 3;
    published += is_new ? 1 : 0;
    EXPECT_TRUE(is_new || !done_) << "was acknowledged, and is gone";
    EXPECT_EQ(test::as_a_device(*repos_, test::kNow)->targets->version, is_new ? 2 : 1);
    EXPECT_TRUE(is_new || push().ok()) << "still staged";
    EXPECT_EQ(test::as_a_device(*repos_, test::kNow)->root->version, 3);
  });
  EXPECT_GE(published, 1);
}

TEST_P(PowerCut, LeavesRootUpdatesAppliedOrReady) {
  make_acme();
  const auto txid = make_ready_updates();
  const auto apply = [&]() -> Status {
    const auto errors = TRY(RootUpdates(*repos_).apply("acme", {"owner", txid}));
    return errors.empty() ? Status() : rejected(errors[0]);
  };
  int applied = 0;
  cut_everywhere(apply, [&] {
    const auto published = repos_->published("acme").value();
    const bool is_new = published->root_version == 3;
    applied += is_new ? 1 : 0;
    EXPECT_TRUE(is_new || !done_) << "was acknowledged, and is gone";
    EXPECT_EQ(published->production_version, is_new ? 3 : 0) << "both chains, or none";
    EXPECT_EQ(updates_status(), is_new ? "NONE" : "STARTED");
    EXPECT_EQ(online_keys(), is_new ? 3 : 6);
    EXPECT_TRUE(test::as_a_device(*repos_, test::kNow));
    EXPECT_TRUE(apply()) << "again";
    EXPECT_EQ(repos_->published("acme").value()->production_version, 3);
    EXPECT_EQ(online_keys(), 3);
    EXPECT_TRUE(test::as_a_device(*repos_, test::kNow));
  });
  EXPECT_GE(applied, 1);
}

TEST_P(PowerCut, LeavesAWholeFactoryOrNone) {
  ASSERT_TRUE(open());
  close();
  std::filesystem::copy_file(path(), folder_ + "/before");
  const auto create = [&] { return repos_->create({.name = "acme", .api_url = test::kApi, .api_token = "t"}); };
  int made = 0;
  cut_everywhere(create, [&] {
    if (repos_->published("acme")) {
      ++made;
      EXPECT_TRUE(test::as_a_device(*repos_, test::kNow));
      EXPECT_FALSE(test::unpacked(repos_->first_archive("acme").value()).empty());
    } else {
      EXPECT_FALSE(done_) << "was acknowledged, and is gone";
      EXPECT_TRUE(create());
    }
    EXPECT_TRUE(repos_->add_targets("acme", {test::target("afterwards")}));
  });
  EXPECT_GE(made, 1);
}

TEST_P(PowerCut, KeepsTheFirstArchiveOrTheConfirmation) {
  make_acme();
  const std::string digest = crypto::sha256_hex(archive_);
  cut_everywhere([&] { return repos_->confirm_first_archive("acme", digest); },
                 [&] {
                   const auto archive = repos_->first_archive("acme");
                   EXPECT_FALSE(archive.ok() && done_) << "was confirmed, and is back";
                   EXPECT_EQ(archive.ok() ? *archive : archive_, archive_);
                   EXPECT_TRUE(repos_->confirm_first_archive("acme", digest));
                 });
}

INSTANTIATE_TEST_SUITE_P(Losses, PowerCut,
                         testing::Values(PowerCutDisk::Loss::nothing, PowerCutDisk::Loss::unsynced,
                                         PowerCutDisk::Loss::torn),
                         [](const auto& instance) {
                           switch (instance.param) {
                             case PowerCutDisk::Loss::nothing:
                               return "Killed";
                             case PowerCutDisk::Loss::unsynced:
                               return "Unsynced";
                             case PowerCutDisk::Loss::torn:
                               return "Torn";
                           }
                           return "";
                         });

}  // namespace
}  // namespace rota::repo
