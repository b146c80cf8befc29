// Files sealed in the age v1 format, but for the passphrase's own arithmetic: what is read is spelled in one way only, and
// a payload opens exactly when its chunks are in order. The first byte decides what the rest is: a file, what stands
// between the lines of ASCII armour, a script for a file sealed here with a known file key, or the text of a key.
#include <algorithm>

#include "crypto/chacha.h"
#include "crypto/kdf.h"
#include "crypto/x25519.h"
#include "keys/age.h"
#include "keys/age_header.h"
#include "keys/archive_unlock.h"
#include "keys/bech32.h"
#include "must_hold.h"

using namespace rota;
using namespace rota::keys;
using crypto::SecretBytes;
using rota::fuzz::must_hold;

namespace {

constexpr std::size_t kMaxHeader = 64 * 1024, kChunk = 64 * 1024;
constexpr std::string_view kArmorStart = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view kArmorEnd = "-----END AGE ENCRYPTED FILE-----";

const std::vector<AgeIdentity>& identities() {
  static const auto made = AgeIdentity::parse_file(
                               "AGE-SECRET-KEY-18KXUXEQ46KLQRRJFMGCCY9JTKU90FJVQMNRTPDZ532ZA4WUKHEJSH0ZUFN\n")
                               .value();
  return made;
}

bool is_file_fault(Fault fault) {
  return fault == Fault::bad_input || fault == Fault::denied || fault == Fault::rejected;
}

// A passphrase is tried only where it costs nothing: the work factor is out of range or small.
bool costs_nothing(const AgeHeader& header) {
  const auto& words = header.stanzas[0].words;
  if (words[0] != "scrypt" || words.size() != 3) return true;
  const auto factor = decimal(words[2], 1000);
  return !factor.ok() || *factor <= 4 || *factor > 22;
}

void try_to_open(BytesView file, const AgeHeader& header) {
  const auto opened = age_opened(file, identities());
  must_hold(opened.ok() || is_file_fault(opened.error().fault), "a file is misformed, changed or for somebody else");
  must_hold(!opened.ok() || opened->size() <= header.payload.size(), "a file holds no more than its size");
  if (costs_nothing(header)) must_hold(!age_opened(file, SecretBytes("p")).ok(), "nobody knows this passphrase");
}

void try_binary(BytesView file) {
  const auto header = read_age_header(file);
  if (!header.ok()) {
    must_hold(header.error().fault == Fault::bad_input, "form is refused as bad input");
    must_hold(!age_opened(file, identities()).ok(), "what has no header is not opened");
    return;
  }
  must_hold(age_lock(file) != AgeLock::none, "what has a header is locked");
  must_hold(!header->stanzas.empty() && header->stanzas.size() <= 64, "stanzas are counted");
  must_hold(header->text.size() <= kMaxHeader, "a header is within its limit");
  must_hold(age_header_text(header->stanzas) == header->text, "a header is spelled in one way");
  if (file.starts_with("age-encryption.org/v1\n"))
    must_hold(header->text + " " + base64_bare(header->mac) + "\n" + header->payload == file, "a file is its parts");
  try_to_open(file, *header);
}

Bytes in_lines(std::string_view base64_text) {
  Bytes lines;
  for (; !base64_text.empty(); base64_text.remove_prefix(std::min<std::size_t>(base64_text.size(), 64)))
    lines += Bytes(base64_text.substr(0, 64)) + "\n";
  return lines;
}

// What stands between the first line and the last; the line end before the last is the input's.
void try_armored(BytesView between) {
  const Bytes file = Bytes(kArmorStart) + Bytes(between) + Bytes(kArmorEnd);
  try_binary(file);
  const auto header = read_age_header(file);
  if (!header.ok()) return;
  const Bytes binary = header->text + " " + base64_bare(header->mac) + "\n" + header->payload;
  Bytes lines(between);
  std::erase(lines, '\r');
  must_hold(lines == "\n" + in_lines(base64(binary)), "the armour is spelled in one way");
}

struct Sealing {
  SecretBytes file_key;
  AgeStanza stanza;  // that hands it to us
};

// RFC 7748 and RFC 5869 with the words of the age format, from the outside.
Sealing sealing() {
  const Bytes sealed = age_sealed("", {identities()[0].recipient()}).value();
  AgeStanza stanza = read_age_header(sealed)->stanzas[0];
  const Bytes share = unbase64_bare(stanza.words[1]).value();
  const SecretBytes shared = crypto::x25519_shared(identities()[0].key(), share).value();
  const SecretBytes wrap =
      crypto::hkdf_sha256(shared, share + identities()[0].recipient().point(), "age-encryption.org/v1/X25519");
  SecretBytes file_key = crypto::chacha_opened(wrap, Bytes(12, '\0'), stanza.body).value();
  return {std::move(file_key), std::move(stanza)};
}

// A payload of chunks as the script says, each of two bytes: size, number and mark of the last one, and whether it is
// damaged. `in_order` while it is what the format allows.
class Payload {
 public:
  explicit Payload(const SecretBytes& file_key) : key_(crypto::hkdf_sha256(file_key, kNonce, "payload")) {}

  void add(unsigned char shape, unsigned char fill, bool is_last) {
    constexpr std::size_t kSizes[] = {0, 1, kChunk - 1, kChunk};
    const std::size_t size = kSizes[shape & 3];
    const bool skips = (shape & 4) != 0, marked = ((shape & 8) != 0) != is_last, damaged = (shape & 16) != 0;
    Bytes nonce(12, '\0');
    nonce[10] = static_cast<char>(number_ + (skips ? 1 : 0));
    nonce[11] = marked ? 1 : 0;
    const Bytes plain(size, static_cast<char>(fill));
    bytes_ += crypto::chacha_sealed(key_, nonce, plain);
    if (damaged) bytes_.back() = static_cast<char>(bytes_.back() ^ 1);
    const bool sized = is_last ? size > 0 || number_ == 0 : size == kChunk;
    in_order_ = in_order_ && sized && marked == is_last && !skips && !damaged;
    plain_ += plain;
    ++number_;
  }

  const Bytes& bytes() const { return bytes_; }
  const Bytes& plain() const { return plain_; }
  bool in_order() const { return in_order_ && number_ > 0; }

 private:
  static constexpr std::string_view kNonce = "0123456789abcdef";
  SecretBytes key_;
  Bytes bytes_{kNonce}, plain_;
  bool in_order_ = true;
  int number_ = 0;
};

// One byte for the chunks' number, two for each chunk, then a stanza of another kind in front of ours, if it reads as one.
void try_sealed_here(BytesView script) {
  static const Sealing known = sealing();
  if (script.size() < 2) return;
  Payload payload(known.file_key);
  std::size_t chunks = static_cast<unsigned char>(script[0]) % 5;
  script.remove_prefix(1);
  for (; chunks > 0 && script.size() >= 2; --chunks, script.remove_prefix(2))
    payload.add(static_cast<unsigned char>(script[0]), static_cast<unsigned char>(script[1]),
                chunks == 1 || script.size() < 4);
  std::vector<AgeStanza> stanzas{known.stanza};
  if (!script.empty()) stanzas.insert(stanzas.begin(), {{"x", hex(script.substr(0, 8))}, Bytes(script)});
  const Bytes text = age_header_text(stanzas);
  const Bytes mac = crypto::hmac_sha256(crypto::hkdf_sha256(known.file_key, "", "header"), text);
  const Bytes file = text + " " + base64_bare(mac) + "\n" + payload.bytes();
  const auto opened = age_opened(file, identities());
  must_hold(opened.ok() == payload.in_order(), "a payload opens exactly when its chunks are in order");
  must_hold(!opened.ok() || opened->reveal() == payload.plain(), "what was sealed comes out");
  must_hold(opened.ok() || opened.error().fault == Fault::rejected, "a changed payload is refused as that");
}

void try_key_text(BytesView text) {
  if (const auto read = read_bech32(text); read.ok())
    must_hold(bech32(read->prefix, read->bytes.reveal()).reveal() == lower(text), "bech32 is spelled in one way");
  const SecretBytes spelled = bech32("age", text);
  const auto again = read_bech32(spelled.reveal());
  must_hold(again.ok() && again->prefix == "age" && again->bytes.reveal() == text, "what is spelled reads again");
  must_hold(AgeRecipient::parse(spelled.reveal()).ok() == (text.size() == 32), "a recipient has 32 bytes");
  if (const auto list = parse_recipients(text); list.ok()) {
    for (const AgeRecipient& one : *list) must_hold(*AgeRecipient::parse(one.text()) == one, "recipients come back");
  }
  if (const auto read = AgeIdentity::parse_file(text); read.ok()) {
    for (const AgeIdentity& one : *read)
      must_hold(AgeIdentity::parse(one.text().reveal())->recipient() == one.recipient(), "identities come back");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  if (size == 0) return 0;
  const BytesView input(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  switch (bytes[0] % 4) {
    case 0:
      try_binary(input);
      break;
    case 1:
      try_armored(input);
      break;
    case 2:
      try_sealed_here(input);
      break;
    default:
      try_key_text(input);
  }
  return 0;
}
