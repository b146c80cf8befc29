// A new draft: the wished changes made to the root one believes, and nothing else.
// In:    a verified chain, the wish.
// Out:   a draft nobody has signed, that reads back as it was made.
// Never: a key or threshold changed that was not named; private keys.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ceremony/draft_file.h"
#include "ceremony/edit.h"

namespace rota::ceremony {

struct KeyEntry {
  tuf::Role role;
  std::string owner;
  crypto::PublicKey key;
};
// A key that is there: its id, the beginning of one (8 digits or more), or the name of its owner, when that means one
// key of the role.
struct KeyExit {
  tuf::Role role;
  std::string key;
};

struct DraftWish {
  std::string factory, reason, author = {};
  Stream stream = Stream::ci;  // of the chain that is given
  Time now = {};
  std::optional<Time> expires = {};  // else the later of the current one and a year
  std::vector<KeyEntry> add = {};
  std::vector<KeyExit> remove = {};
  std::vector<std::pair<KeyExit, KeyEntry>> replace = {};
  std::vector<std::pair<tuf::Role, std::int64_t>> thresholds = {};
  std::vector<std::pair<std::string, std::string>> owners = {};  // key -> name, of keys that have none or another one
};

// bad_input: no reason, a name or reason that is not plain text of a sensible length, a key that is not there or
// already is, one that means several. Whether the step is a wise one is the reviewers' matter, and that of the checks
// (check.h).
Result<Draft> new_draft(const Chain& chain, const DraftWish& wish);

// The owner's name that a root body gives a key ("x-key-owners"); empty: none.
std::string owner_in(const Json& body, const tuf::KeyId& id);

}  // namespace rota::ceremony
