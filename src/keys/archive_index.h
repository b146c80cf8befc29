// What Rota adds to an archive: an index of its keys and the roots they were signed into (formats.md 10.3). The index
// is for people and can be rebuilt; trust is only ever taken from the roots themselves.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "keys/archive.h"
#include "tuf/metadata.h"

namespace rota::keys {

constexpr std::string_view kIndexMember = "tufrepo/rota/index.json";
// "tufrepo/rota/trusted.root.json", "trusted.prod.root.json", "candidate.root.json", …
std::string trusted_member(std::string_view stream);
std::string candidate_member(std::string_view stream);

// A key that goes from `trusted` to the root after it.
struct IndexChange {
  std::string factory;
  const tuf::Root& trusted;          // the newest verified root of the ci stream
  crypto::PublicKey pending;         // signed into the root after it
  std::string pending_member;        // its .pub
  Time now;
  std::string role = "root";  // of the pending key
};
// The index of `archive`: keys of the trusted root "active", the pending one "pending", others "retired". What an
// earlier index says of creation dates is kept.
Json index_of(const Archive& archive, const IndexChange& change);

}  // namespace rota::keys
