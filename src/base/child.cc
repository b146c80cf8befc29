#include "base/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

namespace rota {
namespace {

constexpr const char* kPath = "/usr/local/bin:/usr/bin:/bin";
constexpr std::size_t kErrorsKept = 16 * 1024;
constexpr int kTickMs = 250;
constexpr int kReadsATurn = 16;  // so that a program that never pauses cannot keep us from the clock

using SteadyTime = std::chrono::steady_clock::time_point;

// An open descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  ~Descriptor() { reset(); }
  void reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  int fd_;
};

struct Pipe {
  Descriptor read_end, write_end;
};

Error system_error(std::string_view what, int number) {
  return io_error(std::string(what) + ": " + std::strerror(number));
}

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return system_error("pipe", errno);
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// A file without a name that holds them; none for no bytes.
Result<Descriptor> in_memory(BytesView bytes) {
  if (bytes.empty()) return Descriptor();
  Descriptor file(memfd_create("input", MFD_CLOEXEC));
  if (!file.open()) return system_error("memfd", errno);
  while (!bytes.empty()) {
    const auto n = write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_error("memfd", errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return file;
}

Result<std::string> program_path(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  for (const auto& folder : split(kPath, ':')) {
    auto path = folder + "/" + name;
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return not_found(name + ": no such program in " + kPath, "install the package that has '" + name + "'");
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_of(const Command& command) {
  std::vector<std::string> out = {std::string("PATH=") + kPath};
  for (const auto& [name, value] : command.environment) {
    if (name == "PATH") out.front() = "PATH=" + value;
    else out.push_back(name + "=" + value);
  }
  return out;
}

// Owns the two C structures that posix_spawn wants.
struct SpawnPlan {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
};

// The three that the program gets.
struct Streams {
  std::string in;  // a path
  int out, err;
};

void plan_files(SpawnPlan& plan, const Command& command, const Streams& streams) {
  posix_spawn_file_actions_addopen(&plan.actions, 0, streams.in.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&plan.actions, streams.out, 1);
  posix_spawn_file_actions_adddup2(&plan.actions, streams.err, 2);
  posix_spawn_file_actions_addclosefrom_np(&plan.actions, 3);
  if (!command.folder.empty()) posix_spawn_file_actions_addchdir_np(&plan.actions, command.folder.c_str());
}

void plan_signals(SpawnPlan& plan) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&plan.attributes, &none);
  posix_spawnattr_setsigdefault(&plan.attributes, &all);
  posix_spawnattr_setpgroup(&plan.attributes, 0);
  posix_spawnattr_setflags(&plan.attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

Result<pid_t> spawn(const Command& command, const Streams& streams) {
  auto path = TRY(program_path(command.argv.at(0)));
  SpawnPlan plan;
  plan_files(plan, command, streams);
  plan_signals(plan);
  auto arguments = command.argv;
  auto environment = environment_of(command);
  auto argv = pointers(arguments);
  auto envp = pointers(environment);
  pid_t pid = 0;
  int failed = posix_spawn(&pid, path.c_str(), &plan.actions, &plan.attributes, argv.data(), envp.data());
  if (failed == ENOENT) return not_found(path + ": no such program or folder");
  if (failed != 0) return system_error(path, failed);
  return pid;
}

// A started program, its pipes, and what came out of them so far.
class Running {
 public:
  Running(const Command& command, pid_t pid, Descriptor out, Descriptor err)
      : command_(command), pid_(pid), exit_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))), out_(std::move(out)),
        err_(std::move(err)), deadline_(std::chrono::steady_clock::now() + command.timeout) {}
  ~Running() { end(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  Result<Ended> wait() {
    while (!exited_) {
      if (std::chrono::steady_clock::now() >= deadline_) return given_up(Ended::How::timed_out);
      if (command_.watch && command_.watch() == Command::GoOn::no) return given_up(Ended::How::stopped);
      TRY(turn());
    }
    end();  // grandchildren too, so that the pipes end
    TRY(drain(INT_MAX));
    ended_.how = WIFSIGNALED(status_) ? Ended::How::killed : Ended::How::exited;
    ended_.code = WIFSIGNALED(status_) ? WTERMSIG(status_) : WEXITSTATUS(status_);
    return std::move(ended_);
  }

 private:
  Status turn() {
    pollfd fds[3] = {{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}, {exit_.get(), POLLIN, 0}};
    if (poll(fds, 3, kTickMs) < 0 && errno != EINTR) return system_error("poll", errno);
    TRY(drain(kReadsATurn));
    exited_ = fds[2].revents != 0;
    return {};
  }

  Result<Ended> given_up(Ended::How how) {
    end();
    TRY(drain(INT_MAX));
    ended_.how = how;
    ended_.code = SIGKILL;
    return std::move(ended_);
  }

  // Kills the group and reaps the program. The group is killed first: until it is reaped its number cannot be another's.
  void end() {
    if (reaped_) return;
    kill(-pid_, SIGKILL);
    while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
  }

  Status drain(int reads) {
    TRY(drain(out_, reads, [this](BytesView bytes) { return take_output(bytes); }));
    return drain(err_, reads, [this](BytesView bytes) { return take_errors(bytes); });
  }

  Status drain(Descriptor& from, int reads, const std::function<Status(BytesView)>& take) {
    char buffer[64 * 1024];
    for (; from.open() && reads > 0; --reads) {
      auto n = read(from.get(), buffer, sizeof buffer);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return {};
      if (n <= 0) from.reset();
      else TRY(take(BytesView(buffer, static_cast<std::size_t>(n))));
    }
    return {};
  }

  Status take_output(BytesView bytes) {
    taken_ += bytes.size();
    if (taken_ > command_.max_output)
      return rejected(command_.argv[0] + ": output: want at most " + std::to_string(command_.max_output) +
                      " bytes, got more");
    if (command_.sink) return command_.sink(bytes);
    ended_.output += bytes;
    return {};
  }

  Status take_errors(BytesView bytes) {
    ended_.errors += bytes;
    if (ended_.errors.size() > kErrorsKept) ended_.errors.erase(0, ended_.errors.size() - kErrorsKept);
    return {};
  }

  const Command& command_;
  pid_t pid_;
  Descriptor exit_, out_, err_;
  SteadyTime deadline_;
  Ended ended_;
  std::uint64_t taken_ = 0;
  int status_ = 0;
  bool exited_ = false, reaped_ = false;
};

std::string last_line(std::string_view text) {
  auto trimmed = trim(text);
  auto line = trimmed.rfind('\n');
  return std::string(line == std::string_view::npos ? trimmed : trimmed.substr(line + 1));
}

std::string how_it_ended(const Ended& ended) {
  switch (ended.how) {
    case Ended::How::exited: return "exit status " + std::to_string(ended.code);
    case Ended::How::killed: return "signal " + std::to_string(ended.code);
    case Ended::How::timed_out: return "took too long";
    case Ended::How::stopped: return "stopped";
  }
  abort_with("Ended: not one of its ways");
}

}  // namespace

Result<Ended> run(const Command& command) {
  auto out = TRY(make_pipe());
  auto err = TRY(make_pipe());
  const Descriptor memory = TRY(in_memory(command.input));
  Streams streams{command.input_file, out.write_end.get(), err.write_end.get()};
  if (command.input_file.empty()) streams.in = memory.open() ? "/proc/self/fd/" + std::to_string(memory.get()) : "/dev/null";
  if (command.errors == Command::Errors::with_output) streams.err = streams.out;
  auto pid = TRY(spawn(command, streams));
  out.write_end.reset();
  err.write_end.reset();
  return Running(command, pid, std::move(out.read_end), std::move(err.read_end)).wait();
}

Result<std::string> output_of(const Command& command, Fault fault) {
  auto ended = TRY(run(command));
  if (ended.well()) return std::move(ended.output);
  auto name = command.argv[0] + (command.argv.size() > 1 ? " " + command.argv[1] : "");
  auto said = last_line(ended.errors);
  return Error{fault, name + ": " + how_it_ended(ended) + (said.empty() ? "" : ": " + said)};
}

}  // namespace rota
