// The trust set in the store: all roots held, one generation, and the highest versions seen. What is read from here is not
// trusted: trust.h verifies it again at each start.
#pragma once

#include <map>
#include <optional>

#include "store/sqlite.h"
#include "tuf/verify.h"

namespace rota::device {

struct StoredTrust {
  std::map<tuf::Version, Bytes> roots;
  tuf::Generation generation;  // an empty file: none stored
  tuf::Floors floors;
};

class TrustStore {
 public:
  explicit TrustStore(store::Database& db) : db_(db) {}

  Result<StoredTrust> load() const;
  // One commit: the root, the floors as they are under it, and the stored files of roles whose floor it clears are gone.
  Status accept_root(const tuf::Root& root, BytesView bytes, const tuf::Floors& floors);
  // Roots above `version` were damaged: they are forgotten.
  Status drop_roots_above(tuf::Version version);
  // The floors, file by file, while a set is on its way.
  Status raise(const tuf::Floors& floors);
  // One commit: the new generation and its floors. Before it the old set stands, after it the new one.
  Status replace(const tuf::Generation& generation, const tuf::Floors& floors);

  // The latest clock reading at which a refresh succeeded: no later reading may be lower.
  Result<std::optional<Time>> clock_floor() const;
  Status set_clock_floor(Time time);

 private:
  Status write_floors(const tuf::Floors& floors);
  Status write_file(tuf::Role role, BytesView bytes);
  store::Database& db_;
};

}  // namespace rota::device
