// Where a client keeps what it trusts. Two kinds: FolderStore here, the device agent's database in device/.
// What is read from a store is not trusted: load_trust (trust.h) verifies it again at each start.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "tuf/verify.h"

namespace rota::client {

struct AcceptedRoot {
  tuf::Version version;
  tuf::FileBytes bytes;
};

class TrustStore {
 public:
  virtual ~TrustStore() = default;

  // The versions of the roots held, ascending; their bytes are read one by one.
  virtual Result<std::vector<tuf::Version>> root_versions() = 0;
  virtual Result<Bytes> root(tuf::Version version) = 0;
  // Everything but roots and delegated files; an empty file: none stored.
  struct Stored {
    tuf::Generation generation;
    tuf::Floors floors;
  };
  virtual Result<Stored> load() = 0;

  // Each durable when it returns, and whole or not at all after a power cut.
  // Roots in ascending order, the floors as they are under the last of them; stored files whose floor it clears are gone.
  virtual Status accept_roots(std::span<const AcceptedRoot> roots, const tuf::Floors& floors) = 0;
  virtual Status drop_roots_above(tuf::Version version) = 0;
  // One of timestamp, snapshot, targets was accepted while a set is on its way, with the floors after it. A store that keeps
  // sets whole notes the floors only.
  virtual Status accept(tuf::Role role, const tuf::FileBytes& bytes, const tuf::Floors& floors) = 0;
  // The set is complete: before this the old set stands, after it the new one.
  virtual Status replace(const tuf::Generation& generation, const tuf::Floors& floors) = 0;

  // Delegated targets, by role name, byte for byte as received. not_found: none.
  virtual Result<Bytes> delegated(const std::string& role) = 0;
  virtual Status keep_delegated(const std::string& role, BytesView bytes) = 0;

  // The latest clock reading at which a refresh succeeded: no later reading may be lower.
  virtual Result<std::optional<Time>> clock_floor() = 0;
  virtual Status set_clock_floor(Time time) = 0;
};

}  // namespace rota::client
