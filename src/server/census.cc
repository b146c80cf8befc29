#include "server/census.h"

#include <algorithm>
#include <tuple>

namespace rota::server {
namespace {

bool goes_before(const Holder& a, const Holder& b) { return std::tie(a.root, a.name) < std::tie(b.root, b.name); }

// The first few in order; what is left out is dropped on the way.
class FewHolders {
 public:
  void add(Holder holder) {
    few_.push_back(std::move(holder));
    if (few_.size() >= 2 * kMostListed) cut();
  }
  std::vector<Holder> listed() && {
    cut();
    return std::move(few_);
  }

 private:
  void cut() {
    std::sort(few_.begin(), few_.end(), goes_before);
    if (few_.size() > kMostListed) few_.resize(kMostListed);
  }
  std::vector<Holder> few_;
};

void count(RootHolders& holders, const Device& device) {
  if (holders.devices == 0 || device.root_since < holders.first) holders.first = device.root_since;
  holders.last = std::max(holders.last, device.root_since);
  ++holders.devices;
  ++holders.by_source[device.root_source];
}

std::optional<Time> eta_of(const Census& census, Time now) {
  const auto newest = census.roots.find(census.newest);
  if (census.behind == 0 || newest == census.roots.end()) return std::nullopt;
  const auto took = now - newest->second.first;
  return now + took * census.behind / newest->second.devices;
}

}  // namespace

Holder holder_of(const Device& device) {
  return {device.uuid, device.name, device.root_held, device.root_source, device.root_since, device.last_seen};
}

bool is_below(const Device& device, tuf::Version root) {
  return device.root_held > 0 && device.root_held < root && device.root_source != RootSource::fork;
}

Census census_of(const Devices& devices, std::string_view factory, tuf::Version newest, Time now) {
  Census census{.newest = newest};
  FewHolders laggards, forks;
  devices.each(factory, [&](const Device& device) {
    ++census.devices;
    if (device.root_source == RootSource::fork) {
      ++census.forked;
      return forks.add(holder_of(device));
    }
    if (device.root_held == 0) {
      ++census.unknown;
      return;
    }
    count(census.roots[device.root_held], device);
    if (!is_below(device, newest)) return;
    if (now - device.last_seen > kSeenLately) {
      ++census.silent;
      return;
    }
    ++census.behind;
    laggards.add(holder_of(device));
  });
  census.laggards = std::move(laggards).listed();
  census.forks = std::move(forks).listed();
  census.eta = eta_of(census, now);
  return census;
}

}  // namespace rota::server
