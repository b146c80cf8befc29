#include "ceremony/draft_sign.h"

#include <algorithm>

#include "ceremony/draft_review.h"

namespace rota::ceremony {
namespace {

using tuf::KeyId;

Result<DraftSignature> signature_by(const tuf::Signer& signer, const KeyId& id, const CheckedDraft& draft, Time now) {
  const Bytes bytes = TRY(signer.sign(TRY(tuf::bytes_to_sign(draft.draft.body))));
  const Bytes statement = TRY(signer.sign(statement_of(draft.digest, id, now)));
  return DraftSignature{id, std::string(tuf::method_of(signer.public_key().type())), bytes, now, statement};
}

void put(std::vector<DraftSignature>& signatures, DraftSignature one) {
  const auto at = std::ranges::lower_bound(signatures, one.key_id, {}, &DraftSignature::key_id);
  if (at == signatures.end() || !(at->key_id == one.key_id))
    signatures.insert(at, std::move(one));
  else if (one.signed_at < at->signed_at)
    *at = std::move(one);
}

std::string ids_of(const std::map<KeyId, crypto::PublicKey>& keys) {
  std::string text;
  for (const auto& [id, key] : keys) text.append(text.empty() ? "" : ", ").append(id.brief());
  return text;
}

std::string differences_of(const CheckedDraft& a, const CheckedDraft& b) {
  std::string text;
  for (const auto& line : lines(difference(a.draft.body, b.draft.body))) text += "; " + plain(line);
  if (a.draft.factory != b.draft.factory) text += "; factory";
  if (a.draft.stream != b.draft.stream) text += "; stream";
  if (a.draft.chain != b.draft.chain) text += "; the roots they start from";
  return text;
}

}  // namespace

Result<SignedDraft> signed_draft(const CheckedDraft& draft, const std::vector<const tuf::Signer*>& signers, Time now) {
  SignedDraft out{draft.draft, {}, {}};
  const auto wanted = draft.signers();
  for (const tuf::Signer* signer : signers) {
    const auto at = std::ranges::find_if(wanted, [&](const auto& one) { return one.second == signer->public_key(); });
    if (at == wanted.end()) continue;
    const bool signed_before =
        std::ranges::find(out.draft.signatures, at->first, &DraftSignature::key_id) != out.draft.signatures.end();
    (signed_before ? out.before : out.added).push_back(at->first);
    if (!signed_before) put(out.draft.signatures, TRY(signature_by(*signer, at->first, draft, now)));
  }
  if (out.added.empty() && out.before.empty())
    return io_error("none of the keys given can sign this step; those that can: " + ids_of(wanted));
  TRY(checked_draft(out.draft));
  return out;
}

Result<Draft> merged_drafts(const std::vector<CheckedDraft>& drafts) {
  Draft merged = drafts.front().draft;
  for (const auto& other : drafts) {
    if (other.digest != drafts.front().digest)
      return rejected("these are not the same draft: " + drafts.front().digest.substr(0, 12) + " and " +
                      other.digest.substr(0, 12) + differences_of(drafts.front(), other));
    for (const auto& one : other.draft.signatures) put(merged.signatures, one);
  }
  TRY(checked_draft(merged));
  return merged;
}

}  // namespace rota::ceremony
