// Which devices of a factory trust which root (gateway.md 3.4, docs/formats/gateway.md).
// In:    what each device has proved to hold; the newest root.
// Out:   the devices per root, those that lag behind, when they may have followed.
// Never: a device counted as following that has not shown it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/devices.h"

namespace rota::server {

constexpr std::size_t kMostListed = 100;  // of devices that a census names
constexpr Seconds kSeenLately = days(90);

struct RootHolders {
  std::int64_t devices = 0;
  std::map<RootSource, std::int64_t> by_source = {};
  Time first = {}, last = {};  // when the first and the last of them came to hold it
};

// A device as far as its trust goes.
struct Holder {
  std::string uuid, name;
  tuf::Version root = 0;
  RootSource source = RootSource::nothing;
  Time since = {}, last_seen = {};
};

struct Census {
  tuf::Version newest = 0;
  std::int64_t devices = 0;
  std::int64_t unknown = 0;               // that have shown nothing yet
  std::map<tuf::Version, RootHolders> roots = {};
  std::int64_t behind = 0, silent = 0;    // below the newest: seen within 90 days, or not
  std::int64_t forked = 0;                // that state a root which was never published here; in no other count
  std::vector<Holder> laggards = {};      // of those behind: the oldest roots first, kMostListed at most
  std::vector<Holder> forks = {};
  // When those behind have followed, if they do as fast as the others since the first came to hold the newest root.
  // nullopt: nobody is behind, or nobody has followed yet.
  std::optional<Time> eta = {};
};

Census census_of(const Devices& devices, std::string_view factory, tuf::Version newest, Time now);

Holder holder_of(const Device& device);
// Ours, below `root`.
bool is_below(const Device& device, tuf::Version root);

}  // namespace rota::server
