#include "keys/pkcs11_uri.h"

#include <gtest/gtest.h>

namespace rota::keys {
namespace {

TEST(Pkcs11Uri, IsReadAndWrittenBack) {
  const auto uri = Pkcs11Uri::parse(
      "pkcs11:token=The%20owner%27s;manufacturer=ACME;serial=0123;model=X;id=%01%ff;object=root-1;type=private;slot-id=7"
      "?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:///etc/pin");
  ASSERT_TRUE(uri.ok()) << uri.error().what;
  EXPECT_EQ(uri->token, "The owner's");
  EXPECT_EQ(uri->id, Bytes("\x01\xff", 2));
  EXPECT_EQ(uri->object, "root-1");
  EXPECT_EQ(uri->slot_id, "7");
  EXPECT_EQ(uri->module_path, "/usr/lib/softhsm/libsofthsm2.so");
  EXPECT_EQ(uri->pin_source, "/etc/pin");
  const auto again = Pkcs11Uri::parse(uri->text());
  ASSERT_TRUE(again.ok()) << uri->text();
  EXPECT_EQ(again->text(), uri->text());
  EXPECT_EQ(uri->text(),
            "pkcs11:token=The%20owner%27s;manufacturer=ACME;model=X;serial=0123;slot-id=7;id=%01%FF;object=root-1;type=private"
            "?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/pin");
}

TEST(Pkcs11Uri, SaysNothingWhereNothingIsSaid) {
  const auto uri = Pkcs11Uri::parse("pkcs11:");
  ASSERT_TRUE(uri.ok());
  EXPECT_FALSE(uri->names_an_object());
  EXPECT_EQ(uri->text(), "pkcs11:type=private");
  EXPECT_EQ(Pkcs11Uri::parse("pkcs11:id=%01?pin-source=/p")->text(), "pkcs11:id=%01;type=private?pin-source=/p");
  EXPECT_TRUE(Pkcs11Uri::parse("pkcs11:x-maker=1;library-version=3?x-q=2").ok());
}

TEST(Pkcs11Uri, RefusesWhatIsNoPlaceOfAPrivateKey) {
  const struct {
    std::string_view text, why;
  } cases[] = {
      {"token=a", "want pkcs11:"},
      {"pkcs11:token", "want name=value"},
      {"pkcs11:token=a;token=b", "given twice"},
      {"pkcs11:token=%4", "token"},
      {"pkcs11:token=%0a", "control character"},
      {"pkcs11:colour=red", "unknown attribute 'colour'"},
      {"pkcs11:type=cert", "want private"},
      {"pkcs11:slot-id=x", "slot-id"},
      {"pkcs11:token=a?pin-value=1234", "does not belong"},
      {"pkcs11:token=a;pin-value=1234", "does not belong"},
      {"pkcs11:token=a?pin-source=%7Ccat%20/pin", "program"},
      {"pkcs11:token=a?pin-source=pin", "absolute"},
      {"pkcs11:token=a?pin-source=file://host/pin", "absolute"},
      {"pkcs11:token=a?module-path=evil.so", "absolute"},
      {"pkcs11:token=a?module-name=softhsm2", "module-path"},
  };
  for (const auto& [text, why] : cases) {
    const auto uri = Pkcs11Uri::parse(text);
    ASSERT_FALSE(uri.ok()) << text;
    EXPECT_EQ(uri.error().fault, Fault::bad_input);
    EXPECT_NE(uri.error().what.find(why), std::string::npos) << text << ": " << uri.error().what;
    EXPECT_EQ(uri.error().what.find("1234"), std::string::npos) << "a PIN was printed";
  }
  EXPECT_FALSE(Pkcs11Uri::parse("pkcs11:token=" + std::string(kMaxPkcs11Uri, 'a')).ok());
}

}  // namespace
}  // namespace rota::keys
