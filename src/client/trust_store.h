// Where a client keeps what it trusts. Two kinds: FolderStore here, the device agent's database in device/.
// What is read from a store is not trusted: load_trust (trust.h) verifies it again at each start.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "tuf/verify.h"

namespace rota::client {

struct AcceptedRoot {
  tuf::Version version;
  tuf::FileBytes bytes;
};

// Everything but roots and delegated files.
struct Stored {
  tuf::Generation generation;  // an empty file: none stored
  tuf::Floors floors;          // noted beside the files; zero in a store whose files say it all
  // The newest root that both take into account: what later ones change (TUF 5.3.11) is still to be applied. 0: none.
  tuf::Version under = 0;
};

// Every change is durable when it returns, and there whole or not at all after a power cut.
class TrustStore {
 public:
  using Stored = client::Stored;
  virtual ~TrustStore() = default;

  enum class Keeps {
    files,  // each as soon as it is accepted, as TUF 5.4 to 5.6 have it
    sets,   // timestamp, snapshot and targets together; of the way there only the floors
  };
  virtual Keeps keeps() const = 0;

  // The versions of the roots held, ascending; their bytes are read one by one.
  virtual Result<std::vector<tuf::Version>> root_versions() = 0;
  virtual Result<Bytes> root(tuf::Version version) = 0;
  virtual Result<Stored> load() = 0;

  // Roots in ascending order, perhaps none, and what stands under root `left.under`: a file that is empty there is gone.
  virtual Status accept_roots(std::span<const AcceptedRoot> roots, const Stored& left) = 0;
  // Timestamp, snapshot or targets was accepted on the way to a whole set, with the floors after it.
  virtual Status accept(tuf::Role role, const tuf::FileBytes& bytes, const tuf::Floors& floors) = 0;
  // The set is complete.
  virtual Status replace(const tuf::Generation& generation, const tuf::Floors& floors) = 0;

  // Delegated targets, by role name, byte for byte as received. not_found: none.
  virtual Result<Bytes> delegated(const std::string& role) = 0;
  virtual Status keep_delegated(const std::string& role, BytesView bytes) = 0;

  // The latest clock reading at which a refresh succeeded: no later reading may be lower.
  virtual Result<std::optional<Time>> clock_floor() = 0;
  virtual Status set_clock_floor(Time time) = 0;
};

}  // namespace rota::client
