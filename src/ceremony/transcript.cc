#include "ceremony/transcript.h"

#include <algorithm>

#include "ceremony/draft_new.h"
#include "crypto/hash.h"
#include "keys/key_file.h"

namespace rota::ceremony {
namespace {

using How = Ending::How;

constexpr std::string_view kFormat = "rota-transcript/1";
constexpr std::size_t kMaxTranscript = kMaxDraft + (1u << 18), kMaxValues = 110'000, kMaxServer = 1000;

std::string_view name_of(How how) {
  switch (how) {
    case How::published:
      return "published";
    case How::carried:
      return "carried";
  }
  abort_with("ceremony: no such ending");
}

Json counts_for(const CheckedDraft& draft, const tuf::KeyId& id) {
  Json roots(Json::Array{});
  for (const tuf::Root* root : {&*draft.trusted(), &draft.next})
    if (std::ranges::find(root->role(tuf::Role::root).key_ids, id) != root->role(tuf::Role::root).key_ids.end())
      roots.push_back(Json("root " + std::to_string(root->version)));
  return roots;
}

Json signature_json(const CheckedDraft& draft, const DraftSignature& one) {
  const std::string before = owner_in(draft.trusted()->body, one.key_id);
  return Json(Json::Object{{"keyid", one.key_id.hex},
                           {"keytype", keys::key_type_name(draft.signers().at(one.key_id).type())},
                           {"owner", before.empty() ? owner_in(draft.next.body, one.key_id) : before},
                           {"counts-for", counts_for(draft, one.key_id)},
                           {"verdict", "valid"},
                           {"signed-at", rfc3339(one.signed_at)}});
}

Result<Ending> ending_from(const Json& json) {
  const std::string how = json.text_or("ending", ""), at = json.text_or("finished-at", "");
  Ending ending{.how = how == name_of(How::carried) ? How::carried : How::published,
                .server = json.text_or("server", "")};
  if (ending.server.size() > kMaxServer) return rejected("server: too long");
  ending.at = TRY(parse_rfc3339(at));
  return ending;
}

Result<Transcript> transcript_from(const Json& json) {
  const Json *draft = json.find("draft"), *root = json.find("root");
  if (draft == nullptr || root == nullptr) return rejected("want members 'draft' and 'root'");
  const std::string bytes = TRY_IN("root", root->text("bytes"));
  auto checked = TRY(checked_draft(TRY(draft_from_json(*draft))));
  const Bytes served = TRY_IN("root", unbase64(bytes));
  return transcript_of(std::move(checked), served, TRY(ending_from(json)));
}

}  // namespace

Result<Transcript> transcript_of(CheckedDraft draft, BytesView root, Ending ending) {
  auto trusted = TRY_IN("root " + std::to_string(draft.next.version), tuf::next_root(draft.trusted(), Bytes(root)));
  if (!(trusted->body == draft.draft.body)) return rejected("the root is not the one of the draft");
  return Transcript{std::move(draft), std::move(trusted), std::move(ending)};
}

Json transcript_json(const Transcript& transcript) {
  const auto& [draft, root, ending] = transcript;
  Json signatures(Json::Array{});
  for (const auto& one : draft.draft.signatures) signatures.push_back(signature_json(draft, one));
  const BytesView bytes = root.raw();
  return Json(Json::Object{
      {"format", kFormat},
      {"draft", draft_json(draft.draft)},
      {"draft-sha256", draft.digest},
      {"root", Json(Json::Object{
                   {"version", Json(root->version)}, {"sha256", crypto::sha256_hex(bytes)}, {"bytes", base64(bytes)}})},
      {"signatures", std::move(signatures)},
      {"ending", name_of(ending.how)},
      {"server", ending.server},
      {"finished-at", rfc3339(ending.at)}});
}

Bytes transcript_bytes(const Transcript& transcript) {
  return tuf::canonical(transcript_json(transcript)) + "\n";
}

Result<Transcript> read_transcript(BytesView bytes) {
  if (bytes.size() > kMaxTranscript)
    return rejected("transcript: larger than " + std::to_string(kMaxTranscript) + " bytes");
  while (bytes.ends_with('\n') || bytes.ends_with('\r')) bytes.remove_suffix(1);
  const auto json = parse_json(bytes, {.max_bytes = kMaxTranscript, .max_values = kMaxValues});
  if (!json) return rejected("transcript: " + json.error().what);
  if (tuf::canonical(*json) != bytes) return rejected("transcript: is not spelled canonically; was it edited?");
  if (json->text_or("format", "") != kFormat)
    return rejected("transcript: format: want '" + std::string(kFormat) + "'");
  auto transcript = transcript_from(*json);
  if (!transcript) return rejected("transcript: " + transcript.error().what);
  if (!(transcript_json(*transcript) == *json)) return rejected("transcript: does not say what its draft and root say");
  return transcript;
}

Status belongs_to(const Transcript& transcript, const Chain& believed) {
  Chain ours = transcript.draft.chain;
  ours.push_back(transcript.root);
  bool met = false;
  for (const auto& root : ours) {
    const auto same = std::ranges::find_if(believed, [&](const auto& one) { return one->version == root->version; });
    if (same == believed.end()) continue;
    if (!((*same)->body == root->body))
      return rejected("root " + std::to_string(root->version) +
                      " of the transcript is another one than the trusted one");
    met = true;
  }
  if (met) return {};
  if (believed.back()->version + 1 == ours.front()->version) {
    TRY_IN("the transcript's first root", tuf::next_root(believed.back(), ours.front().raw()));
    return {};
  }
  return bad_input("the transcript's roots and the trusted one do not meet",
                   "give a roots archive that reaches root " + std::to_string(transcript.root->version));
}

}  // namespace rota::ceremony
