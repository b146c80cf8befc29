#include "tuf/early_tally.h"

#include <gtest/gtest.h>

#include "tuf/repository_for_test.h"
#include "tuf/tally.h"

namespace rota::tuf {
namespace {

using namespace test;

constexpr std::size_t kLarge = 1u << 20;

Bytes large_targets(Dialect dialect = Dialect::tuf, const Seeds& signers = {2}, std::size_t size = kLarge + 1000) {
  Json body = targets_body({.dialect = dialect});
  body["targets"]["foo-lmp-1"]["custom"]["padding"] = "";
  const std::size_t without = signed_file(body, signers, dialect).size();
  body["targets"]["foo-lmp-1"]["custom"]["padding"] = std::string(size - without, 'x');
  return signed_file(body, signers, dialect);
}

SignedFile file_of(const Bytes& bytes) { return read_signed_targets(bytes, 2 * kLarge, Wanted::all()).value(); }

// What is known of the bytes early, when reading them gives the file that `change` makes of it.
bool is_met(const FileBytes& bytes, const std::function<void(SignedFile&)>& change = {}, Dialect dialect = Dialect::tuf) {
  const auto root = trusted_root({.dialect = dialect});
  const Authority by = authority(*root, Role::targets);
  EarlyTally early(by, bytes);
  SignedFile file = read_signed_targets(bytes, 2 * kLarge, Wanted::all()).value();
  if (change) change(file);
  return early.met(file);
}

TEST(EarlyTally, IsMetByALargeFileOfEitherDialect) {
  EXPECT_TRUE(is_met(large_targets()));
  EXPECT_TRUE(is_met(large_targets(Dialect::uptane), {}, Dialect::uptane));
  EXPECT_TRUE(is_met(large_targets() + " \r\n\t"));
}

TEST(EarlyTally, BeginsAtOneMebibyte) {
  EXPECT_TRUE(is_met(large_targets(Dialect::tuf, {2}, kLarge)));
  EXPECT_FALSE(is_met(large_targets(Dialect::tuf, {2}, kLarge - 1)));
}

TEST(EarlyTally, IsNotMetByAnybodyElse) {
  EXPECT_FALSE(is_met(large_targets(Dialect::tuf, {9})));
  EXPECT_FALSE(is_met(large_targets(Dialect::tuf, {})));
  Bytes edited = large_targets();
  edited[edited.size() - 600] = 'y';
  EXPECT_FALSE(is_met(edited));
}

// Whatever it checked, it speaks of that and of nothing else.
TEST(EarlyTally, SaysNothingOfAnotherFile) {
  const FileBytes bytes = large_targets();
  Bytes copy;
  const auto text = [](SignedFile& file) -> BytesView& { return file.covered->text; };
  EXPECT_FALSE(is_met(bytes, [](SignedFile& file) { file.covered.reset(); }));
  EXPECT_FALSE(is_met(bytes, [](SignedFile& file) { file.dialect = Dialect::uptane; }));
  EXPECT_FALSE(is_met(bytes, [](SignedFile& file) { file.covered->is_olpc_form = false; })) << "other bytes are signed";
  EXPECT_FALSE(is_met(bytes, [](SignedFile& file) { file.signatures.clear(); }));
  EXPECT_FALSE(is_met(bytes, [](SignedFile& file) { file.signatures[0].bytes[0] ^= 1; }));
  EXPECT_FALSE(is_met(bytes, [&](SignedFile& file) { text(file).remove_suffix(1); }));
  EXPECT_FALSE(is_met(bytes, [&](SignedFile& file) { text(file) = copy = text(file); })) << "equal, but elsewhere";
}

TEST(EarlyTally, TakesTheUptaneDialectInItsFirstForm) {
  EXPECT_TRUE(is_met(large_targets(Dialect::uptane), [](SignedFile& file) { file.covered->is_olpc_form = false; },
                     Dialect::uptane));
}

// What does not begin like a canonical file is left to the reader.
TEST(EarlyTally, SaysNothingOfWhatBeginsOtherwise) {
  const Bytes good = large_targets();
  const Bytes body = good.substr(good.find("\"signed\":"), good.size() - good.find("\"signed\":") - 1);
  const Bytes signatures = good.substr(1, good.find("\"signed\":") - 2);
  ASSERT_EQ("{" + signatures + "," + body + "}", good);
  EXPECT_FALSE(is_met("{" + body + "," + signatures + "}"));
  EXPECT_FALSE(is_met("{ " + signatures + "," + body + "}"));
  EXPECT_FALSE(is_met("{" + signatures + ", " + body + "}"));
  EXPECT_FALSE(is_met(" " + good));
}

TEST(EarlyTally, WaitsForItsThreadAndMayBeAskedAgain) {
  const auto root = trusted_root({.dialect = Dialect::tuf});
  const Authority by = authority(*root, Role::targets);
  const FileBytes bytes = large_targets(Dialect::tuf, {2}, 2 * kLarge - 1);
  const SignedFile file = read_signed_targets(bytes, 2 * kLarge, Wanted::all()).value();
  EarlyTally early(by, bytes);
  EXPECT_TRUE(early.met(file));
  EXPECT_TRUE(early.met(file));
}

TEST(EarlyTally, EndsWithWhatIsNoFile) {
  const auto root = trusted_root({.dialect = Dialect::tuf});
  const Authority by = authority(*root, Role::targets);
  const SignedFile other = file_of(large_targets());
  const Bytes padding(kLarge, ' ');
  for (const Bytes& bytes :
       {"[" + padding, "{\"signatures\":{}" + padding, "{\"signatures\":[" + padding, "{\"signatures\":[]" + padding,
        "{\"signatures\":[],\"signed\":" + padding, "{\"signatures\":[1],\"signed\":{}}" + padding,
        "{\"signatures\":[{\"keyid\":1}],\"signed\":{}}" + padding, "{\"signatures\":7,\"signed\":{}}" + padding, padding}) {
    SCOPED_TRACE(bytes.substr(0, 40));
    EarlyTally early(by, bytes);
    EXPECT_FALSE(early.met(other));
  }
}

}  // namespace
}  // namespace rota::tuf
