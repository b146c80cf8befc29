// The `keys` of a root or of delegations (TUF 4.3, 4.5), by their ids.
#pragma once

#include <map>
#include <string>

#include "base/json.h"
#include "tuf/key.h"

namespace rota::tuf {

struct KeyRing {
  std::map<KeyId, crypto::PublicKey> keys;  // those that can verify
  std::map<KeyId, std::string> unusable;    // the others, and why: unknown type or scheme, a size nobody verifies, …
};

// The member `keys` of `json`. An id is opaque in the tuf dialect (not empty) and 64 hex digits in the other. A key
// that can never verify does not spoil the file; one without form does. rejected: `keys` missing or of the wrong type,
// an id without form, a key that is no object or has no text as `keytype`.
Result<KeyRing> read_keys(const Json& json, Dialect dialect);
// The same; a key that stood in `before`, of that dialect, under the same id and as the same object is taken from `known`
// rather than decoded again. `known` holds the keys of `before`.
Result<KeyRing> read_keys(const Json& json, Dialect dialect, const Json& before,
                          const std::map<KeyId, crypto::PublicKey>& known);

}  // namespace rota::tuf
