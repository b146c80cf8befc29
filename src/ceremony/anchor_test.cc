#include "ceremony/anchor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "keys/archive_index.h"
#include "sim/crash_files.h"
#include "sim/owner_archive.h"

namespace rota::ceremony {
namespace {

using testing::HasSubstr;

const Time kNow = parse_rfc3339("2030-01-01T00:00:00Z").value();

std::vector<Bytes> three_roots() {
  auto roots = sim::new_factory_roots();
  roots.push_back(sim::signed_root(sim::root_body({.version = 3, .root_keys = "3", .targets_keys = "to"}), "23"));
  return roots;
}

crypto::SecretBytes member(BytesView bytes) { return crypto::SecretBytes(Bytes(bytes)); }
RootSource source_of(sim::Repository& server) { return {&server, std::string(sim::Repository::kBase)}; }

TEST(ArchivePin, IsTheNewestRootThatAnyToolVerifiedInto) {
  const auto roots = three_roots();
  keys::Archive archive;
  EXPECT_FALSE(archive_pin(archive, Stream::ci)->has_value());
  archive.put("tufrepo/roles/root.json", member(roots[0]));
  EXPECT_EQ((**archive_pin(archive, Stream::ci))->version, 1);
  archive.put(keys::trusted_member("ci"), member(roots[1]));
  EXPECT_EQ((**archive_pin(archive, Stream::ci))->version, 2);
  archive.put("tufrepo/roles/trusted/3.root.json", member(roots[2]));
  EXPECT_EQ((**archive_pin(archive, Stream::ci))->version, 3);
  EXPECT_FALSE(archive_pin(archive, Stream::prod)->has_value());
}

TEST(ArchivePin, SkipsAHalfSignedCandidateButRefusesABrokenPinOfOurs) {
  keys::Archive archive;
  archive.put("tufrepo/roles/root.json", member(sim::envelope_without_signatures(sim::root_body({}))));
  EXPECT_FALSE(archive_pin(archive, Stream::ci)->has_value());
  archive.put(keys::trusted_member("ci"), member("{}"));
  EXPECT_FALSE(archive_pin(archive, Stream::ci).ok());
}

TEST(SignedByOwner, CountsOnlyKeysTheOwnerMade) {
  const auto root = tuf::anchor_root(three_roots()[1]).value();
  EXPECT_TRUE(signed_by_owner(sim::layout_c(), root).ok());
  keys::Archive of_server;
  sim::put_pair(of_server, "tufrepo/keys/first-root", '2');
  EXPECT_FALSE(signed_by_owner(of_server, root).ok());
  keys::Archive without_private_half;
  const auto name = keys::new_key_member("root", sim::key_of('2').public_key()) + ".pub";
  without_private_half.put(name,
                           member(keys::public_key_file(sim::key_of('2').public_key(), keys::KeyFileForm::archive)));
  EXPECT_FALSE(signed_by_owner(without_private_half, root).ok());
}

TEST(SignedByOwner, RefusesWhenTheOwnersKeyDidNotSign) {
  const auto root = tuf::anchor_root(sim::signed_root(sim::root_body({.root_keys = "23"}), "3")).value();
  EXPECT_FALSE(signed_by_owner(sim::layout_c(), root).ok());
}

TEST(ReadTrustedRoot, AcceptsARootAndARootsArchive) {
  const auto roots = three_roots();
  EXPECT_EQ(read_trusted_root(roots[1]).value()->version, 2);
  keys::Archive archive;
  for (int n = 0; n < 3; ++n)
    archive.put(std::to_string(n + 1) + ".root.json", member(roots[static_cast<std::size_t>(n)]));
  EXPECT_EQ(read_trusted_root(archive.packed(kNow)->reveal()).value()->version, 3);
  archive.put("2.root.json", member(sim::signed_root(sim::root_body({.version = 2, .root_keys = "2"}), "2")));
  EXPECT_FALSE(read_trusted_root(archive.packed(kNow)->reveal()).ok());
}

TEST(TrustMemory, RemembersAndNeverGoesBack) {
  sim::CrashFiles files;
  const TrustMemory memory(files, "/trust", "https://api.sim", "acme");
  EXPECT_FALSE(memory.recall(Stream::ci)->has_value());
  const auto roots = three_roots();
  ASSERT_TRUE(memory.remember(Stream::ci, tuf::anchor_root(roots[2]).value()).ok());
  ASSERT_TRUE(memory.remember(Stream::ci, tuf::anchor_root(roots[1]).value()).ok());
  EXPECT_EQ((**memory.recall(Stream::ci))->version, 3);
  EXPECT_FALSE(memory.recall(Stream::prod)->has_value());
  EXPECT_FALSE(TrustMemory(files, "/trust", "https://api.sim", "other").recall(Stream::ci)->has_value());
}

TEST(BelievedChain, RefusesWithoutAnAnchorAndAsksOnFirstUse) {
  sim::Repository server(three_roots(), kNow);
  const auto source = source_of(server);
  const auto refused = believed_chain(source, {}, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().fault, Fault::rejected);
  tuf::Version asked = 0;
  const auto no = believed_chain(source, {.first_use = [&](const auto& newest) -> Status {
                                   asked = newest->version;
                                   return rejected("no");
                                 }}, {});
  EXPECT_FALSE(no.ok());
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(believed_chain(source, {.first_use = [](const auto&) -> Status { return {}; }}, {})->back()->version, 3);
}

TEST(BelievedChain, TakesTheGivenRootBeforeThePin) {
  auto roots = three_roots();
  sim::Repository server(roots, kNow);
  const auto archive = sim::layout_a();
  const auto other = tuf::anchor_root(sim::signed_root(sim::root_body({.version = 2, .root_keys = "8"}), "8")).value();
  EXPECT_FALSE(believed_chain(source_of(server), {.given = other, .archive = &archive}, {}).ok());
  EXPECT_TRUE(believed_chain(source_of(server), {.archive = &archive}, {}).ok());
}

TEST(BelievedChain, RefusesAServerThatWentBackBehindWhatThisMachineRemembers) {
  sim::CrashFiles files;
  const TrustMemory memory(files, "/trust", "https://api.sim", "acme");
  ASSERT_TRUE(memory.remember(Stream::ci, tuf::anchor_root(three_roots()[2]).value()).ok());
  const auto archive = sim::layout_a();  // pins root 2
  const Belief belief{.archive = &archive, .memory = &memory};
  sim::Repository whole(three_roots(), kNow), behind(sim::new_factory_roots(), kNow);
  EXPECT_TRUE(believed_chain(source_of(whole), belief, {}).ok());
  const auto refused = believed_chain(source_of(behind), belief, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().fault, Fault::rejected);
  EXPECT_THAT(refused.error().what, HasSubstr("goes backwards"));
}

TEST(BelievedChain, RefusesAnotherRootOfAVersionThatThisMachineRemembers) {
  sim::CrashFiles files;
  const TrustMemory memory(files, "/trust", "https://api.sim", "acme");
  ASSERT_TRUE(memory.remember(Stream::ci, tuf::anchor_root(three_roots()[2]).value()).ok());
  const auto archive = sim::layout_a();
  auto forked = sim::new_factory_roots();
  forked.push_back(sim::signed_root(sim::root_body({.version = 3, .root_keys = "9", .targets_keys = "to"}), "29"));
  sim::Repository server(forked, kNow);
  EXPECT_TRUE(believed_chain(source_of(server), {.archive = &archive}, {}).ok());
  EXPECT_FALSE(believed_chain(source_of(server), {.archive = &archive, .memory = &memory}, {}).ok());
}

TEST(BelievedProdChain, IsAnchoredInTheCiRootOfTheSameVersion) {
  sim::Repository server(three_roots(), kNow);
  auto prod = sim::new_factory_roots();
  prod.push_back(sim::signed_root(
      sim::root_body({.version = 3, .root_keys = "3", .targets_keys = "to", .targets_threshold = 2}), "23"));
  const auto ci = walk_roots(source_of(server), tuf::anchor_root(three_roots()[2]).value()).value();
  EXPECT_FALSE(believed_prod_chain(source_of(server), {}, ci, {})->has_value());
  server.add_production(prod);
  EXPECT_EQ((*believed_prod_chain(source_of(server), {}, ci, {}))->back().raw(), prod[2]);
  prod[2] = sim::signed_root(sim::root_body({.version = 3, .root_keys = "z"}), "z");
  server.add_production(prod);
  EXPECT_FALSE(believed_prod_chain(source_of(server), {}, ci, {}).ok());
}

}  // namespace
}  // namespace rota::ceremony
