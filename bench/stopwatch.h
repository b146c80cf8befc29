// Two subjects in one run, turn by turn, so that whatever else the machine does hits both.
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>
#include <vector>

namespace rota::bench {

struct Spent {
  double wall_us = 0, cpu_us = 0;
};

inline double cpu_now_us() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

template <typename Work>
Spent spent_on(Work&& work) {
  const double cpu = cpu_now_us();
  const auto start = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double, std::micro> wall = std::chrono::steady_clock::now() - start;
  return {wall.count(), cpu_now_us() - cpu};
}

// The median of each figure.
inline Spent median(const std::vector<Spent>& runs) {
  std::vector<double> wall, cpu;
  for (const Spent& run : runs) {
    wall.push_back(run.wall_us);
    cpu.push_back(run.cpu_us);
  }
  const auto middle = [](std::vector<double>& values) {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), at, values.end());
    return *at;
  };
  return {middle(wall), middle(cpu)};
}

struct Beside {
  Spent ours, limit;
  double ratio() const { return ours.cpu_us / limit.cpu_us; }  // of CPU time: the clock's is noisier
};

// Medians of `rounds` rounds after one to warm up; `prepare` comes before ours each time and is not counted.
template <typename Prepare, typename Ours, typename Limit>
Beside beside(int rounds, Prepare&& prepare, Ours&& ours, Limit&& limit) {
  std::vector<Spent> a, b;
  prepare();
  ours();
  limit();
  for (int round = 0; round < rounds; ++round) {
    prepare();
    a.push_back(spent_on(ours));
    b.push_back(spent_on(limit));
  }
  return {median(a), median(b)};
}
template <typename Ours, typename Limit>
Beside beside(int rounds, Ours&& ours, Limit&& limit) {
  return beside(rounds, [] {}, ours, limit);
}

}  // namespace rota::bench
