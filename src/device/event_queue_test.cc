#include "device/event_queue.h"

#include <gmock/gmock.h>

#include "device/device_for_test.h"
#include "device/event_courier.h"

namespace rota::device {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

// Takes events with the given answers, then with 200.
class EventServer final : public Fetcher {
 public:
  Result<FetchReply> fetch(const FetchRequest& request) override {
    const std::lock_guard turn(mutex);
    const Json batch = parse_json(request.body).value();
    batches.push_back(batch.if_array()->size());
    const int status = answers.empty() ? 200 : answers.front();
    if (!answers.empty()) answers.erase(answers.begin());
    if (status == 0) return unavailable("no answer");
    if (status == 200)
      for (const auto& event : *batch.if_array()) taken.push_back(event.find("event")->text("details").value());
    for (const auto& event : *batch.if_array()) ids.push_back(event.text("id").value());
    if (on_fetch) on_fetch();
    return FetchReply{status, {}, ""};
  }
  std::mutex mutex;
  std::vector<int> answers;
  std::vector<std::size_t> batches;
  std::vector<std::string> taken, ids;
  std::function<void()> on_fetch;
};

class Events : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    db = open_rota_db(files, folder).value();
    queue.emplace(*db, clock);
  }
  void TearDown() override {
    queue.reset();
    db.reset();
    std::filesystem::remove_all(folder);
  }
  void add(int from, int to) {
    for (int i = from; i <= to; ++i)
      ASSERT_TRUE(
          queue->add({.type = EventType::download_started, .correlation_id = "c", .details = std::to_string(i)}).ok());
  }
  Status send() { return queue->send(server, "u"); }
  PosixFiles files;
  FixedClock clock{test::kNow};
  std::string folder = test::in_memory_folder() + "/events-XXXXXX";
  std::unique_ptr<store::Database> db;
  std::optional<EventQueue> queue;
  EventServer server;
};

TEST_F(Events, GoInOrderSixAtATime) {
  add(1, 8);
  EXPECT_TRUE(send().ok());
  EXPECT_THAT(server.batches, ElementsAre(6, 2));
  EXPECT_THAT(server.taken, ElementsAre("1", "2", "3", "4", "5", "6", "7", "8"));
  EXPECT_EQ(queue->size().value(), 0);
}

TEST_F(Events, AreHalvedWhenTooLargeAndASingleTooLargeOneIsDropped) {  // DEV-40
  server.answers = {413, 413, 413};
  add(1, 4);
  EXPECT_TRUE(send().ok());
  EXPECT_THAT(server.batches, ElementsAre(4, 2, 1, 3));
  EXPECT_THAT(server.taken, ElementsAre("2", "3", "4"));
}

TEST_F(Events, AreDroppedWhenTheServerTakesNone) {  // DEV-40
  server.answers = {404};
  add(1, 20);
  EXPECT_TRUE(send().ok());
  EXPECT_EQ(queue->size().value(), 0);
}

TEST_F(Events, AreKeptOverFailuresAndKeepTheirIds) {  // DEV-40
  server.answers = {500, 0};
  add(1, 2);
  EXPECT_FALSE(send().ok());
  EXPECT_FALSE(send().ok());
  EXPECT_EQ(queue->size().value(), 2);
  EXPECT_TRUE(send().ok());
  EXPECT_THAT(server.taken, ElementsAre("1", "2"));
  EXPECT_EQ(server.ids[0], server.ids[2]);
}

TEST_F(Events, DropTheOldestBeyondTheCapacity) {  // DEV-40
  ASSERT_TRUE(db->transaction([&]() -> Status {
                  for (int i = 0; i < EventQueue::kCapacity + 5; ++i)
                    TRY(queue->add_within(
                        {.type = EventType::download_started, .correlation_id = "c", .details = std::to_string(i)}));
                  return {};
                }).ok());
  EXPECT_EQ(queue->size().value(), EventQueue::kCapacity);
  EXPECT_TRUE(send().ok());
  EXPECT_EQ(server.taken.front(), "5");
}

TEST_F(Events, AreCarriedAsTheyCome) {
  std::condition_variable came;
  server.on_fetch = [&] { came.notify_all(); };
  const EventCourier courier(*queue, server, "u");
  add(1, 1);
  std::unique_lock lock(server.mutex);
  EXPECT_TRUE(came.wait_for(lock, Seconds(9), [&] { return server.taken.size() == 1; }));
}

TEST(EventDetails, AreCutBetweenCharacters) {
  Event event{.type = EventType::download_completed, .correlation_id = "c"};
  event.details = std::string(2047, 'a') + "\xC3\xA4";
  EXPECT_EQ(cut_details(event), std::string(2047, 'a'));
  event.type = EventType::installation_completed;
  event.success = false;
  event.details = "start" + std::string(2000, 'x') + "\xC3\xA4" + std::string(1023, 'e');
  EXPECT_EQ(cut_details(event), std::string(1023, 'e'));
}

TEST(CorrelationId, IsShortAndPlain) {
  const auto id = correlation_id("a b/../" + std::string(100, '9'));
  EXPECT_THAT(id, SizeIs(63));
  EXPECT_EQ(id.find_first_not_of("ab9-0123456789cdef"), std::string::npos) << id;
  EXPECT_NE(correlation_id("1"), correlation_id("1"));
}

}  // namespace
}  // namespace rota::device
