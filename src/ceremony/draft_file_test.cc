#include "ceremony/draft_file.h"

#include <gtest/gtest.h>

#include "ceremony/ceremony_for_test.h"

namespace rota::ceremony {
namespace {

using namespace for_test;

Result<CheckedDraft> received(const Json& json) {
  return checked_draft(TRY(read_draft(tuf::canonical(json))));
}

TEST(Draft, ReadsBackAsItWasWritten) {
  const Draft draft = signed_by_keys(draft_of(), "AB").value();
  const auto again = read_draft(draft_bytes(draft));
  ASSERT_TRUE(again.ok()) << again.error().what;
  EXPECT_EQ(*again, draft);
  EXPECT_EQ(again->reason(), "Carol leaves");
  EXPECT_EQ(again->author(), "alice");
}

TEST(Draft, AcceptsTheLineEndsThatMailLeaves) {
  const Bytes bytes = draft_bytes(draft_of());
  EXPECT_TRUE(read_draft(BytesView(bytes).substr(0, bytes.size() - 1)).ok());
  EXPECT_TRUE(read_draft(bytes.substr(0, bytes.size() - 1) + "\r\n").ok());
}

// Whoever changes anything in a draft that somebody has signed is found out, whatever it is.
TEST(Draft, RefusesAnyChangeOfASignedOne) {
  const Json good = draft_json(signed_by_keys(draft_of(), "AB").value());
  ASSERT_TRUE(received(good).ok());
  const auto leaves = leaves_of(good);
  ASSERT_GT(leaves.size(), 40u);
  for (const auto& path : leaves) {
    Json bad = good;
    change(at(bad, path));
    const auto got = received(bad);
    EXPECT_FALSE(got.ok()) << text_of(path);
    if (got.ok()) continue;
    EXPECT_TRUE(got.error().fault == Fault::rejected || got.error().fault == Fault::bad_input) << got.error().what;
  }
}

TEST(Draft, RefusesMembersThatAreMissingOrForeign) {
  const Json good = draft_json(signed_by_keys(draft_of(), "A").value());
  for (const auto& where : {Path{}, Path{"signatures", "0"}}) {
    Json object = good;
    for (const auto& [name, value] : *at(object, where).if_object()) {
      Json bad = good;
      at(bad, where).if_object()->erase(name);
      EXPECT_FALSE(received(bad).ok()) << name << " missing";
    }
    Json bad = good;
    at(bad, where)["extra"] = "x";
    EXPECT_FALSE(received(bad).ok()) << "foreign member in " << text_of(where);
  }
}

TEST(Draft, RefusesWhatIsNotSpelledCanonically) {
  const Bytes bytes = draft_bytes(draft_of());
  EXPECT_FALSE(read_draft(" " + bytes).ok());
  EXPECT_FALSE(read_draft(to_pretty_json(draft_json(draft_of()))).ok());
  EXPECT_FALSE(read_draft("").ok());
  EXPECT_FALSE(read_draft("{}").ok());
  EXPECT_FALSE(read_draft(bytes + bytes).ok());
}

TEST(Draft, RefusesMoreThanItsLimits) {
  EXPECT_FALSE(read_draft(Bytes(kMaxDraft + 1, ' ')).ok());
  Json longer = draft_json(draft_of());
  const Json root = (*longer.find("chain")->if_array())[0];
  while (longer.find("chain")->if_array()->size() <= kMaxDraftChain) longer["chain"].push_back(root);
  EXPECT_EQ(read_draft(tuf::canonical(longer)).error().what, "draft: chain: want 1 to 64 roots");
  Json empty = draft_json(draft_of());
  empty["chain"] = Json(Json::Array{});
  EXPECT_FALSE(read_draft(tuf::canonical(empty)).ok());
  Json huge = draft_json(draft_of());
  (*huge.find("chain")->if_array())[0] = Json(base64(Bytes(tuf::kMaxRoot + 1, 'x')));
  EXPECT_FALSE(read_draft(tuf::canonical(huge)).ok());
  Json crowd = draft_json(signed_by_keys(draft_of(), "A").value());
  const Json one = (*crowd.find("signatures")->if_array())[0];
  while (crowd.find("signatures")->if_array()->size() <= kMaxDraftSignatures) crowd["signatures"].push_back(one);
  EXPECT_EQ(read_draft(tuf::canonical(crowd)).error().what, "draft: signatures: want a list of at most 64");
}

TEST(Draft, RefusesSignaturesOutOfOrderOrTwice) {
  Json swapped = draft_json(signed_by_keys(draft_of(), "AB").value());
  auto& list = *swapped.find("signatures")->if_array();
  std::swap(list[0], list[1]);
  EXPECT_EQ(received(swapped).error().what, "draft: signatures: want them by key id, each once");
  list[1] = list[0];
  EXPECT_FALSE(received(swapped).ok());
}

TEST(Draft, RefusesASignatureOfAStranger) {
  Draft draft = signed_by_keys(draft_of(), "A").value();
  DraftSignature& one = draft.signatures.front();
  one.key_id = id_of('M');
  const tuf::KeySigner mallory(key_of('M'));
  one.bytes = mallory.sign(tuf::bytes_to_sign(draft.body).value()).value();
  one.statement = mallory.sign(statement_of(draft_digest(draft), one.key_id, one.signed_at)).value();
  EXPECT_TRUE(checked_draft(draft).error().what.ends_with("no key of the root role, before or after this step"));
}

// The same root proposed to two factories: the root's signature alone would be good in both.
TEST(Draft, RefusesASignatureMadeForAnotherDraftOfTheSameRoot) {
  DraftWish other = dave_for_carol();
  other.factory = "another";
  Draft taken = draft_of(other);
  taken.signatures = signed_by_keys(draft_of(), "A").value().signatures;
  EXPECT_NE(checked_draft(taken).error().what.find("its statement does not verify"), std::string::npos);
}

TEST(Draft, RefusesAStepThatIsNone) {
  struct Case {
    const char* name;
    std::function<void(Draft&)> spoil;
  };
  const std::vector<Case> cases = {
      {"the next version but one", [](Draft& d) { d.body["version"] = Json(4); }},
      {"the same version", [](Draft& d) { d.body["version"] = Json(2); }},
      {"no root at all",
       [](Draft& d) {
         d.body = Json(Json::Object{{"_type", "Targets"}});
       }},
      {"the tuf dialect", [](Draft& d) { d.body["spec_version"] = "1.0.0"; }},
      {"a chain with a gap", [](Draft& d) { d.chain.push_back(d.chain.front()); }},
      {"a chain of strangers",
       [](Draft& d) { d.chain[1] = sim::signed_root(sim::root_body({.version = 2, .root_keys = "M"}), "M"); }},
      {"text outside the subset", [](Draft& d) { d.body["x-changelog"]["message"] = "caf\xc3\xa9"; }},
      {"an id with another meaning",
       [](Draft& d) { d.body["keys"][id_of('A').hex] = tuf::public_key_json(key_of('M').public_key()); }},
  };
  for (const auto& [name, spoil] : cases) {
    Draft draft = draft_of();
    spoil(draft);
    EXPECT_FALSE(checked_draft(draft).ok()) << name;
  }
}

Chain one(const Chain& chain, std::size_t index) {
  return {chain[index]};
}
Chain forged() {
  return verify_chain({custodian_roots()[0], sim::signed_root(sim::root_body({.version = 2, .root_keys = "M"}), "1M")})
      .value();
}
Chain gone_on() {
  const auto before = custodian_roots();
  return verify_chain({before[0], before[1], sim::signed_root(sim::root_body({.version = 3, .root_keys = "AB"}), "AB")})
      .value();
}

TEST(StartsFrom, AcceptsEveryRootOfItsChain) {
  const auto draft = checked_with("A");
  EXPECT_TRUE(starts_from(draft, custodians()).ok());
  EXPECT_TRUE(starts_from(draft, one(custodians(), 0)).ok());
  EXPECT_TRUE(starts_from(draft, one(custodians(), 1)).ok());
}

TEST(StartsFrom, AcceptsTheRootRightBeforeItsChain) {
  Draft late = draft_of();
  late.chain.erase(late.chain.begin());
  EXPECT_TRUE(starts_from(checked_draft(late).value(), one(custodians(), 0)).ok());
}

TEST(StartsFrom, RefusesAnotherRootAStaleDraftAndAGap) {
  const auto draft = checked_with("A");
  EXPECT_EQ(starts_from(draft, forged()).error().fault, Fault::rejected);
  EXPECT_EQ(starts_from(draft, gone_on()).error().fault, Fault::conflict);
  Draft late = new_draft(gone_on(), {.factory = "acme", .reason = "again", .now = kNow}).value();
  late.chain.erase(late.chain.begin(), late.chain.begin() + 2);
  const auto gap = starts_from(checked_draft(late).value(), one(custodians(), 0));
  EXPECT_EQ(gap.error().fault, Fault::bad_input);
  Draft foreign = draft_of();
  foreign.chain.erase(foreign.chain.begin());
  EXPECT_EQ(starts_from(checked_draft(foreign).value(),
                        verify_chain({sim::signed_root(sim::root_body({.root_keys = "M"}), "M")}).value())
                .error()
                .fault,
            Fault::rejected);
}

}  // namespace
}  // namespace rota::ceremony
