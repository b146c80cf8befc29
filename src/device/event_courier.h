// Sends events while a long command or the daemon works: on its own thread, when there is a new one and every ten seconds.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "device/event_queue.h"

namespace rota::device {

class EventCourier {
 public:
  // Runs until destroyed; `queue` and `server` outlive it.
  EventCourier(EventQueue& queue, Fetcher& server, std::string url);
  ~EventCourier();

 private:
  void work();
  EventQueue& queue_;
  Fetcher& server_;
  std::string url_;
  std::mutex turn_;
  std::condition_variable wake_;
  bool stop_ = false, news_ = true;
  std::thread thread_;
};

}  // namespace rota::device
