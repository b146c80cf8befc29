// Key objects: a key that is read is valid, writes back as itself and verifies no noise.
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

void try_pem(BytesView input) {
  const auto key = crypto::PublicKey::from_pem(input);
  if (key.ok()) holds_its_promise(*key, input);
}

void try_der(BytesView input) {
  const auto key = crypto::PublicKey::from_spki_der(input);
  if (key.ok()) holds_its_promise(*key, input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const BytesView input(reinterpret_cast<const char*>(bytes), size);
  try_pem(input);
  try_der(input);
  const auto json = parse_json(input);
  if (!json.ok()) return 0;
  const auto key = tuf::public_key_from_json(*json);
  if (key.ok()) holds_its_promise(*key, input);
  return 0;
}
