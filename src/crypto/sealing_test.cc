// The parts of sealed archives, against the examples of their RFCs.
#include <gtest/gtest.h>

#include "crypto/chacha.h"
#include "crypto/kdf.h"
#include "crypto/x25519.h"

namespace rota::crypto {
namespace {

SecretBytes secret(std::string_view text) { return SecretBytes(unhex(text).value()); }
std::string shown(const SecretBytes& bytes) { return hex(bytes.reveal()); }

TEST(Hkdf, AgreesWithRfc5869A1) {
  const auto made = hkdf_sha256(SecretBytes(Bytes(22, '\x0b')), unhex("000102030405060708090a0b0c").value(),
                                unhex("f0f1f2f3f4f5f6f7f8f9").value());
  EXPECT_EQ(shown(made), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
}

TEST(Hmac, AgreesWithRfc4231Case2) {
  EXPECT_EQ(hex(hmac_sha256(SecretBytes(Bytes("Jefe")), "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Scrypt, AgreesWithRfc7914) {
  EXPECT_EQ(shown(scrypt(SecretBytes(Bytes("pleaseletmein")), "SodiumChloride", 14).value()),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2");
}

TEST(Scrypt, RefusesCostsOutsideItsBounds) {
  for (const int log2_n : {-1, 0, 23, 63}) {
    const auto refused = scrypt(SecretBytes(Bytes("x")), "salt", log2_n);
    ASSERT_FALSE(refused.ok()) << log2_n;
    EXPECT_EQ(refused.error().fault, Fault::rejected);
  }
}

class ChaCha : public testing::Test {
 protected:
  const SecretBytes key = secret("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const Bytes nonce = unhex("070000004041424344454647").value();
};

TEST_F(ChaCha, AgreesWithRfc8439) {
  const Bytes sealed = chacha_sealed(key, nonce, "Ladies and Gentlemen of the class of '99: ");
  EXPECT_EQ(hex(BytesView(sealed).substr(0, 42)),  // 2.8.2; the tag there covers associated data too
            "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fa");
  EXPECT_EQ(sealed.size(), 42 + kChachaTag);
}

TEST_F(ChaCha, OpensWhatItSealedAndNothingWithABitTurned) {
  for (const std::string plain : {"", "x", "the key of the root"}) {
    const Bytes sealed = chacha_sealed(key, nonce, plain);
    EXPECT_EQ(chacha_opened(key, nonce, sealed).value().reveal(), plain);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
      Bytes turned = sealed;
      turned[i] = static_cast<char>(turned[i] ^ 1);
      EXPECT_EQ(chacha_opened(key, nonce, turned).error().fault, Fault::rejected) << i;
    }
  }
}

TEST_F(ChaCha, RefusesWhatIsShorterThanItsTag) {
  for (std::size_t size = 0; size < kChachaTag; ++size)
    EXPECT_EQ(chacha_opened(key, nonce, Bytes(size, 'x')).error().fault, Fault::rejected) << size;
}

TEST(X25519, AgreesWithRfc7748) {  // 6.1
  const auto alice = secret("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const auto bob = secret("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  const Bytes alice_public = x25519_public(alice).value(), bob_public = x25519_public(bob).value();
  EXPECT_EQ(hex(alice_public), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(hex(bob_public), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const std::string_view both = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  EXPECT_EQ(shown(x25519_shared(alice, bob_public).value()), both);
  EXPECT_EQ(shown(x25519_shared(bob, alice_public).value()), both);
}

TEST(X25519, RefusesAPointThatLeavesNoSecret) {
  EXPECT_EQ(x25519_shared(new_x25519_key(), Bytes(32, '\0')).error().fault, Fault::rejected);
  EXPECT_EQ(x25519_shared(new_x25519_key(), Bytes(31, 'x')).error().fault, Fault::bad_input);
  EXPECT_EQ(x25519_public(SecretBytes(Bytes(31, 'x'))).error().fault, Fault::bad_input);
}

TEST(X25519, MakesAnotherKeyEachTime) { EXPECT_NE(shown(new_x25519_key()), shown(new_x25519_key())); }

}  // namespace
}  // namespace rota::crypto
