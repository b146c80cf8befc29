#include "store/sqlite.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "base/files.h"

namespace rota::store {
namespace {

class Sqlite : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_.data()), nullptr); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return folder_ + "/test.db"; }
  std::unique_ptr<Database> open() const { return Database::open(path()).value(); }
  std::string folder_ = testing::TempDir() + "sqlite-XXXXXX";
};

const std::vector<std::string> kTable = {"CREATE TABLE t (k TEXT PRIMARY KEY, v)"};

unsigned mode_of(const std::string& path) {
  struct stat facts {};
  EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
  return facts.st_mode & 07777u;
}

TEST_F(Sqlite, KeepsEveryKindOfValue) {
  auto db = open();
  ASSERT_TRUE(db->migrate(kTable));
  const Bytes binary("a\0b\xff", 4);
  ASSERT_TRUE(db->execute("INSERT INTO t VALUES ('int', ?), ('text', ?), ('blob', ?), ('null', ?), ('empty', ?)",
                          {std::int64_t{-7}, "a'b", Blob{binary}, nullptr, Blob{}}));
  const auto value = [&](const char* key) { return db->query("SELECT v FROM t WHERE k = ?", {key}).value().at(0); };
  EXPECT_EQ(value("int").integer(0), -7);
  EXPECT_EQ(value("text").text(0), "a'b");
  EXPECT_EQ(value("blob").text(0), binary);
  EXPECT_TRUE(value("null").is_null(0));
  EXPECT_EQ(value("null").text(0), "");
  EXPECT_EQ(value("empty").text(0), "");
}

TEST_F(Sqlite, TakesAndGivesLargeBytesWithoutACopy) {
  auto db = open();
  ASSERT_TRUE(db->migrate(kTable));
  const Bytes large(3'000'000, 'x');
  ASSERT_TRUE(db->execute("INSERT INTO t VALUES ('large', ?), ('empty', ?)", {BlobView{large}, BlobView{}}));
  auto rows = db->query("SELECT v FROM t ORDER BY length(v)").value();
  EXPECT_FALSE(rows.at(0).is_null(0));
  EXPECT_EQ(rows.at(0).take(0), "");
  const char* where = rows.at(1).text(0).data();
  const Bytes taken = rows.at(1).take(0);
  EXPECT_EQ(taken, large);
  EXPECT_EQ(taken.data(), where);
}

TEST_F(Sqlite, KeepsItsFilesPrivate) {
  auto db = open();
  ASSERT_TRUE(db->migrate(kTable));
  for (const char* suffix : {"", "-wal", "-shm"}) EXPECT_EQ(mode_of(path() + suffix), 0600u) << suffix;
}

TEST_F(Sqlite, AppliesAMigrationOnce) {
  ASSERT_TRUE(open()->migrate(kTable));
  auto db = open();
  ASSERT_TRUE(db->migrate(kTable));
  ASSERT_TRUE(db->migrate({kTable[0], "CREATE TABLE u (x); INSERT INTO u VALUES (1);"}));
  EXPECT_EQ(db->query("SELECT x FROM u").value().size(), 1u);
}

TEST_F(Sqlite, LeavesNothingOfAMigrationThatFails) {
  auto db = open();
  EXPECT_FALSE(db->migrate({"CREATE TABLE a (x); CREATE TABLE broken ("}));
  ASSERT_TRUE(db->migrate({"CREATE TABLE a (x)"}));
}

TEST_F(Sqlite, CallsAViolatedConstraintAConflict) {
  auto db = open();
  ASSERT_TRUE(db->migrate(kTable));
  ASSERT_TRUE(db->execute("INSERT INTO t VALUES ('k', 1)"));
  const auto again = db->execute("INSERT INTO t VALUES ('k', 2)");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().fault, Fault::conflict);
}

TEST_F(Sqlite, RollsBackATransactionWhoseWorkIsRefused) {
  auto db = open();
  ASSERT_TRUE(db->migrate(kTable));
  const auto status = db->transaction([&]() -> Status {
    TRY(db->execute("INSERT INTO t VALUES ('k', 1)"));
    return rejected("no");
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().what, "no");
  EXPECT_TRUE(db->query("SELECT * FROM t").value().empty());
  ASSERT_TRUE(db->execute("INSERT INTO t VALUES ('k', 1)")) << "usable afterwards";
}

TEST_F(Sqlite, KeepsWhatWasCommittedWhenReopened) {
  {
    auto db = open();
    ASSERT_TRUE(db->migrate(kTable));
    ASSERT_TRUE(db->transaction([&]() -> Status {
      TRY(db->execute("INSERT INTO t VALUES ('k', 1)"));
      return {};
    }));
  }
  EXPECT_EQ(open()->query("SELECT * FROM t").value().size(), 1u);
}

TEST_F(Sqlite, RefusesAFullDisk) {
  auto db = open();
  ASSERT_TRUE(db->migrate(kTable));
  ASSERT_TRUE(db->query("PRAGMA max_page_count=8"));
  const auto full = db->execute("INSERT INTO t VALUES ('k', ?)", {Blob{Bytes(100'000, 'x')}});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().fault, Fault::io);
  EXPECT_TRUE(db->query("SELECT * FROM t").value().empty());
}

TEST_F(Sqlite, RefusesAFileThatIsNoDatabase) {
  PosixFiles files;
  ASSERT_TRUE(files.create(path(), Bytes(8192, 'x'), 0600));
  const auto opened = Database::open(path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::io);
}

TEST_F(Sqlite, DoesNotKeepWhatWasDeleted) {
  auto db = open();
  ASSERT_TRUE(db->migrate(kTable));
  ASSERT_TRUE(db->execute("INSERT INTO t VALUES ('k', 'findable-secret')"));
  ASSERT_TRUE(db->execute("DELETE FROM t"));
  ASSERT_TRUE(db->empty_log());
  PosixFiles files;
  for (const char* suffix : {"", "-wal"})
    EXPECT_THAT(files.read(path() + suffix, 1u << 20).value(), testing::Not(testing::HasSubstr("findable-secret")));
}

TEST_F(Sqlite, SerialisesThreads) {
  auto db = open();
  ASSERT_TRUE(db->migrate(kTable));
  ASSERT_TRUE(db->execute("INSERT INTO t VALUES ('n', 0)"));
  const auto count = [&] {
    for (int i = 0; i < 50; ++i) {
      const auto status = db->transaction([&]() -> Status {
        const auto n = TRY(db->query("SELECT v FROM t"))[0].integer(0);
        TRY(db->execute("UPDATE t SET v = ?", {n + 1}));
        return {};
      });
      EXPECT_TRUE(status);
    }
  };
  std::thread other(count);
  count();
  other.join();
  EXPECT_EQ(db->query("SELECT v FROM t").value()[0].integer(0), 100);
}

TEST_F(Sqlite, AbortsOnANestedTransaction) {
  auto db = open();
  const auto nest = [&] { return db->transaction([&] { return db->transaction([] { return Status(); }); }); };
  EXPECT_DEATH((void)nest(), "transaction inside a transaction");
}

}  // namespace
}  // namespace rota::store
