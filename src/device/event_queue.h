// Events that wait to be sent, in the store: at least once, in order, the same id each time (device.md 9).
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/fetcher.h"
#include "device/event.h"
#include "store/sqlite.h"

namespace rota::device {

class EventQueue {
 public:
  static constexpr int kCapacity = 10'000;  // the oldest are dropped
  static constexpr int kBatch = 6;

  EventQueue(store::Database& db, const Clock& clock) : db_(db), clock_(clock) {}

  Status add(const Event& event);
  // The same inside a transaction that is already open on this database.
  Status add_within(const Event& event);
  Result<std::int64_t> size() const;
  // `told` is called after each add, on the adding thread; empty: nobody.
  void tell_when_added(std::function<void()> told);

  // Sends until the queue is empty. A batch too large for the server (413) is halved, a single event too large dropped;
  // 404 drops all: this server takes none. Any other refusal keeps them and is the error.
  Status send(Fetcher& server, const std::string& url);

 private:
  struct Waiting {
    std::int64_t turn;
    std::string json;
  };
  Result<std::vector<Waiting>> first(int count) const;
  Status drop_through(std::int64_t turn);
  store::Database& db_;
  const Clock& clock_;
  std::mutex turn_;     // of told_
  std::mutex sending_;  // one sender at a time: nothing is sent twice
  std::function<void()> told_;
};

}  // namespace rota::device
