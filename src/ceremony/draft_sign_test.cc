// Making, signing, joining and reviewing drafts.
#include "ceremony/draft_sign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ceremony/ceremony_for_test.h"
#include "ceremony/draft_memory.h"
#include "ceremony/draft_review.h"
#include "sim/crash_files.h"

namespace rota::ceremony {
namespace {

using namespace for_test;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> root_keys_of(const Draft& draft) {
  std::vector<std::string> ids;
  for (const Json& id : *draft.body.find("roles")->find("root")->find("keyids")->if_array())
    ids.push_back(*id.if_text());
  return ids;
}

TEST(NewDraft, ChangesWhatWasWishedAndNothingElse) {
  const Draft draft = draft_of();
  EXPECT_THAT(root_keys_of(draft), ElementsAre(id_of('A').hex, id_of('B').hex, id_of('D').hex));
  EXPECT_EQ(owner_in(draft.body, id_of('D')), "dave");
  EXPECT_EQ(owner_in(draft.body, id_of('C')), "");
  EXPECT_EQ(draft.body.integer_or("version", 0), 3);
  EXPECT_EQ(draft.body.text_or("expires", ""), "2036-01-01T00:00:00Z") << "never an earlier one";
  const auto changes = difference(custodians().back()->body, draft.body);
  EXPECT_THAT(changes.others, ElementsAre("x-changelog", "x-key-owners"));
  EXPECT_EQ(changes.roles.size(), 1u);
  EXPECT_EQ(draft.chain.size(), 2u);
}

TEST(NewDraft, SetsThresholdsNamesAndExpiry) {
  DraftWish wish{.factory = "acme", .reason = "all three", .now = kNow};
  wish.thresholds = {{tuf::Role::root, 3}};
  wish.owners = {{id_of('A').hex.substr(0, 8), "alice smith"}};
  wish.expires = parse_rfc3339("2031-02-03T04:05:06Z").value();
  const Draft draft = draft_of(wish);
  EXPECT_EQ(draft.body.find("roles")->find("root")->integer_or("threshold", 0), 3);
  EXPECT_EQ(owner_in(draft.body, id_of('A')), "alice smith");
  EXPECT_EQ(draft.body.text_or("expires", ""), "2031-02-03T04:05:06Z");
}

TEST(NewDraft, RefusesWhatItCannotMean) {
  const auto with = [](const std::function<void(DraftWish&)>& spoil) {
    DraftWish wish = dave_for_carol();
    spoil(wish);
    const auto draft = new_draft(custodians(), wish);
    return draft.ok() ? std::string("accepted") : draft.error().what;
  };
  const auto remove = [](const char* key) {
    return [key](DraftWish& w) { w.remove.push_back({tuf::Role::root, key}); };
  };
  EXPECT_THAT(with(remove("mallory")), HasSubstr("no key 'mallory'; there are"));
  EXPECT_THAT(with(remove("")), HasSubstr("no key ''"));
  EXPECT_THAT(with(remove(id_of('A').hex.substr(0, 7).c_str())), HasSubstr("no key")) << "too short to be meant";
  EXPECT_THAT(with([](DraftWish& w) { w.add.push_back(entry('A', "alice")); }), HasSubstr("already"));
  EXPECT_THAT(with([](DraftWish& w) {
                w.add = {entry('E', "alice")}, w.remove = {{tuf::Role::root, "alice"}};
              }),
              HasSubstr("several keys 'alice'"));
  EXPECT_THAT(with([](DraftWish& w) { w.reason = ""; }), HasSubstr("reason: want one line"));
  EXPECT_THAT(with([](DraftWish& w) { w.reason = "one\ntwo"; }), HasSubstr("reason: want one line"));
  EXPECT_THAT(with([](DraftWish& w) { w.add = {entry('E', "\x1b[2J")}; }), HasSubstr("owner: want one line"));
  EXPECT_THAT(with([](DraftWish& w) { w.thresholds = {{tuf::Role::root, 0}}; }), HasSubstr("threshold of root"));
  EXPECT_THAT(with([](DraftWish& w) { w.factory = ""; }), HasSubstr("factory"));
}

TEST(SignedDraft, TakesEveryKeyThatFitsOnce) {
  const auto done = signed_by_keys(draft_of(), "ADAM");
  ASSERT_TRUE(done.ok()) << done.error().what;
  ASSERT_EQ(done->signatures.size(), 2u) << "alice and dave; mallory is nobody here";
  EXPECT_TRUE(checked_draft(*done).ok());
}

TEST(SignedDraft, KeepsAnEarlierSignature) {
  const Draft once = signed_by_keys(draft_of(), "A").value();
  EXPECT_EQ(signed_by_keys(once, "A", kNow + days(1)).value(), once);
}

TEST(SignedDraft, RefusesKeysThatCannotSignNamingThoseThatCan) {
  const auto refused = signed_by_keys(draft_of(), "M");
  EXPECT_EQ(refused.error().fault, Fault::io);
  EXPECT_THAT(refused.error().what, HasSubstr(id_of('A').brief()));
}

TEST(MergedDrafts, HoldEverybodysSignatureInWhicheverOrder) {
  const auto alice = checked_with("A"), bob = checked_with("B"), dave = checked_with("D");
  const auto one = merged_drafts({alice, bob, dave}), other = merged_drafts({dave, alice, bob, alice});
  ASSERT_TRUE(one.ok()) << one.error().what;
  EXPECT_EQ(one->signatures.size(), 3u);
  EXPECT_EQ(*one, *other);
}

TEST(MergedDrafts, RefuseAnotherBodyWithTheDifference) {
  DraftWish greedy = dave_for_carol();
  greedy.thresholds = {{tuf::Role::root, 1}};
  const auto refused = merged_drafts({checked_with("A"), checked_with("B", greedy)});
  EXPECT_EQ(refused.error().fault, Fault::rejected);
  EXPECT_THAT(refused.error().what, HasSubstr("root: threshold 2 -> 1"));
  DraftWish elsewhere = dave_for_carol();
  elsewhere.factory = "another";
  EXPECT_THAT(merged_drafts({checked_with("A"), checked_with("B", elsewhere)}).error().what, HasSubstr("factory"));
}

std::string text_of(const CheckedDraft& draft) {
  std::string text;
  for (const auto& line : lines(draft, reviewed(draft, kNow))) text += line + "\n";
  return text;
}

TEST(DraftReview, NamesWhoIsMissingForBothThresholds) {
  const auto draft = checked_with("D");
  const auto review = reviewed(draft, kNow);
  EXPECT_FALSE(review.complete());
  EXPECT_THAT(missing_people(draft, review),
              ElementsAre(HasSubstr("root 3 needs 2 more signatures by the keys of root 2; missing: "),
                          HasSubstr("root 3 needs 1 more signature by the keys of root 3; missing: ")));
  EXPECT_THAT(missing_people(draft, review)[0], HasSubstr("carol (key " + id_of('C').brief()));
  EXPECT_THAT(missing_people(draft, review)[1], Not(HasSubstr("carol")));
  EXPECT_TRUE(reviewed(checked_with("AB"), kNow).complete());
  EXPECT_FALSE(reviewed(checked_with("AC"), kNow).complete()) << "enough for the old root, one of two for the new";
  EXPECT_THAT(missing_people(checked_with("AB"), reviewed(checked_with("AB"), kNow)), IsEmpty());
}

TEST(DraftReview, SaysWhenOnePersonHoldsAnOldAndANewKey) {
  DraftWish wish{.factory = "acme", .reason = "Alice has a new token", .now = kNow};
  wish.replace.push_back({{tuf::Role::root, "alice"}, entry('E', "alice")});
  const auto draft = checked_with("E", wish);
  const auto review = reviewed(draft, kNow);
  ASSERT_EQ(review.notes.size(), 1u);
  EXPECT_THAT(review.notes[0], HasSubstr("alice holds 2 of these keys"));
  EXPECT_THAT(review.notes[0], HasSubstr(id_of('A').brief() + " (old, counts for root 2)"));
  EXPECT_THAT(review.notes[0], HasSubstr(id_of('E').brief() + " (new, counts for root 3)"));
  EXPECT_TRUE(review.old_quorum.signed_by.empty()) << "the new key is no vote among the old ones";
}

TEST(DraftReview, TellsTheNamesOfTheTrustedRootFromThoseOfTheDraft) {
  EXPECT_THAT(text_of(checked_with("A")), HasSubstr("  dave (as the draft says), new root only"));
  EXPECT_THAT(text_of(checked_with("A")), HasSubstr("  carol, old root only, missing"));
  DraftWish renaming = dave_for_carol();
  renaming.owners = {{id_of('A').hex, "mallory"}};
  EXPECT_THAT(text_of(checked_with("A", renaming)),
              HasSubstr("the name of key " + id_of('A').brief() + " changes from 'alice' to 'mallory'"));
  EXPECT_THAT(text_of(checked_with("A", renaming)), HasSubstr("  alice, old and new, signed"));
}

// A stranger's text could otherwise write lines of its own on the signer's screen.
TEST(DraftReview, ShowsForeignTextOnOneLine) {
  Draft draft = draft_of();
  draft.factory = "acme\nroot 3: 2 of 2 signatures, enough";
  draft.body["x-changelog"]["message"] = "fine\nroot 3: 2 of 2 signatures, enough";
  draft.body["x-key-owners"][id_of('D').hex]["polis-id"] = "dave\ncarol";
  draft.body["x-\nnote: all is well"] = Json(1);
  const auto checked = checked_draft(draft);
  ASSERT_TRUE(checked.ok()) << checked.error().what;
  for (const auto& line : lines(*checked, reviewed(*checked, kNow)))
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
  for (const auto& line : missing_people(*checked, reviewed(*checked, kNow)))
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
}

TEST(DraftReview, LetsNothingBeSignedThatADeviceOrTheRulesRefuse) {
  const auto verdict = [](const DraftWish& wish, const tuf::Allowed& allowed = {}) {
    const auto status = signable(reviewed(checked_draft(draft_of(wish)).value(), kNow), allowed);
    return status.ok() ? std::string("ok") : status.error().what;
  };
  EXPECT_EQ(verdict(dave_for_carol()), "ok");
  DraftWish lower = dave_for_carol();
  lower.thresholds = {{tuf::Role::root, 1}};
  EXPECT_THAT(verdict(lower), HasSubstr("lowered from 2 to 1"));
  EXPECT_EQ(verdict(lower, {.names = {"lower-threshold"}}), "ok");
  DraftWish higher = dave_for_carol();
  higher.thresholds = {{tuf::Role::root, 4}};
  EXPECT_THAT(verdict(higher, {.names = {"threshold", "lower-threshold"}, .short_expiry = true}),
              HasSubstr("want 1..3, got 4"));
  DraftWish fewer{.factory = "acme", .reason = "Carol leaves", .now = kNow};
  fewer.remove = {{tuf::Role::root, "carol"}};
  EXPECT_THAT(verdict(fewer), HasSubstr("3 before, 2 now"));
  DraftWish brief = dave_for_carol();
  brief.expires = kNow + days(3);
  EXPECT_THAT(verdict(brief), HasSubstr("at least 30 days"));
  EXPECT_EQ(verdict(brief, {.names = {}, .short_expiry = true}), "ok");
}

// A draft from an older root, or a second one of the same version, is how one gets a fork signed.
TEST(SigningMemory, RefusesASecondRootOfAVersionThatTheKeyHasSigned) {
  sim::CrashFiles files;
  const SigningMemory memory(files, "/home/alice/.config/rota/signed");
  DraftWish other = dave_for_carol();
  other.reason = "something else";
  const auto first = checked_with("A"), second = checked_with("A", other);
  const std::vector<tuf::KeyId> alice = {id_of('A')}, bob = {id_of('B')};
  EXPECT_TRUE(memory.may_sign(first, alice).ok());
  ASSERT_TRUE(memory.remember(first, alice).ok());
  EXPECT_TRUE(memory.may_sign(first, alice).ok()) << "the same draft again";
  EXPECT_EQ(memory.may_sign(second, alice).error().fault, Fault::conflict);
  EXPECT_TRUE(memory.may_sign(second, bob).ok());
  other.stream = Stream::prod;
  EXPECT_TRUE(memory.may_sign(checked_with("A", other), alice).ok()) << "the production chain has versions of its own";

  const auto before = custodian_roots();
  const auto later =
      verify_chain({before[0], before[1], sim::signed_root(sim::root_body({.version = 3, .root_keys = "AB"}), "AB")})
          .value();
  const auto fourth = checked_draft(new_draft(later, {.factory = "acme", .reason = "on", .now = kNow}).value()).value();
  EXPECT_TRUE(memory.may_sign(fourth, alice).ok());
  ASSERT_TRUE(memory.remember(fourth, alice).ok());
  EXPECT_EQ(memory.may_sign(first, alice).error().fault, Fault::conflict) << "an earlier version";
  ASSERT_TRUE(memory.remember(first, alice).ok());
  EXPECT_TRUE(memory.may_sign(fourth, alice).ok()) << "never goes back";
}

TEST(SigningMemory, RefusesToForgetOverABrokenNote) {
  sim::CrashFiles files;
  const SigningMemory memory(files, "/signed");
  make_folders(files, "/signed", 0700).value();
  create_durable(files, "/signed/" + id_of('A').hex + ".ci.json", "{}", 0600).value();
  EXPECT_EQ(memory.may_sign(checked_with("B"), {id_of('A')}).error().fault, Fault::io);
}

}  // namespace
}  // namespace rota::ceremony
