// Files whose content a target chose, signed by the keys of the tests: what somebody with those keys could publish.
#pragma once

#include <map>

#include "tuf/repository_for_test.h"

namespace rota::fuzz {

inline constexpr JsonRules kSignedText{.numbers = JsonRules::Numbers::any, .max_bytes = 1u << 20};

// Made once for each key: an input is tried thousands of times a second.
inline const tuf::KeySigner& signer(int seed) {
  static std::map<int, tuf::KeySigner> made;
  const auto known = made.find(seed);
  return known != made.end() ? known->second : made.emplace(seed, tuf::test::signer(seed)).first->second;
}

// The value of "signatures": one of each key over a canonical form of `body`, whether Rota itself would sign that or not.
inline Bytes signatures_over(const Json& body, tuf::Dialect dialect, const tuf::test::Seeds& seeds,
                             tuf::CanonicalForm form) {
  const bool tuf = dialect == tuf::Dialect::tuf;
  const Bytes message = canonical(body, form);
  Json list{Json::Array{}};
  for (const int seed : seeds) {
    const Bytes bytes = signer(seed).sign(message).value();
    Json signature;
    signature["keyid"] = key_id(signer(seed).public_key(), dialect).hex;
    if (!tuf) signature["method"] = "ed25519";
    signature["sig"] = tuf ? hex(bytes) : base64(bytes);
    list.push_back(std::move(signature));
  }
  return to_json(list);
}

// Over the form of the dialect.
inline Bytes signatures_over(const Json& body, tuf::Dialect dialect, const tuf::test::Seeds& seeds) {
  const bool tuf = dialect == tuf::Dialect::tuf;
  return signatures_over(body, dialect, seeds, tuf ? tuf::CanonicalForm::olpc : tuf::CanonicalForm::uptane);
}

// The text of what is signed stays as it is.
inline Bytes envelope_of(const Bytes& signatures, BytesView body_text) {
  return R"({"signatures":)" + signatures + R"(,"signed":)" + Bytes(body_text) + "}";
}

}  // namespace rota::fuzz
