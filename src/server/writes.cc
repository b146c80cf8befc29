#include "server/writes.h"

namespace rota::server {

Writes::Writes(store::Database& db, std::function<void(const Error&)> on_failure)
    : db_(db), on_failure_(std::move(on_failure)), thread_([this] { run(); }) {}

Writes::~Writes() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Writes::later(Work work) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({std::move(work), nullptr});
  }
  wake_.notify_one();
}

Status Writes::now(Work work) {
  auto done = std::make_shared<std::promise<Status>>();
  auto committed = done->get_future();
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({std::move(work), std::move(done)});
  }
  wake_.notify_one();
  return committed.get();
}

void Writes::settle() {
  const Status done = now([](store::Database&) -> Status { return {}; });
  if (!done) on_failure_(done.error());
}

void Writes::run() {
  for (;;) {
    std::vector<Item> items;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      items.swap(queue_);
    }
    commit(std::move(items));
  }
}

void Writes::commit(std::vector<Item> items) {
  const Status together = db_.transaction([&]() -> Status {
    for (const auto& item : items) TRY(item.work(db_));
    return {};
  });
  for (const auto& item : items) {
    if (together || items.size() == 1)
      finish(item, together);
    else
      finish(item, db_.transaction([&] { return item.work(db_); }));
  }
}

void Writes::finish(const Item& item, const Status& status) const {
  if (item.done)
    item.done->set_value(status);
  else if (!status)
    on_failure_(status.error());
}

}  // namespace rota::server
