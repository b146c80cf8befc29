// What was ever signed, and by whom: the answer to "did the keys sign this?"
// without looking at a signature.
#pragma once

#include <map>
#include <set>

#include "signed_anew.h"

namespace rota::fuzz {

class SigningRecord {
 public:
  // The file, signed by these keys of the tests; noted.
  Bytes sign(const Json& body, const tuf::test::Seeds& seeds) {
    for (const int seed : seeds) ids_[to_json(body)].insert(key_id(signer(seed).public_key(), tuf::Dialect::tuf).hex);
    return envelope_of(signatures_over(body, tuf::Dialect::tuf, seeds), to_json(body));
  }

  // How many of a role's keys signed what `file` holds. `role`:
  // {"keyids":[…],"threshold":…}.
  bool is_by(const Json* role, BytesView file) const {
    const auto ids = ids_.find(signed_text(file));
    if (role == nullptr || ids == ids_.end()) return false;
    std::set<std::string> votes;
    for (const Json& id : *role->array("keyids").value()) {
      if (ids->second.contains(*id.if_text())) votes.insert(*id.if_text());
    }
    return static_cast<std::int64_t>(votes.size()) >= role->integer_or("threshold", INT64_MAX);
  }
  bool knows(BytesView file) const { return ids_.contains(signed_text(file)); }

  // The value of "signed"; null when the file is none.
  static Json body_of(BytesView file) {
    const auto json = parse_json(file, kSignedText);
    return json.ok() && json->find("signed") != nullptr ? *json->find("signed") : Json();
  }

 private:
  static std::string signed_text(BytesView file) { return to_json(body_of(file)); }
  std::map<std::string, std::set<std::string>> ids_;
};

}  // namespace rota::fuzz
