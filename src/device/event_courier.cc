#include "device/event_courier.h"

namespace rota::device {
namespace {

constexpr Seconds kEvery{10};

}  // namespace

EventCourier::EventCourier(EventQueue& queue, Fetcher& server, std::string url)
    : queue_(queue), server_(server), url_(std::move(url)), thread_([this] { work(); }) {
  queue_.tell_when_added([this] {
    const std::lock_guard lock(turn_);
    news_ = true;
    wake_.notify_one();
  });
}

EventCourier::~EventCourier() {
  queue_.tell_when_added({});
  {
    const std::lock_guard lock(turn_);
    stop_ = true;
    wake_.notify_one();
  }
  thread_.join();
}

void EventCourier::work() {
  for (;;) {
    {
      std::unique_lock lock(turn_);
      wake_.wait_for(lock, kEvery, [&] { return stop_ || news_; });
      if (stop_) return;
      news_ = false;
    }
    // What cannot be sent stays in the queue: the next round, or the next command, tries again.
    static_cast<void>(queue_.send(server_, url_).ok());
  }
}

}  // namespace rota::device
