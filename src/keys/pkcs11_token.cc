#include "keys/pkcs11_token.h"

#include <cstring>

#include "crypto/hash.h"

namespace rota::keys {
namespace {

using crypto::KeyType;
using crypto::PublicKey;

constexpr CK_ULONG kMaxSlots = 256, kMaxAttribute = 16 * 1024, kMaxFound = 16;
constexpr CK_ULONG kPssSalt = 32;  // formats.md 6
// DER of the curves' names (CKA_EC_PARAMS): RFC 5480 2.1.1.1; "edwards25519" as PKCS#11 3.0 2.3.10 has it; RFC 8410 3.
const Bytes kP256("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10), kP384("\x06\x05\x2b\x81\x04\x00\x22", 7),
    kEd25519("\x13\x0c" "edwards25519", 14), kEd25519Oid("\x06\x03\x2b\x65\x70", 5);

std::string padded_text(const CK_UTF8CHAR* bytes, std::size_t size) {
  return std::string(trim(std::string_view(reinterpret_cast<const char*>(bytes), size)));
}

std::string text_of(const CK_UTF8CHAR (&bytes)[32]) { return padded_text(bytes, sizeof bytes); }
std::string text_of(const CK_CHAR (&bytes)[16]) { return padded_text(bytes, sizeof bytes); }

// The module reads it and does not write it; the interface knows no const.
template <typename T>
CK_ATTRIBUTE attribute_of(CK_ATTRIBUTE_TYPE type, const T& value) {
  return {type, const_cast<T*>(&value), sizeof value};
}
CK_ATTRIBUTE attribute_of(CK_ATTRIBUTE_TYPE type, const std::string& value) {
  return {type, const_cast<char*>(value.data()), static_cast<CK_ULONG>(value.size())};
}

CK_BYTE* bytes_of(BytesView bytes) { return reinterpret_cast<CK_BYTE*>(const_cast<char*>(bytes.data())); }

Result<std::vector<CK_SLOT_ID>> slots_of(const Pkcs11Module& module) {
  std::vector<CK_SLOT_ID> slots(kMaxSlots);
  CK_ULONG count = kMaxSlots;
  if (const CK_RV answer = module.call().C_GetSlotList(CK_TRUE, slots.data(), &count); answer != CKR_OK)
    return io_error("PKCS#11: list of slots: " + name_of_answer(answer));
  slots.resize(count);
  return slots;
}

bool fits(const Pkcs11Uri& uri, CK_SLOT_ID slot, const CK_TOKEN_INFO& about) {
  const auto matches = [](const std::string& wanted, const std::string& is) { return wanted.empty() || wanted == is; };
  return (about.flags & CKF_TOKEN_INITIALIZED) != 0 && matches(uri.token, text_of(about.label)) &&
         matches(uri.manufacturer, text_of(about.manufacturerID)) && matches(uri.model, text_of(about.model)) &&
         matches(uri.serial, text_of(about.serialNumber)) && matches(uri.slot_id, std::to_string(slot));
}

// The octets of a DER OCTET STRING that is nothing else; what some tokens give without the wrapping is taken as it is.
BytesView unwrapped(BytesView point) {
  if (point.size() > 2 && point[0] == 0x04 && static_cast<std::size_t>(static_cast<unsigned char>(point[1])) == point.size() - 2 &&
      static_cast<unsigned char>(point[1]) < 0x80)
    return point.substr(2);
  return point;
}

Bytes der_length(std::size_t size) {
  if (size < 0x80) return Bytes(1, static_cast<char>(size));
  Bytes out;
  for (; size > 0; size >>= 8) out.insert(out.begin(), static_cast<char>(size & 0xff));
  out.insert(out.begin(), static_cast<char>(0x80 | out.size()));
  return out;
}

Bytes der(char tag, BytesView content) { return Bytes(1, tag) + der_length(content.size()) + Bytes(content); }

Bytes der_integer(BytesView number) {
  while (number.size() > 1 && number[0] == 0) number.remove_prefix(1);
  const bool high = !number.empty() && (static_cast<unsigned char>(number[0]) & 0x80) != 0;
  return der(0x02, (high ? Bytes(1, '\0') : Bytes()) + Bytes(number));
}

// SubjectPublicKeyInfo (RFC 3279 2.3.1).
Bytes rsa_spki(BytesView modulus, BytesView exponent) {
  const Bytes algorithm("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 15);
  const Bytes key = der(0x30, der_integer(modulus) + der_integer(exponent));
  return der(0x30, algorithm + der(0x03, Bytes(1, '\0') + key));
}

}  // namespace

Pkcs11Token::Pkcs11Token(std::shared_ptr<const Pkcs11Module> module, CK_SLOT_ID slot, const CK_TOKEN_INFO& about, Pin pin)
    : module_(std::move(module)), slot_(slot), flags_(about.flags), label_(text_of(about.label)),
      serial_(text_of(about.serialNumber)), ask_(std::move(pin)) {}

Pkcs11Token::~Pkcs11Token() {
  if (session_) module_->call().C_CloseSession(*session_);
}

Result<std::unique_ptr<Pkcs11Token>> Pkcs11Token::open(std::shared_ptr<const Pkcs11Module> module, const Pkcs11Uri& uri, Pin pin) {
  std::unique_ptr<Pkcs11Token> found;
  for (const CK_SLOT_ID slot : TRY(slots_of(*module))) {
    CK_TOKEN_INFO about{};
    if (module->call().C_GetTokenInfo(slot, &about) != CKR_OK || !fits(uri, slot, about)) continue;
    std::unique_ptr<Pkcs11Token> token(new Pkcs11Token(module, slot, about, pin));
    if (found) return conflict("PKCS#11: " + found->description() + " and " + token->description() + " both fit", "say which one, by token=, serial= or slot-id=");
    found = std::move(token);
  }
  if (!found) return not_found("PKCS#11: no token fits '" + uri.text() + "'", "is it plugged in?");
  return found;
}

std::string Pkcs11Token::description() const { return "the token '" + label_ + "' (serial " + serial_ + ")"; }

Error Pkcs11Token::failed(std::string_view what, CK_RV answer) const {
  return io_error("PKCS#11: " + description() + ": " + std::string(what) + ": " + name_of_answer(answer));
}

Status Pkcs11Token::begin_session() {
  if (session_) return {};
  CK_SESSION_HANDLE session = 0;
  const CK_FLAGS write = (flags_ & CKF_WRITE_PROTECTED) != 0 ? 0 : CKF_RW_SESSION;
  const CK_RV answer = module_->call().C_OpenSession(slot_, CKF_SERIAL_SESSION | write, nullptr, nullptr, &session);
  if (answer != CKR_OK) return failed("session", answer);
  session_ = session;
  return {};
}

Status Pkcs11Token::log_in() {
  TRY(begin_session());
  if (logged_in_ || (flags_ & CKF_LOGIN_REQUIRED) == 0) return {};
  if (refused_) return *refused_;
  TRY(present_pin(CKU_USER));
  logged_in_ = true;
  return {};
}

Status Pkcs11Token::present_pin(CK_USER_TYPE user) {
  const bool own_keypad = (flags_ & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
  if ((flags_ & CKF_USER_PIN_LOCKED) != 0) return denied("PKCS#11: " + description() + " is locked: too many wrong PINs");
  if (!own_keypad && !pin_) pin_ = TRY(ask_(description()));
  const auto pin = own_keypad ? BytesView() : pin_->reveal();
  const CK_RV answer = module_->call().C_Login(*session_, user, own_keypad ? nullptr : bytes_of(pin), static_cast<CK_ULONG>(pin.size()));
  if (answer == CKR_OK || answer == CKR_USER_ALREADY_LOGGED_IN) return {};
  pin_.reset();
  const bool wrong = answer == CKR_PIN_INCORRECT || answer == CKR_PIN_INVALID || answer == CKR_PIN_LEN_RANGE;
  refused_ = wrong ? denied("PKCS#11: " + description() + ": wrong PIN", "it was tried once; a token locks after a few wrong ones")
                   : denied("PKCS#11: " + description() + ": login: " + name_of_answer(answer));
  return *refused_;
}

Result<std::vector<CK_OBJECT_HANDLE>> Pkcs11Token::find(CK_OBJECT_CLASS kind, const Pkcs11Uri& uri) {
  std::vector<CK_ATTRIBUTE> wanted{attribute_of(CKA_CLASS, kind)};
  if (!uri.id.empty()) wanted.push_back(attribute_of(CKA_ID, uri.id));
  if (!uri.object.empty()) wanted.push_back(attribute_of(CKA_LABEL, uri.object));
  auto& call = module_->call();
  if (const CK_RV answer = call.C_FindObjectsInit(*session_, wanted.data(), static_cast<CK_ULONG>(wanted.size())); answer != CKR_OK)
    return failed("search", answer);
  std::vector<CK_OBJECT_HANDLE> found(kMaxFound);
  CK_ULONG count = 0;
  const CK_RV answer = call.C_FindObjects(*session_, found.data(), kMaxFound, &count);
  call.C_FindObjectsFinal(*session_);
  if (answer != CKR_OK) return failed("search", answer);
  found.resize(count);
  return found;
}

Result<Bytes> Pkcs11Token::attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  CK_ATTRIBUTE asked{type, nullptr, 0};
  auto& call = module_->call();
  if (const CK_RV answer = call.C_GetAttributeValue(*session_, object, &asked, 1); answer != CKR_OK) return failed("attribute of a key", answer);
  if (asked.ulValueLen > kMaxAttribute) return want_got("PKCS#11: size of an attribute", kMaxAttribute, static_cast<long long>(asked.ulValueLen));
  Bytes value(asked.ulValueLen, '\0');
  asked.pValue = value.data();
  if (const CK_RV answer = call.C_GetAttributeValue(*session_, object, &asked, 1); answer != CKR_OK) return failed("attribute of a key", answer);
  value.resize(std::min<std::size_t>(asked.ulValueLen, value.size()));
  return value;
}

Result<PublicKey> Pkcs11Token::material(CK_OBJECT_HANDLE object) {
  const Bytes kind = TRY(attribute(object, CKA_KEY_TYPE));
  CK_KEY_TYPE type = 0;
  std::memcpy(&type, kind.data(), std::min(sizeof type, kind.size()));
  if (type == CKK_RSA) {
    const Bytes modulus = TRY(attribute(object, CKA_MODULUS)), exponent = TRY(attribute(object, CKA_PUBLIC_EXPONENT));
    return PublicKey::from_spki_der(rsa_spki(modulus, exponent));
  }
  if (type != CKK_EC && type != CKK_EC_EDWARDS) return bad_input("PKCS#11: " + description() + ": want an RSA, Ed25519 or P-256 key");
  const Bytes curve = TRY(attribute(object, CKA_EC_PARAMS)), wrapped = TRY(attribute(object, CKA_EC_POINT));
  const BytesView point = unwrapped(wrapped);
  if (curve == kP256) return PublicKey::from_ec_point(KeyType::ecdsa_p256, point);
  if (curve == kP384) return PublicKey::from_ec_point(KeyType::ecdsa_p384, point);
  if (curve == kEd25519 || curve == kEd25519Oid) return PublicKey::from_ed25519_hex(hex(point));
  return bad_input("PKCS#11: " + description() + ": want a key on Ed25519, P-256 or P-384");
}

Result<std::optional<PublicKey>> Pkcs11Token::public_key(const Pkcs11Uri& uri) {
  TRY(log_in());  // some tokens hide even public keys before
  const auto found = TRY(find(CKO_PUBLIC_KEY, uri));
  if (found.size() > 1) return conflict("PKCS#11: " + description() + ": several keys fit '" + uri.text() + "'", "say which one, by id= or object=");
  if (found.empty()) return std::optional<PublicKey>();
  return std::optional(TRY(material(found.front())));
}

Result<CK_OBJECT_HANDLE> Pkcs11Token::private_half(const Pkcs11Uri& uri) {
  TRY(log_in());
  const auto found = TRY(find(CKO_PRIVATE_KEY, uri));
  if (found.empty()) return not_found("PKCS#11: " + description() + ": no private key fits '" + uri.text() + "'");
  if (found.size() > 1) return conflict("PKCS#11: " + description() + ": several private keys fit '" + uri.text() + "'", "say which one, by id= or object=");
  return found.front();
}

Result<PublicKey> Pkcs11Token::generate(KeyType type, const Pkcs11Uri& uri) {
  TRY(log_in());
  const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
  const CK_ULONG bits = kRsaBits;
  const Bytes exponent("\x01\x00\x01", 3), curve = type == KeyType::ecdsa_p256 ? kP256 : kEd25519;
  std::vector<CK_ATTRIBUTE> open{attribute_of(CKA_TOKEN, yes), attribute_of(CKA_VERIFY, yes), attribute_of(CKA_PRIVATE, no)};
  std::vector<CK_ATTRIBUTE> closed{attribute_of(CKA_TOKEN, yes),     attribute_of(CKA_SIGN, yes),       attribute_of(CKA_PRIVATE, yes),
                                   attribute_of(CKA_SENSITIVE, yes), attribute_of(CKA_EXTRACTABLE, no)};
  for (auto* half : {&open, &closed}) {
    half->push_back(attribute_of(CKA_ID, uri.id));
    half->push_back(attribute_of(CKA_LABEL, uri.object));
  }
  CK_MECHANISM how{CKM_EC_EDWARDS_KEY_PAIR_GEN, nullptr, 0};
  if (type == KeyType::rsa) {
    how.mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN;
    open.push_back(attribute_of(CKA_MODULUS_BITS, bits));
    open.push_back(attribute_of(CKA_PUBLIC_EXPONENT, exponent));
  } else {
    if (type == KeyType::ecdsa_p256) how.mechanism = CKM_EC_KEY_PAIR_GEN;
    open.push_back(attribute_of(CKA_EC_PARAMS, curve));
  }
  CK_OBJECT_HANDLE public_half = 0, private_half = 0;
  const CK_RV answer = module_->call().C_GenerateKeyPair(*session_, &how, open.data(), static_cast<CK_ULONG>(open.size()), closed.data(),
                                                         static_cast<CK_ULONG>(closed.size()), &public_half, &private_half);
  if (answer == CKR_MECHANISM_INVALID)
    return bad_input("PKCS#11: " + description() + " makes no key of this type", "try another --key-type");
  if (answer != CKR_OK) return failed("new key", answer);
  return material(public_half);
}

bool Pkcs11Token::always_asks(CK_OBJECT_HANDLE key) {
  const auto value = attribute(key, CKA_ALWAYS_AUTHENTICATE);
  return value.ok() && value->size() == 1 && (*value)[0] != 0;
}

Result<Bytes> Pkcs11Token::signature(CK_OBJECT_HANDLE key, CK_MECHANISM mechanism, BytesView input) {
  auto& call = module_->call();
  const CK_RV begun = call.C_SignInit(*session_, &mechanism, key);
  if (begun == CKR_MECHANISM_INVALID || begun == CKR_MECHANISM_PARAM_INVALID)
    return bad_input("PKCS#11: " + description() + ": cannot sign that way: " + name_of_answer(begun));
  if (begun != CKR_OK) return failed("signature", begun);
  if (always_asks(key)) TRY(present_pin(CKU_CONTEXT_SPECIFIC));
  Bytes out(kMaxAttribute, '\0');
  CK_ULONG size = kMaxAttribute;
  const CK_RV answer = call.C_Sign(*session_, bytes_of(input), static_cast<CK_ULONG>(input.size()), bytes_of(out), &size);
  if (answer != CKR_OK) return failed("signature", answer);
  out.resize(std::min<std::size_t>(size, out.size()));
  return out;
}

// Tokens that do not hash are given the hash.
Result<Bytes> Pkcs11Token::rsa_signature(CK_OBJECT_HANDLE key, BytesView message) {
  CK_RSA_PKCS_PSS_PARAMS pss{CKM_SHA256, CKG_MGF1_SHA256, kPssSalt};
  auto whole = signature(key, {CKM_SHA256_RSA_PKCS_PSS, &pss, sizeof pss}, message);
  if (whole.ok() || whole.error().fault != Fault::bad_input) return whole;
  return signature(key, {CKM_RSA_PKCS_PSS, &pss, sizeof pss}, crypto::sha256(message));
}

Result<Bytes> Pkcs11Token::sign(const Pkcs11Uri& uri, KeyType type, BytesView message) {
  const CK_OBJECT_HANDLE key = TRY(private_half(uri));
  switch (type) {
    case KeyType::ed25519: return signature(key, {CKM_EDDSA, nullptr, 0}, message);
    case KeyType::rsa: return rsa_signature(key, message);
    case KeyType::ecdsa_p256: {
      const Bytes halves = TRY(signature(key, {CKM_ECDSA, nullptr, 0}, crypto::sha256(message)));
      return crypto::ecdsa_der(type, halves);
    }
    case KeyType::ecdsa_p384: return bad_input("PKCS#11: a P-384 key signs nothing here");
  }
  abort_with("KeyType: not one of its values");
}

}  // namespace rota::keys
