// A trust store that forgets everything with the process, and keeps whole sets as the device agent does: what a client does
// with such a store, and what a refresh costs without a disk.
#pragma once

#include <map>

#include "client/trust_store.h"

namespace rota::sim {

class MemoryStore final : public client::TrustStore {
 public:
  MemoryStore() = default;
  explicit MemoryStore(Bytes root) { roots_.emplace(1, std::move(root)); }

  Keeps keeps() const override { return Keeps::sets; }
  Result<std::vector<tuf::Version>> root_versions() override {
    std::vector<tuf::Version> versions;
    for (const auto& [version, root] : roots_) versions.push_back(version);
    return versions;
  }
  Result<Bytes> root(tuf::Version version) override { return roots_.at(version).bytes(); }
  Result<Stored> load() override { return stored_; }
  Status accept_roots(std::span<const client::AcceptedRoot> roots, const Stored& left) override {
    for (const auto& [version, bytes] : roots) roots_[version] = bytes;
    stored_ = left;
    commits.push_back(roots.size());
    return {};
  }
  Status accept(tuf::Role, const tuf::FileBytes&, const tuf::Floors& floors) override {
    stored_.floors = floors;
    return {};
  }
  Status replace(const tuf::Generation& generation, const tuf::Floors& floors) override {
    stored_.generation = generation;
    stored_.floors = floors;
    return {};
  }
  Result<Bytes> delegated(const std::string& role) override {
    if (broken) return *broken;
    const auto file = delegated_.find(role);
    if (file == delegated_.end()) return not_found("delegated: " + role);
    return file->second;
  }
  Status keep_delegated(const std::string& role, BytesView bytes) override {
    delegated_[role] = Bytes(bytes);
    return {};
  }
  Result<std::optional<Time>> clock_floor() override { return clock_floor_; }
  Status set_clock_floor(Time time) override {
    clock_floor_ = time;
    return {};
  }

  std::vector<std::size_t> commits = {};  // how many roots came in each
  std::optional<Error> broken = {};       // why no delegated file can be read

 private:
  std::map<tuf::Version, tuf::FileBytes> roots_;
  Stored stored_;
  std::map<std::string, Bytes> delegated_;
  std::optional<Time> clock_floor_;
};

}  // namespace rota::sim
