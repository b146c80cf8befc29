#include "crypto/spki.h"

namespace rota::crypto {
namespace {

constexpr char kInteger = 0x02, kBitString = 0x03, kSequence = 0x30;
constexpr KeyType kPointTypes[] = {KeyType::ed25519, KeyType::ecdsa_p256, KeyType::ecdsa_p384};

// Everything before the point.
BytesView header_of(KeyType type) {
  using namespace std::string_view_literals;
  switch (type) {
    case KeyType::ed25519:
      return "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"sv;
    case KeyType::ecdsa_p256:
      return "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00"sv;
    case KeyType::ecdsa_p384:
      return "\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00"sv;
    case KeyType::rsa:
      return {};
  }
  abort_with("KeyType: not one of its values");
}

std::size_t byte_at(BytesView bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

// Takes an element off the front of `rest`; nullopt when its tag is another or its length is not spelled the shortest
// way.
std::optional<BytesView> take(BytesView& rest, char tag) {
  if (rest.size() < 2 || rest[0] != tag) return std::nullopt;
  std::size_t size = byte_at(rest, 1), header = 2;
  if (size >= 0x80) {
    const std::size_t digits = size & 0x7f;
    if (digits < 1 || digits > 2 || rest.size() < 2 + digits) return std::nullopt;
    size = digits == 1 ? byte_at(rest, 2) : byte_at(rest, 2) << 8 | byte_at(rest, 3);
    if (size < (digits == 1 ? 0x80u : 0x100u)) return std::nullopt;
    header += digits;
  }
  if (rest.size() - header < size) return std::nullopt;
  const BytesView content = rest.substr(header, size);
  rest.remove_prefix(header + size);
  return content;
}

// A whole number above zero, without the zero that keeps it from being negative.
std::optional<BytesView> take_number(BytesView& rest) {
  auto digits = take(rest, kInteger);
  if (!digits || digits->empty() || byte_at(*digits, 0) >= 0x80) return std::nullopt;
  if (byte_at(*digits, 0) != 0) return digits;
  if (digits->size() < 2 || byte_at(*digits, 1) < 0x80) return std::nullopt;
  return digits->substr(1);
}

std::optional<Spki> read_rsa(BytesView der) {
  using namespace std::string_view_literals;
  auto info = take(der, kSequence);
  if (!info || !der.empty()) return std::nullopt;
  const auto algorithm = take(*info, kSequence);
  if (algorithm != "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"sv) return std::nullopt;
  auto bits = take(*info, kBitString);
  if (!bits || !info->empty() || !bits->starts_with('\0')) return std::nullopt;
  bits->remove_prefix(1);
  auto key = take(*bits, kSequence);
  if (!key || !bits->empty()) return std::nullopt;
  const auto modulus = take_number(*key), exponent = take_number(*key);
  if (!modulus || !exponent || !key->empty()) return std::nullopt;
  return Spki{.type = KeyType::rsa, .modulus = *modulus, .exponent = *exponent};
}

}  // namespace

std::optional<Spki> read_spki(BytesView der) {
  for (const KeyType type : kPointTypes) {
    const BytesView header = header_of(type);
    if (der.size() != header.size() + point_size(type) || !der.starts_with(header)) continue;
    const BytesView point = der.substr(header.size());
    if (type != KeyType::ed25519 && point[0] != 0x04) return std::nullopt;
    return Spki{.type = type, .point = point};
  }
  return read_rsa(der);
}

Bytes spki_of_point(KeyType type, BytesView point) {
  return Bytes(header_of(type)).append(point);
}

std::size_t point_size(KeyType type) {
  switch (type) {
    case KeyType::ed25519:
      return 32;
    case KeyType::ecdsa_p256:
      return 1 + 2 * 32;
    case KeyType::ecdsa_p384:
      return 1 + 2 * 48;
    case KeyType::rsa:
      return 0;
  }
  abort_with("KeyType: not one of its values");
}

}  // namespace rota::crypto
