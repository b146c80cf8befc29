// measure N COMMAND...: runs a command N times and prints what it cost: median wall time, median CPU, peak resident set.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

struct Cost {
  double wall_ms = 0, cpu_ms = 0;
  long peak_kib = 0;
};

double ms(const timeval& t) { return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3; }

Cost run_once(char** command) {
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_RDWR);
    dup2(nowhere, 0);
    dup2(nowhere, 1);
    dup2(nowhere, 2);
    execvp(command[0], command);
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - start;
  if (!WIFEXITED(status) || WEXITSTATUS(status) == 127) {
    std::fprintf(stderr, "error: '%s' did not run\n", command[0]);
    std::exit(1);
  }
  return {wall.count(), ms(usage.ru_utime) + ms(usage.ru_stime), usage.ru_maxrss};
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const int times = argc > 2 ? std::atoi(argv[1]) : 0;
  if (times < 1) {
    std::fprintf(stderr, "usage: measure N COMMAND...\n");
    return 2;
  }
  std::vector<double> wall, cpu;
  long peak = 0;
  for (int i = 0; i < times; ++i) {
    const Cost cost = run_once(argv + 2);
    wall.push_back(cost.wall_ms);
    cpu.push_back(cost.cpu_ms);
    peak = std::max(peak, cost.peak_kib);
  }
  std::printf("%8.1f ms wall  %8.1f ms CPU  %7.1f MB peak\n", median(wall), median(cpu), static_cast<double>(peak) / 1024);
}
