#include "device/stop_signal.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace rota::device {
namespace {

// A signal handler can only reach what is global.
std::atomic<bool> signalled = false;
std::atomic<int> wake_fd = -1;

void on_signal(int) {
  const int before = errno;
  signalled = true;
  const std::uint64_t one = 1;
  if (::write(wake_fd, &one, sizeof one) < 0) signalled = true;  // nobody waits
  errno = before;
}

}  // namespace

StopSignal::StopSignal() {
  signalled = false;
  wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
}

StopSignal::~StopSignal() {
  ::signal(SIGTERM, SIG_DFL);
  ::signal(SIGINT, SIG_DFL);
  ::close(wake_fd.exchange(-1));
}

Command::GoOn StopSignal::asked() const { return signalled ? Command::GoOn::no : Command::GoOn::yes; }

Command::GoOn StopSignal::wait(std::chrono::milliseconds time) const {
  const auto until = std::chrono::steady_clock::now() + time;
  while (asked() == Command::GoOn::yes) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    pollfd waiting{.fd = wake_fd, .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, static_cast<int>(std::min<long long>(left.count(), 3'600'000)));
  }
  return asked();
}

}  // namespace rota::device
