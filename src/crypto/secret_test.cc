#include "crypto/secret.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace rota::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<SecretBytes> && !std::is_copy_assignable_v<SecretBytes>);

const SecretBytes& key() {
  static const SecretBytes bytes(Bytes(32, 'k'));
  return bytes;
}

TEST(SecretBytes, WipesTheWholeBufferAndNotOnlyItsLength) {
  Bytes bytes(200, 's');
  const char* const storage = bytes.data();
  bytes.resize(10);
  SecretBytes::wipe(bytes);
  EXPECT_TRUE(bytes.empty());
  ASSERT_EQ(bytes.data(), storage);
  for (std::size_t i = 0; i < 200; ++i) ASSERT_EQ(storage[i], '\0') << i;
}

TEST(SecretBytes, LeavesNothingBehindWhereItCameFrom) {
  Bytes text("short one");  // lives inside the string object
  const SecretBytes secret(std::move(text));
  EXPECT_EQ(secret.reveal(), "short one");
  for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(text.data()[i], '\0') << i;
}

TEST(SecretBytes, KeepsItsContentThroughMovesAndCopies) {
  SecretBytes first(Bytes("one"));
  SecretBytes second(std::move(first));
  SecretBytes third;
  third = std::move(second);
  EXPECT_EQ(third.copy().reveal(), "one");
  EXPECT_EQ(third.reveal(), "one");
}

TEST(Seal, OpensWithItsKeyAndContextOnly) {
  for (const std::string_view plain : {"", "x", "the seed of a signing key"}) {
    const Bytes sealed = seal(key(), "online key 1", plain);
    EXPECT_EQ(sealed.size(), 12 + plain.size() + 16);
    const auto opened = unseal(key(), "online key 1", sealed);
    ASSERT_TRUE(opened.ok()) << opened.error().what;
    EXPECT_EQ(opened->reveal(), plain);
  }
}

TEST(Seal, NeverSpeaksTheSameBytesTwice) {
  EXPECT_NE(seal(key(), "c", "plain"), seal(key(), "c", "plain"));
}

TEST(Unseal, RefusesEveryFlippedBit) {
  const Bytes sealed = seal(key(), "c", "plain");
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const auto opened = unseal(key(), "c", changed);
    ASSERT_FALSE(opened.ok()) << bit;
    ASSERT_EQ(opened.error().fault, Fault::rejected);
  }
}

TEST(Unseal, RefusesAnotherKeyAnotherContextAndShortBytes) {
  const Bytes sealed = seal(key(), "online key 1", "plain");
  EXPECT_FALSE(unseal(SecretBytes(Bytes(32, 'K')), "online key 1", sealed).ok());
  EXPECT_FALSE(unseal(key(), "online key 2", sealed).ok());
  EXPECT_FALSE(unseal(key(), "online key 1", BytesView(sealed).substr(0, 27)).ok());
  EXPECT_FALSE(unseal(key(), "online key 1", "").ok());
}

}  // namespace
}  // namespace rota::crypto
