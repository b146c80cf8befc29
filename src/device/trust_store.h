// The trust set in the device's database: all roots held, one generation, and the highest versions seen.
#pragma once

#include "client/trust_store.h"
#include "store/sqlite.h"

namespace rota::device {

// Every change is one transaction.
class TrustStore final : public client::TrustStore {
 public:
  explicit TrustStore(store::Database& db) : db_(db) {}

  Keeps keeps() const override { return Keeps::sets; }
  Result<std::vector<tuf::Version>> root_versions() override;
  Result<Bytes> root(tuf::Version version) override;
  Result<client::Stored> load() override;
  Status accept_roots(std::span<const client::AcceptedRoot> roots, const client::Stored& left) override;
  Status accept(tuf::Role role, const tuf::FileBytes& bytes, const tuf::Floors& floors) override;
  Status replace(const tuf::Generation& generation, const tuf::Floors& floors) override;
  Result<Bytes> delegated(const std::string& role) override;
  Status keep_delegated(const std::string& role, BytesView bytes) override;
  Result<std::optional<Time>> clock_floor() override;
  Status set_clock_floor(Time time) override;

 private:
  Status write_floors(const tuf::Floors& floors);
  Status write_file(tuf::Role role, BytesView bytes);
  Status clear_files(const tuf::Generation& left);
  store::Database& db_;
};

}  // namespace rota::device
