#include "http/loop.h"

#include <csignal>
#include <ctime>
#include <vector>

#include "base/time.h"
#include "http/connection.h"

namespace rota::http {

namespace {

// How late a time-out may come. One timer for all connections costs nothing per request.
constexpr auto kSweepEvery = std::chrono::milliseconds(250);

}  // namespace

Loop::Loop()
    : work_(asio::make_work_guard(context_)),
      timer_(context_.get_executor()),
      scratch_(std::make_unique_for_overwrite<char[]>(kScratch)) {}

void Loop::start() {
  sweep_later();
  thread_ = std::thread([this] { run(); });
}

void Loop::run() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);  // sendfile knows no MSG_NOSIGNAL
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  context_.run();
}

void Loop::stop() {
  asio::post(context_, [this] { finish(); });
}

void Loop::join() {
  if (thread_.joinable()) thread_.join();
}

void Loop::finish() {
  stopping_ = true;
  const std::vector<Connection*> open(connections_.begin(), connections_.end());
  for (Connection* connection : open) connection->finish();
  if (connections_.empty()) {
    timer_.cancel();
    work_.reset();
  }
}

void Loop::leave(Connection& connection) {
  connections_.erase(&connection);
  if (!stopping_ || !connections_.empty()) return;
  timer_.cancel();
  work_.reset();
}

void Loop::sweep_later() {
  timer_.expires_after(kSweepEvery);
  timer_.async_wait([this](const boost::system::error_code& code) {
    if (!code) sweep();
  });
}

void Loop::sweep() {
  const Instant now = std::chrono::steady_clock::now();
  for (Connection* connection : connections_)
    if (connection->deadline() <= now) connection->cut();
  if (!stopping_ || !connections_.empty()) sweep_later();
}

const std::string& Loop::date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_at_) {
    date_at_ = now;
    date_ = http_date(Time(Seconds(now)));
  }
  return date_;
}

}  // namespace rota::http
