// A ceremony's draft, and the transcript of one: from a stranger, refused or taken whole. What is taken has one
// spelling, a review of it is plain text, and nothing that somebody has signed can be changed without being found out.
// The input is the file itself after a zero byte, or mutations of a draft that two of three have signed, put into
// canonical form again.
#include <algorithm>

#include "ceremony/draft_new.h"
#include "ceremony/draft_review.h"
#include "ceremony/draft_sign.h"
#include "ceremony/transcript.h"
#include "json_mutation.h"
#include "must_hold.h"
#include "tuf/repository_for_test.h"

using namespace rota;
using namespace rota::ceremony;
using rota::fuzz::must_hold;

namespace {

const Time kNow = Time(Seconds(1'893'456'000));

// Root 2 by keys 1 and 2; root 3 wants 3 instead of 2; 1 and 2 have signed.
const CheckedDraft& good() {
  static const CheckedDraft made = [] {
    const auto chain = verify_chain({tuf::test::root_file({.version = 2, .root = {{1, 2}, 2}}, {1, 2})}).value();
    DraftWish wish{.factory = "acme", .reason = "two leaves", .author = "one", .now = kNow};
    wish.replace.push_back({{tuf::Role::root, tuf::key_id(tuf::test::public_key(2)).hex},
                            {tuf::Role::root, "three", tuf::test::public_key(3)}});
    wish.owners = {{tuf::key_id(tuf::test::public_key(1)).hex, "one"}};
    const auto one = tuf::test::signer(1), two = tuf::test::signer(2);
    return checked_draft(signed_draft(checked_draft(new_draft(chain, wish).value()).value(), {&one, &two}, kNow)->draft)
        .value();
  }();
  return made;
}

void review(const CheckedDraft& draft) {
  const auto review = reviewed(draft, kNow);
  for (const auto& line : lines(draft, review))
    must_hold(std::ranges::all_of(line, [](char c) { return c >= 0x20 && c < 0x7f; }), "a review is plain text");
  must_hold(review.old_quorum.signed_by.size() <= draft.draft.signatures.size(), "nobody counts who has not signed");
  must_hold(starts_from(draft, draft.chain).ok(), "a draft starts from its own chain");
  (void)merged_drafts({draft, good()});
}

void try_draft(BytesView file) {
  const auto draft = read_draft(file);
  if (!draft.ok()) return must_hold(draft.error().fault == Fault::rejected, "a stranger's form is refused");
  must_hold(draft_bytes(*draft).starts_with(file.substr(0, file.find_last_not_of("\r\n") + 1)),
            "a draft has one spelling");
  const auto checked = checked_draft(*draft);
  if (!checked.ok())
    return must_hold(checked.error().fault == Fault::rejected || checked.error().fault == Fault::bad_input,
                     "a bad draft is refused");
  must_hold(checked->digest == good().digest || checked->draft.signatures.empty(), "nobody can sign without the keys");
  review(*checked);
}

Bytes mutated(BytesView input) {
  Bytes text = draft_bytes(good().draft);
  for (std::size_t i = 0; i < std::min<std::size_t>(input.size(), 8); ++i)
    text = fuzz::mutated_json(text, static_cast<unsigned char>(input[i]) * 8191u + static_cast<std::uint32_t>(i));
  const auto json = parse_json(text);
  return json.ok() ? tuf::canonical(*json) : text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const BytesView input(reinterpret_cast<const char*>(data), size);
  const Bytes file = input[0] == 0 ? Bytes(input.substr(1)) : mutated(input);
  try_draft(file);
  if (const auto transcript = read_transcript(file); transcript.ok())
    must_hold(transcript_bytes(*transcript).size() <= file.size() + 1, "a transcript has one spelling");
  return 0;
}
