// A trust store in memory that judges what is written to it: nothing but what
// the keys of its newest root signed, and no version that falls while those
// keys stay.
#pragma once

#include "client/trust_store.h"
#include "must_hold.h"
#include "signing_record.h"

namespace rota::fuzz {

class WatchedStore final : public client::TrustStore {
 public:
  WatchedStore(const SigningRecord& record, const Time& now, Keeps keeps) : record_(record), now_(now), keeps_(keeps) {}

  Keeps keeps() const override { return keeps_; }
  Result<std::vector<tuf::Version>> root_versions() override {
    std::vector<tuf::Version> versions;
    for (const auto& [version, bytes] : roots_) versions.push_back(version);
    return versions;
  }
  Result<Bytes> root(tuf::Version version) override {
    if (!roots_.contains(version)) return not_found("root");
    return roots_[version];
  }
  Result<Stored> load() override {
    Stored stored = stored_;
    if (keeps_ == Keeps::files) stored.floors = {};
    return stored;
  }

  Status accept_roots(std::span<const client::AcceptedRoot> roots, const Stored& left) override {
    for (const auto& [version, bytes] : roots) {
      judge_root(version, bytes);
      roots_[version] = bytes.bytes();
    }
    stored_ = left;
    return {};
  }
  Status accept(tuf::Role which, const tuf::FileBytes& bytes, const tuf::Floors& floors) override {
    judge(which, bytes);
    if (keeps_ == Keeps::files) stored_.generation.*place(which) = bytes;
    stored_.floors = floors;
    return {};
  }
  Status replace(const tuf::Generation& set, const tuf::Floors& floors) override {
    for (const tuf::Role which : kListed) judge(which, set.*place(which));
    stored_.generation = set;
    stored_.floors = floors;
    return {};
  }

  Result<Bytes> delegated(const std::string& name) override {
    if (!delegated_.contains(name)) return not_found(name);
    return delegated_[name];
  }
  Status keep_delegated(const std::string& name, BytesView bytes) override {
    must_hold(record_.knows(bytes), "a delegated file is one that was signed");
    delegated_[name] = Bytes(bytes);
    return {};
  }

  Result<std::optional<Time>> clock_floor() override { return clock_; }
  Status set_clock_floor(Time time) override {
    must_hold(!clock_ || *clock_ <= time, "time does not fall");
    clock_ = time;
    return {};
  }

  void ship(const Bytes& first_root) { roots_[1] = first_root; }
  tuf::Version newest_version() const { return roots_.rbegin()->first; }
  // Somebody edits the cache; what was seen before counts no more.
  void spoil(tuf::Role which, const Bytes& bytes) {
    stored_.generation.*place(which) = bytes;
    seen_.clear();
  }
  void spoil(const std::string& delegated, const Bytes& bytes) { delegated_[delegated] = bytes; }
  Bytes held(tuf::Role which) const { return (stored_.generation.*place(which)).bytes(); }

 private:
  static constexpr tuf::Role kListed[] = {tuf::Role::timestamp, tuf::Role::snapshot, tuf::Role::targets};

  static tuf::FileBytes tuf::Generation::*place(tuf::Role which) {
    using Set = tuf::Generation;
    return which == tuf::Role::timestamp  ? &Set::timestamp
           : which == tuf::Role::snapshot ? &Set::snapshot
                                          : &Set::targets;
  }
  static const Json* role(const Json& root, std::string_view name) {
    const Json* roles = root.find("roles");
    return roles == nullptr ? nullptr : roles->find(name);
  }
  Json newest_root() const { return SigningRecord::body_of(roots_.rbegin()->second); }

  void judge_root(tuf::Version version, BytesView bytes) {
    const Json after = SigningRecord::body_of(bytes);
    if (!roots_.empty() && !roots_.contains(version)) {
      const Json before = newest_root();
      must_hold(version == newest_version() + 1, "roots follow one another");
      must_hold(record_.is_by(role(before, "root"), bytes), "a root is signed by the one before");
      forget_versions(before, after);
    }
    must_hold(!roots_.contains(version) || roots_[version] == bytes, "a root that is held is not another one");
    must_hold(after.integer_or("version", 0) == version, "a root is held under its version");
    must_hold(record_.is_by(role(after, "root"), bytes), "a root is signed by itself");
  }
  void judge(tuf::Role which, BytesView bytes) {
    const std::string name(tuf::name_of(which));
    must_hold(record_.is_by(role(newest_root(), name), bytes), "only what the keys signed is accepted");
    const Json body = SigningRecord::body_of(bytes);
    must_hold(parse_rfc3339(body.text_or("expires", "")).value() > now_, "nothing expired is accepted");
    const tuf::Version version = body.integer_or("version", 0);
    must_hold(version >= seen_[name], "versions do not fall");
    seen_[name] = version;
  }
  // TUF 5.3.11: what is known of versions is known by snapshot and timestamp.
  void forget_versions(const Json& before, const Json& after) {
    const auto changed = [&](const char* name) { return *role(before, name) != *role(after, name); };
    if (changed("timestamp") || changed("snapshot")) seen_.clear();
    if (changed("targets")) seen_.erase("targets");
  }

  const SigningRecord& record_;
  const Time& now_;
  const Keeps keeps_;
  std::map<tuf::Version, Bytes> roots_;
  Stored stored_;
  std::map<std::string, Bytes> delegated_;
  std::optional<Time> clock_;
  std::map<std::string, tuf::Version> seen_;
};

}  // namespace rota::fuzz
