#include "ceremony/draft_file.h"

#include <set>

#include "crypto/hash.h"

namespace rota::ceremony {
namespace {

using crypto::PublicKey;
using tuf::KeyId;
using tuf::Root;

constexpr std::string_view kFormat = "rota-draft/1";
constexpr std::size_t kMaxFactory = 200, kMaxValues = 100'000;

std::string text_in(const Json& body, std::string_view member, std::string_view name) {
  const Json* object = body.find(member);
  return object == nullptr ? std::string() : object->text_or(name, "");
}

// Exactly these members: what nobody knows, nobody covers.
Status has_only(const Json& json, const std::set<std::string_view>& names) {
  if (json.if_object() == nullptr) return rejected("want an object");
  for (const auto& [name, value] : *json.if_object())
    if (!names.contains(name)) return rejected("member '" + KeyId{name}.brief() + "' is unknown");
  for (const auto& name : names)
    if (json.find(name) == nullptr) return rejected("member '" + std::string(name) + "' is missing");
  return {};
}

// What a stranger got wrong is not for the reader to correct.
template <typename T>
Result<T> well_formed(Result<T> result) {
  if (!result.ok()) return rejected(result.error().what);
  return result;
}

Json signature_json_of(const DraftSignature& signature) {
  return Json(Json::Object{{"keyid", signature.key_id.hex},
                           {"method", signature.method},
                           {"sig", base64(signature.bytes)},
                           {"signed-at", rfc3339(signature.signed_at)},
                           {"statement", base64(signature.statement)}});
}

Result<DraftSignature> signature_from(const Json& json) {
  TRY(has_only(json, {"keyid", "method", "sig", "signed-at", "statement"}));
  DraftSignature signature;
  signature.key_id.hex = TRY(well_formed(json.text("keyid")));
  if (!is_sha256_hex(signature.key_id.hex)) return rejected("keyid: want 64 hex digits");
  signature.method = TRY(well_formed(json.text("method")));
  const std::string sig = TRY(well_formed(json.text("sig"))), at = TRY(well_formed(json.text("signed-at"))),
                    statement = TRY(well_formed(json.text("statement")));
  signature.bytes = TRY(well_formed(unbase64(sig)));
  signature.signed_at = TRY(well_formed(parse_rfc3339(at)));
  signature.statement = TRY(well_formed(unbase64(statement)));
  return signature;
}

Result<std::vector<DraftSignature>> signatures_from(const Json& json) {
  const auto* items = json.if_array();
  if (items == nullptr || items->size() > kMaxDraftSignatures)
    return rejected("signatures: want a list of at most " + std::to_string(kMaxDraftSignatures));
  std::vector<DraftSignature> signatures;
  for (const Json& item : *items) {
    auto one = TRY_IN("signature " + std::to_string(signatures.size() + 1), signature_from(item));
    if (!signatures.empty() && !(signatures.back().key_id < one.key_id))
      return rejected("signatures: want them by key id, each once");
    signatures.push_back(std::move(one));
  }
  return signatures;
}

Result<Stream> stream_from(std::string_view name) {
  for (const Stream stream : {Stream::ci, Stream::prod})
    if (name_of(stream) == name) return stream;
  return rejected("stream: want 'ci' or 'prod'");
}

Result<std::vector<Bytes>> chain_from(const Json& json) {
  const auto* items = json.if_array();
  if (items == nullptr || items->empty() || items->size() > kMaxDraftChain)
    return rejected("chain: want 1 to " + std::to_string(kMaxDraftChain) + " roots");
  std::vector<Bytes> chain;
  for (const Json& item : *items) {
    if (item.if_text() == nullptr) return rejected("chain: want roots in base64");
    chain.push_back(TRY_IN("chain", well_formed(unbase64(*item.if_text()))));
    if (chain.back().size() > tuf::kMaxRoot) return rejected("chain: a root is larger than devices read");
  }
  return chain;
}

Json signatures_json(const std::vector<DraftSignature>& signatures) {
  Json json(Json::Array{});
  for (const auto& one : signatures) json.push_back(signature_json_of(one));
  return json;
}

Json covered_json(const Draft& draft) {
  Json chain(Json::Array{});
  for (const auto& root : draft.chain) chain.push_back(Json(base64(root)));
  return Json(Json::Object{{"format", kFormat},
                           {"factory", draft.factory},
                           {"stream", name_of(draft.stream)},
                           {"chain", std::move(chain)},
                           {"signed", draft.body}});
}

Bytes envelope_of(const Draft& draft) {
  Json signatures(Json::Array{});
  for (const auto& one : draft.signatures)
    signatures.push_back(
        Json(Json::Object{{"keyid", one.key_id.hex}, {"method", one.method}, {"sig", base64(one.bytes)}}));
  return tuf::envelope_bytes(draft.body, signatures);
}

Result<Root> next_root_of(const Json& body, const Root& trusted) {
  auto next = TRY_IN("the proposed root", well_formed(tuf::read_root_body(body)));
  if (next.version != trusted.version + 1)
    return want_got("the proposed root: version", trusted.version + 1, next.version);
  if (trusted.dialect != tuf::Dialect::uptane || next.dialect != tuf::Dialect::uptane)
    return bad_input("ceremonies are for roots of the uptane dialect");
  return next;
}

// An id that means one key before the step and another after it would let a signature be counted for what it is not.
Status ids_keep_their_meaning(const Root& trusted, const Root& next) {
  for (const auto& [id, key] : next.keys)
    if (const auto at = trusted.keys.find(id); at != trusted.keys.end() && !(at->second == key))
      return rejected("the proposed root: key id " + id.brief() + " means another key than before");
  return {};
}

// Signatures one by one, each against the one key that its id means.
class SignatureCheck {
 public:
  explicit SignatureCheck(const CheckedDraft& draft) : draft_(draft), signers_(draft.signers()) {}

  Status all() {
    const Bytes message = TRY_IN("the proposed root", well_formed(tuf::bytes_to_sign(draft_.draft.body)));
    for (const auto& one : draft_.draft.signatures)
      TRY_IN("signature of key " + one.key_id.brief(), holds(one, message));
    return {};
  }

 private:
  Status holds(const DraftSignature& one, BytesView message) {
    const auto at = signers_.find(one.key_id);
    if (at == signers_.end()) return rejected("no key of the root role, before or after this step");
    const PublicKey& key = at->second;
    if (!materials_.insert(key).second) return rejected("the second one of the same key");
    if (one.method != tuf::method_of(key.type())) return rejected("method does not fit the key");
    const auto scheme = crypto::scheme_of(key.type());
    if (!key.verifies(scheme, message, one.bytes)) return rejected("does not verify over the proposed root");
    if (!key.verifies(scheme, statement_of(draft_.digest, one.key_id, one.signed_at), one.statement))
      return rejected("its statement does not verify: the draft, or the time, is not what was signed");
    return {};
  }

  const CheckedDraft& draft_;
  std::map<KeyId, PublicKey> signers_;
  std::set<PublicKey> materials_;
};

void add_signers(std::map<KeyId, PublicKey>& signers, const Root& root) {
  for (const auto& id : root.role(tuf::Role::root).key_ids)
    if (const auto key = root.keys.find(id); key != root.keys.end()) signers.emplace(id, key->second);
}

}  // namespace

std::string Draft::reason() const {
  return text_in(body, "x-changelog", "message");
}
std::string Draft::author() const {
  return text_in(body, "x-changelog", "polis-id");
}

Json draft_json(const Draft& draft) {
  Json json = covered_json(draft);
  json["signatures"] = signatures_json(draft.signatures);
  return json;
}

Bytes draft_bytes(const Draft& draft) {
  return tuf::canonical(draft_json(draft)) + "\n";
}

Result<Draft> draft_from_json(const Json& json) {
  TRY(has_only(json, {"format", "factory", "stream", "chain", "signed", "signatures"}));
  if (json.text_or("format", "") != kFormat) return rejected("format: want '" + std::string(kFormat) + "'");
  Draft draft;
  draft.factory = TRY(well_formed(json.text("factory")));
  if (draft.factory.size() > kMaxFactory) return rejected("factory: the name is too long");
  draft.stream = TRY(stream_from(json.text_or("stream", "")));
  draft.chain = TRY(chain_from(*json.find("chain")));
  draft.body = *json.find("signed");
  draft.signatures = TRY(signatures_from(*json.find("signatures")));
  return draft;
}

Result<Draft> read_draft(BytesView bytes) {
  if (bytes.size() > kMaxDraft) return rejected("draft: larger than " + std::to_string(kMaxDraft) + " bytes");
  while (bytes.ends_with('\n') || bytes.ends_with('\r')) bytes.remove_suffix(1);  // as mail leaves it
  const Json json = TRY_IN("draft", well_formed(parse_json(bytes, {.max_bytes = kMaxDraft, .max_values = kMaxValues})));
  if (tuf::canonical(json) != bytes)
    return rejected("draft: is not spelled canonically; was it edited, or reformatted?");
  return TRY_IN("draft", draft_from_json(json));
}

std::string draft_digest(const Draft& draft) {
  return crypto::sha256_hex(tuf::canonical(covered_json(draft)));
}

Bytes statement_of(std::string_view digest, const KeyId& key, Time signed_at) {
  return tuf::canonical(Json(Json::Object{{"_type", "ceremony-statement"},
                                          {"draft", std::string(digest)},
                                          {"keyid", key.hex},
                                          {"signed-at", rfc3339(signed_at)}}));
}

std::map<KeyId, PublicKey> CheckedDraft::signers() const {
  std::map<KeyId, PublicKey> signers;
  add_signers(signers, next);
  add_signers(signers, *trusted());
  return signers;
}

Result<CheckedDraft> checked_draft(Draft draft) {
  auto chain = TRY_IN("draft", well_formed(verify_chain(draft.chain)));
  auto next = TRY(next_root_of(draft.body, *chain.back()));
  TRY(ids_keep_their_meaning(*chain.back(), next));
  std::string digest = draft_digest(draft);
  Bytes candidate = envelope_of(draft);
  TRY_IN("draft", tuf::parse_envelope(candidate, kMaxDraft));
  CheckedDraft checked{std::move(draft), std::move(digest), std::move(chain), std::move(next), std::move(candidate)};
  TRY(SignatureCheck(checked).all());
  return checked;
}

Status starts_from(const CheckedDraft& draft, const Chain& believed) {
  const auto first = draft.chain.front()->version, last = draft.trusted()->version, known = believed.back()->version;
  if (known > last)
    return conflict("the draft starts from root " + std::to_string(last) + ", and root " + std::to_string(known) +
                        " is known here: it is stale",
                    "somebody changed the root since it was made; make a new one");
  if (known + 1 < first)
    return bad_input("the draft carries roots from " + std::to_string(first) + " on, and root " +
                         std::to_string(known) + " is the newest known here: there is a gap",
                     "give --trusted-root with a newer root, or with a roots archive");
  if (known + 1 == first) {
    TRY_IN("root " + std::to_string(first) + " of the draft",
           tuf::next_root(believed.back(), draft.chain.front().raw()));
    return {};
  }
  const auto& ours = draft.chain[static_cast<std::size_t>(known - first)];
  if (ours->body == believed.back()->body) return {};
  return rejected(
      "root " + std::to_string(known) + " of the draft is another one than the root " + std::to_string(known) +
          " that is known here; sign nothing of it",
      draft.draft.stream == Stream::prod ? "a draft of the production chain wants a --trusted-root of that chain" : "");
}

}  // namespace rota::ceremony
