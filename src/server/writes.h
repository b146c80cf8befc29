// Small writes of many requests in few transactions (design decision 7): what queues up while one transaction commits
// goes into the next.
#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "store/sqlite.h"

namespace rota::server {

// Threads may share it. Never call it from inside a Database::transaction.
class Writes {
 public:
  // Statements of one request. May run twice (a second time alone, when a neighbour in its transaction failed).
  using Work = std::function<Status(store::Database&)>;
  // `on_failure` hears of work that nobody waits for.
  Writes(store::Database& db, std::function<void(const Error&)> on_failure);
  ~Writes();  // commits what is queued

  // Committed soon; nobody is told.
  void later(Work work);
  // Returns after the commit: ok means durable.
  Status now(Work work);
  // Returns when everything queued before is committed.
  void settle();

 private:
  struct Item {
    Work work;
    std::shared_ptr<std::promise<Status>> done;  // null: nobody waits
  };
  void run();
  void commit(std::vector<Item> items);
  void finish(const Item& item, const Status& status) const;

  store::Database& db_;
  std::function<void(const Error&)> on_failure_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Item> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace rota::server
