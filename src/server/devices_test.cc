#include "server/devices.h"

#include <thread>

#include "server/installation_for_test.h"

namespace rota::server {
namespace {

using testing::ElementsAre;

http::Request with(const Headers& headers) {
  http::Request request;
  request.headers = headers;
  return request;
}

TEST(ReadCheckIn, TakesWhatIsWithinItsGrammar) {
  const auto said = read_check_in(with({{"x-ats-target", "foo-lmp-7"},
                                        {"x-ats-tags", "main , beta"},
                                        {"x-ats-dockerapps", ""},
                                        {"User-Agent", "aktualizr-lite/1"}}))
                        .value();
  EXPECT_EQ(said.target, "foo-lmp-7");
  EXPECT_EQ(said.tags, std::vector<std::string>({"main", "beta"}));
  EXPECT_EQ(said.apps, std::vector<std::string>());
  EXPECT_EQ(said.agent, "aktualizr-lite/1");
  EXPECT_EQ(said.ostree_hash, std::nullopt);
}

TEST(ReadCheckIn, RefusesATagOutsideTheGrammar) {
  std::string many = "t0";
  for (int i = 1; i < 33; ++i) many += ",t" + std::to_string(i);
  for (const std::string& tags : {std::string("../../x"), std::string("a,.."), std::string("a,,b"),
                                  std::string(65, 'a'), std::string(5000, 'a'), many, std::string("a\0b", 3)})
    EXPECT_EQ(read_check_in(with({{"x-ats-tags", tags}})).error().fault, Fault::bad_input) << tags;
}

TEST(ReadCheckIn, IgnoresOtherHeadersOutsideTheirGrammar) {
  const auto said = read_check_in(with({{"x-ats-target", std::string(254, 'a')},
                                        {"x-ats-ostreehash", "xyz"},
                                        {"x-ats-dockerapps", "a/b"},
                                        {"User-Agent", std::string(201, 'a')}}))
                        .value();
  EXPECT_FALSE(said.target || said.ostree_hash || said.apps || said.agent);
}

TEST(Grammar, OfNames) {
  EXPECT_TRUE(is_device_uuid("2c5e8f0a-6d1b"));
  for (const char* bad : {"", "short", "../../../../", "a/b/c/d/e/f", "2c5e8f0a_6d1b"})
    EXPECT_FALSE(is_device_uuid(bad)) << bad;
  EXPECT_TRUE(is_factory_name("acme-2"));
  for (const char* bad : {"", "-a", "Acme", "a/b", "a.b"}) EXPECT_FALSE(is_factory_name(bad)) << bad;
}

class DevicesTest : public test::Installed {
 protected:
  Devices& devices() { return app().devices; }
  Device found(const std::string& uuid) { return devices().find(uuid).value(); }
  Status meet(const std::string& uuid, BytesView key, Enrolment enrolment = Enrolment::off) {
    return devices().meet({uuid, "acme", key}, enrolment);
  }
};

TEST_F(DevicesTest, RefusesWhatIsTaken) {
  registered("device-0001", "one");
  Device same = found("device-0001");
  EXPECT_EQ(devices().add(same, {"s1", clock_.now()}).error().fault, Fault::conflict);
  same.uuid = "device-0002";
  EXPECT_EQ(devices().add(same, {"s2", clock_.now()}).error().fault, Fault::conflict);  // its name
  same.name = "two";
  EXPECT_EQ(devices().add(same, {"s3", clock_.now()}).error().fault, Fault::bad_input);  // its key
  EXPECT_EQ(devices().all("acme").size(), 1u);
}

TEST_F(DevicesTest, KeepsWhatWasSaidOverARestart) {
  registered("device-0001", "one");
  devices().check_in("device-0001", {.target = "foo-1",
                                     .ostree_hash = std::string(64, 'a'),
                                     .agent = "x",
                                     .tags = {{"main", "beta"}},
                                     .apps = {{"shell"}}});
  devices().note_root("device-0001", 3, RootSource::request);
  ASSERT_TRUE(devices().give("device-0001", tuf::Role::targets, 5).ok());
  open();
  const auto device = found("device-0001");
  EXPECT_EQ(device.target, "foo-1");
  EXPECT_THAT(device.tags, ElementsAre("main", "beta"));
  EXPECT_THAT(device.apps, ElementsAre("shell"));
  EXPECT_EQ(device.last_seen, clock_.now());
  EXPECT_EQ(device.root_held, 3);
  EXPECT_EQ(device.served.targets, 5);
}

TEST_F(DevicesTest, KeepsValuesWhoseHeaderIsMissing) {
  registered("device-0001", "one");
  devices().check_in("device-0001", {.target = "foo-1", .tags = {{"main"}}, .apps = {{"shell"}}});
  devices().check_in("device-0001", {.apps = std::vector<std::string>()});
  EXPECT_EQ(found("device-0001").target, "foo-1");
  EXPECT_THAT(found("device-0001").tags, ElementsAre("main"));
  EXPECT_THAT(found("device-0001").apps, ElementsAre());
}

TEST_F(DevicesTest, WritesOnlyWhatChangedOrIsAMinuteOld) {
  registered("device-0001", "one");
  const auto stored = [&] {
    app().writes.settle();
    return app().db.query("SELECT last_seen FROM check_ins").value().at(0).integer(0);
  };
  devices().check_in("device-0001", {.target = "a"});
  const auto first = stored();
  clock_.pass(Seconds(59));
  devices().check_in("device-0001", {.target = "a"});
  EXPECT_EQ(stored(), first);
  EXPECT_EQ(found("device-0001").last_seen, clock_.now());
  clock_.pass(Seconds(1));
  devices().check_in("device-0001", {.target = "a"});
  EXPECT_EQ(stored(), first + 60);
}

TEST_F(DevicesTest, RefusesAStrangerUnlessToldOtherwise) {
  EXPECT_EQ(meet("device-0009", "key").error().fault, Fault::denied);
  EXPECT_TRUE(devices().all("").empty());
  EXPECT_TRUE(meet("device-0009", "key", Enrolment::on_contact).ok());
  EXPECT_TRUE(meet("device-0009", "key").ok());
  open();
  EXPECT_TRUE(devices().find("device-0009").has_value());
}

TEST_F(DevicesTest, RefusesAnotherKeyAndRaisesAnAlert) {
  registered("device-0001", "one");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(meet("device-0001", "another key").error().fault, Fault::denied);
  int alerts = 0;
  const Json entries = app().audit.newest("acme", 100).value();
  for (const auto& entry : *entries.if_array()) alerts += entry.text_or("action", "") == "alert:foreign-key";
  EXPECT_EQ(alerts, 1);
}

TEST_F(DevicesTest, PromotesAnAnnouncedKeyAndRefusesTheOldOne) {
  const auto one = registered("device-0001", "one");
  const auto other = registered("device-0002", "two");
  EXPECT_EQ(devices().announce_key("device-0001", other.key.public_key().spki_der()).error().fault, Fault::bad_input);
  ASSERT_TRUE(devices().announce_key("device-0001", "next").ok());
  EXPECT_TRUE(devices().announce_key("device-0001", "next").ok());
  EXPECT_EQ(devices().announce_key("device-0001", "third").error().fault, Fault::conflict);
  EXPECT_TRUE(meet("device-0001", one.key.public_key().spki_der()).ok());
  EXPECT_TRUE(meet("device-0001", "next").ok());
  EXPECT_FALSE(meet("device-0001", one.key.public_key().spki_der()).ok());
  open();
  EXPECT_TRUE(meet("device-0001", "next").ok());
}

TEST_F(DevicesTest, RefusesADeniedDeviceUntilItRegistersAnew) {
  const auto one = registered("device-0001", "one");
  const Bytes key = one.key.public_key().spki_der();
  ASSERT_TRUE(devices().deny("device-0001", "admin").ok());
  EXPECT_FALSE(meet("device-0001", key, Enrolment::on_contact).ok());
  EXPECT_FALSE(devices().find("device-0001").has_value());
  open();
  EXPECT_TRUE(devices().is_denied("device-0001"));
  ASSERT_TRUE(devices().undeny("device-0001", "admin").ok());
  EXPECT_FALSE(meet("device-0001", key).ok());
  EXPECT_TRUE(meet("device-0001", key, Enrolment::on_contact).ok());
}

TEST_F(DevicesTest, RefusesToGiveALowerVersion) {
  registered("device-0001", "one");
  EXPECT_TRUE(devices().give("device-0001", tuf::Role::timestamp, 5).ok());
  EXPECT_TRUE(devices().give("device-0001", tuf::Role::timestamp, 5).ok());
  EXPECT_EQ(devices().give("device-0001", tuf::Role::timestamp, 4).error().fault, Fault::conflict);
  EXPECT_TRUE(devices().give("device-0001", tuf::Role::snapshot, 4).ok());
}

TEST_F(DevicesTest, TakesCheckInsFromManyThreads) {
  registered("device-0001", "one");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([this, t] {
      for (int i = 0; i < 200; ++i)
        devices().check_in("device-0001", {.target = "t" + std::to_string(t) + "-" + std::to_string(i)});
    });
  for (auto& thread : threads) thread.join();
  const std::string last = found("device-0001").target;
  open();
  EXPECT_EQ(found("device-0001").target, last);
}

}  // namespace
}  // namespace rota::server
