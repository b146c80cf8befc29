// Three custodians and a draft, for the tests of this folder: root 1 by key '1'; root 2 by alice (A), bob (B) and carol
// (C), two of whom must sign.
#pragma once

#include "ceremony/draft_new.h"
#include "ceremony/draft_sign.h"
#include "sim/roots.h"

namespace rota::ceremony::for_test {

using sim::key_of;

inline const Time kNow = parse_rfc3339("2030-01-01T00:00:00Z").value();

inline tuf::KeyId id_of(char seed) {
  return tuf::key_id(key_of(seed).public_key());
}

inline Json owners(std::string_view seeds) {
  Json json(Json::Object{});
  for (const char seed : seeds) {
    const std::string name = seed == 'A' ? "alice" : seed == 'B' ? "bob" : seed == 'C' ? "carol" : "somebody";
    json[id_of(seed).hex] = Json(Json::Object{{"polis-id", name}, {"created-at", "2029-01-01T00:00:00Z"}});
  }
  return json;
}

inline std::vector<Bytes> custodian_roots() {
  const Json body = sim::root_body({.version = 2,
                                    .root_keys = "ABC",
                                    .root_threshold = 2,
                                    .extras = Json(Json::Object{{"x-key-owners", owners("ABC")}})});
  return {sim::signed_root(sim::root_body({}), "1"), sim::signed_root(body, "1AB")};
}
inline Chain custodians() {
  return verify_chain(custodian_roots()).value();
}

inline KeyEntry entry(char seed, std::string owner) {
  return {tuf::Role::root, std::move(owner), key_of(seed).public_key()};
}

// Carol leaves, dave comes.
inline DraftWish dave_for_carol() {
  DraftWish wish{.factory = "acme", .reason = "Carol leaves", .author = "alice", .now = kNow};
  wish.replace.push_back({{tuf::Role::root, "carol"}, entry('D', "dave")});
  return wish;
}
inline Draft draft_of(const DraftWish& wish = dave_for_carol()) {
  return new_draft(custodians(), wish).value();
}

inline Result<Draft> signed_by_keys(Draft draft, std::string_view seeds, Time at = kNow) {
  std::vector<tuf::KeySigner> keys;
  for (const char seed : seeds) keys.emplace_back(key_of(seed));
  std::vector<const tuf::Signer*> signers;
  for (const auto& key : keys) signers.push_back(&key);
  return TRY(signed_draft(TRY(checked_draft(std::move(draft))), signers, at)).draft;
}
inline CheckedDraft checked_with(std::string_view seeds, const DraftWish& wish = dave_for_carol()) {
  return checked_draft(signed_by_keys(draft_of(wish), seeds).value()).value();
}

// A place in a JSON tree: names and indices from the top.
using Path = std::vector<std::string>;
inline void collect(const Json& json, const Path& at, std::vector<Path>& leaves) {
  const auto deeper = [&](const std::string& step, const Json& value) {
    Path next = at;
    next.push_back(step);
    collect(value, next, leaves);
  };
  if (const auto* object = json.if_object()) {
    for (const auto& [name, value] : *object) deeper(name, value);
  } else if (const auto* array = json.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) deeper(std::to_string(i), (*array)[i]);
  } else {
    leaves.push_back(at);
  }
}
inline std::vector<Path> leaves_of(const Json& json) {
  std::vector<Path> leaves;
  collect(json, {}, leaves);
  return leaves;
}
inline Json& at(Json& json, const Path& path) {
  Json* here = &json;
  for (const auto& step : path)
    here = here->if_object() != nullptr ? here->find(step)
                                        : &(*here->if_array())[static_cast<std::size_t>(std::stoul(step))];
  return *here;
}
// Another value of the same type.
inline void change(Json& leaf) {
  if (const auto* number = leaf.if_int())
    leaf = Json(*number + 1);
  else if (const auto* truth = leaf.if_bool())
    leaf = Json(!*truth);
  else if (const auto* text = leaf.if_text())
    leaf =
        Json(text->empty() ? std::string("x") : text->substr(0, text->size() - 1) + (text->back() == '1' ? "2" : "1"));
}
inline std::string text_of(const Path& path) {
  std::string text;
  for (const auto& step : path) text += "/" + step.substr(0, 16);
  return text;
}

}  // namespace rota::ceremony::for_test
