// SubjectPublicKeyInfo (RFC 5280 4.1.2.7, RFC 3279 2.3.1, RFC 5480 2, RFC 8410 4) taken apart without the library, whose
// decoder takes longer than to verify a signature. Private to this folder.
#pragma once

#include <optional>

#include "crypto/key.h"

namespace rota::crypto {

struct Spki {
  KeyType type;
  BytesView modulus = {}, exponent = {};  // RSA: big endian, no zero in front
  BytesView point = {};                   // Ed25519: 32 bytes; EC: 0x04 ‖ x ‖ y
};
// Form only. nullopt: another algorithm, or not the one DER spelling of a key (a length that could be shorter, a point that
// is compressed, a curve without its name, anything after the end, …).
std::optional<Spki> read_spki(BytesView der);

// The DER of a point of the curve; it is as good as the point is.
Bytes spki_of_point(KeyType type, BytesView point);
// How long a point is, as Spki has it; 0 for RSA.
std::size_t point_size(KeyType type);

}  // namespace rota::crypto
