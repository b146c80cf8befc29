// Key archives: whatever is read stays within the limits, packs again and comes back. Inputs that are no gzip stream
// are wrapped into one, so that the tar inside is reached.
#include <zlib.h>

#include "keys/archive.h"
#include "must_hold.h"

using namespace rota;
using rota::fuzz::must_hold;

namespace {

const keys::ArchiveLimits kLimits{.packed = 1u << 20, .member = 64 * 1024, .unpacked = 256 * 1024, .members = 64};

Bytes gzipped(BytesView plain) {
  z_stream stream = {};
  deflateInit2(&stream, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  Bytes out(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

void holds_its_promise(const keys::Archive& archive) {
  std::size_t total = 0;
  for (const auto& [name, bytes] : archive.members()) {
    total += bytes.size();
    must_hold(bytes.size() <= kLimits.member, "a member is within the limit");
    must_hold(!name.empty() && name[0] != '/', "no name is absolute");
    for (const auto& part : split(name, '/')) must_hold(part != "..", "no name leaves the archive");
  }
  must_hold(total <= kLimits.unpacked && archive.members().size() <= kLimits.members,
            "an archive is within the limits");
  for (const auto& key : archive.keys()) {
    if (auto secret = archive.private_key(key); secret.ok())
      must_hold(secret->public_key() == key.public_key, "a pair is of one key");
  }
  const auto packed = archive.packed(Time());
  if (!packed.ok()) return;  // a name that ustar cannot hold
  const auto again = keys::Archive::read(packed->reveal());
  must_hold(again.ok() && archive.kept_by(*again).ok() && again->kept_by(archive).ok(), "what is packed comes back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const BytesView input(reinterpret_cast<const char*>(bytes), size);
  const auto archive = keys::Archive::read(input.starts_with("\x1f\x8b") ? Bytes(input) : gzipped(input), kLimits);
  if (archive.ok()) holds_its_promise(*archive);
  return 0;
}
