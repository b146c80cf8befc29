// One network thread: its connections, their deadlines, and what they share (a buffer, the date).
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>

#include "http/accepted_stream.h"

namespace rota::http {

class Connection;

// All but start(), stop(), join() and context() is called on the loop's own thread.
class Loop {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  Loop();
  void start();
  void stop();  // connections finish what runs; the thread ends after the last one
  void join();

  asio::io_context& context() { return context_; }
  char* scratch() { return scratch_.get(); }
  const std::string& date();  // of now, for the Date field

  void enter(Connection& connection) { connections_.insert(&connection); }
  void leave(Connection& connection);
  bool stopping() const { return stopping_; }

 private:
  void run();
  void finish();
  void sweep_later();
  void sweep();

  asio::io_context context_{1};
  asio::executor_work_guard<Executor> work_;
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor> timer_;
  std::unique_ptr<char[]> scratch_;
  std::unordered_set<Connection*> connections_;
  bool stopping_ = false;
  std::time_t date_at_ = 0;
  std::string date_;
  std::thread thread_;
};

}  // namespace rota::http
