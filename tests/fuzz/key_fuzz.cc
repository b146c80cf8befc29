// Keys in every spelling: a key that is read is valid, writes back as itself and verifies no noise. The first byte says
// how the rest is spelled; kSpellings is the list.
#include "json_mutation.h"
#include "must_hold.h"
#include "tuf/key.h"

using namespace rota;
using rota::fuzz::must_hold;

namespace {

void holds_its_promise(const crypto::PublicKey& key, BytesView noise) {
  for (const auto dialect : {tuf::Dialect::uptane, tuf::Dialect::tuf}) {
    const auto again = tuf::public_key_from_json(tuf::public_key_json(key, dialect));
    must_hold(again.ok() && *again == key, "a key reads back as itself");
    must_hold(tuf::key_id(*again, dialect) == tuf::key_id(key, dialect), "equal keys have equal ids");
  }
  must_hold(!key.verifies(crypto::scheme_of(key.type()), "message", noise), "noise does not verify");
}

void read_and_check(const Result<crypto::PublicKey>& key, BytesView noise) {
  if (!key.ok()) return must_hold(key.error().fault == Fault::bad_input, "a key is refused as bad input");
  holds_its_promise(*key, noise);
}

Bytes pem_of(BytesView der) {
  const std::string text = base64(der);
  Bytes pem = "-----BEGIN PUBLIC KEY-----\n";
  for (std::size_t at = 0; at < text.size(); at += 64) pem += text.substr(at, 64) + "\n";
  return pem + "-----END PUBLIC KEY-----\n";
}

Bytes as_it_is(BytesView input) {
  return Bytes(input);
}
using Spell = Bytes (*)(BytesView);

// A key object whose value alone is the input, spelled in one of these ways.
struct Spelling {
  const char *keytype, *scheme;
  Spell value;
};
const Spelling kSpellings[] = {
    {"ED25519", nullptr, as_it_is},
    {"ed25519", "ed25519", as_it_is},
    {"ed25519", "ed25519", hex},
    {"RSA", nullptr, as_it_is},
    {"rsa", "rsassa-pss-sha256", pem_of},
    {"ECPRIME256V1", nullptr, hex},
    {"ecdsa", "ecdsa-sha2-nistp256", as_it_is},
    {"ecdsa", "ecdsa-sha2-nistp256", pem_of},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", pem_of},
    {"ecdsa", "ecdsa-sha2-nistp384", as_it_is},
    {"ecdsa", "ecdsa-sha2-nistp384", pem_of},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", pem_of},
};
constexpr unsigned kBare = 3;  // key objects, PEM, DER come before the table

void try_spelling(const Spelling& spelling, BytesView input) {
  Json json;
  json["keytype"] = spelling.keytype;
  if (spelling.scheme != nullptr) json["scheme"] = spelling.scheme;
  json["keyval"]["public"] = spelling.value(input);
  read_and_check(tuf::public_key_from_json(json), input);
}

void try_object(BytesView input) {
  const auto json = parse_json(input);
  if (json.ok()) read_and_check(tuf::public_key_from_json(*json), input);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* input, std::size_t size, std::size_t max);
extern "C" std::size_t LLVMFuzzerCustomMutator(unsigned char* input, std::size_t size, std::size_t max, unsigned seed) {
  if (size > 0 && input[0] == 0) return fuzz::mutate_json_after(1, input, size, max, seed);
  return LLVMFuzzerMutate(input, size, max);
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  if (size == 0) return 0;
  const BytesView input(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  switch (const unsigned choice = bytes[0] % (kBare + std::size(kSpellings)); choice) {
    case 0:
      try_object(input);
      break;
    case 1:
      read_and_check(crypto::PublicKey::from_pem(input), input);
      break;
    case 2:
      read_and_check(crypto::PublicKey::from_spki_der(input), input);
      break;
    default:
      try_spelling(kSpellings[choice - kBare], input);
  }
  return 0;
}
