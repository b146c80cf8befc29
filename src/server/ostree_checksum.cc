// The checksum of an object as libostree computes it.
#include <zlib.h>

#include <fstream>

#include "crypto/hash.h"
#include "server/gvariant.h"
#include "server/ostree_object.h"

namespace rota::server {
namespace {

constexpr std::size_t kPiece = 128 * 1024;
constexpr std::size_t kMaxHeader = 1 << 20;  // owner, mode, link, extended attributes
constexpr std::size_t kFixed = 24;           // size, uid, gid, mode, rdev of a filez header

std::string big_endian(std::uint64_t value) {
  std::string out(4, '\0');
  for (int i = 3; i >= 0; --i, value >>= 8) out[static_cast<std::size_t>(i)] = static_cast<char>(value & 0xff);
  return out;
}

std::uint64_t from_big_endian(BytesView bytes) {
  std::uint64_t value = 0;
  for (char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

Error cut_short(const std::string& what) { return rejected("ostree object: " + what + ": want more bytes, got the end"); }

// The file's bytes, in order, a piece at a time.
class Input {
 public:
  explicit Input(const std::string& path) : in_(path, std::ios::binary), path_(path), buffer_(kPiece, '\0') {}
  Result<BytesView> piece() {
    if (!in_.is_open()) return io_error(path_ + ": cannot be read");
    in_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    if (in_.bad()) return io_error(path_ + ": cannot be read");
    return BytesView(buffer_.data(), static_cast<std::size_t>(in_.gcount()));
  }
  Result<Bytes> exactly(std::size_t n) {
    Bytes out(n, '\0');
    if (!in_.is_open()) return io_error(path_ + ": cannot be read");
    in_.read(out.data(), static_cast<std::streamsize>(n));
    if (static_cast<std::size_t>(in_.gcount()) != n) return cut_short("header");
    return out;
  }

 private:
  std::ifstream in_;
  std::string path_;
  Bytes buffer_;
};

// Inflates raw deflate data piece by piece.
class Inflater {
 public:
  Inflater() { inflateInit2(&stream_, -MAX_WBITS); }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Feeds `sink` with what `bytes` hold. rejected: damaged, bytes after the end, more than `most` in all.
  Status add(BytesView bytes, crypto::Sha256& sink, std::uint64_t most) {
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));  // zlib's interface is not const
    stream_.avail_in = static_cast<uInt>(bytes.size());
    while (stream_.avail_in > 0 && !ended_) TRY(step(sink, most));
    if (stream_.avail_in > 0) return rejected("ostree object: content: bytes after its end");
    return {};
  }
  bool ended() const { return ended_; }
  std::uint64_t size() const { return size_; }

 private:
  Status step(crypto::Sha256& sink, std::uint64_t most) {
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
      stream_.avail_out = static_cast<uInt>(out_.size());
      int code = inflate(&stream_, Z_NO_FLUSH);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return rejected("ostree object: content: damaged");
      auto made = out_.size() - stream_.avail_out;
      size_ += made;
      if (size_ > most) return rejected("ostree object: content: longer than its header says");
      sink.add(BytesView(out_.data(), made));
      ended_ = code == Z_STREAM_END;
    } while (!ended_ && stream_.avail_out == 0);
    return {};
  }

  z_stream stream_{};
  Bytes out_ = Bytes(kPiece, '\0');
  std::uint64_t size_ = 0;
  bool ended_ = false;
};

struct FileHeader {
  std::uint64_t size = 0;
  Bytes hashed;  // what libostree hashes: length, padding, (uuuusa(ayay))
  bool is_file = true;
};

constexpr std::uint64_t kFileType = 0170000, kRegular = 0100000, kLink = 0120000;

// (tuuuusa(ayay)) without its size is what is hashed; its one offset moves by the eight bytes that are gone.
Result<FileHeader> file_header(BytesView stored) {
  if (stored.size() < kFixed) return cut_short("header");
  auto frame = TRY_IN("ostree object: header", gvariant_tuple(stored, 1));
  if (frame.ends[0] < kFixed) return rejected("ostree object: header: want a link after the mode");
  TRY(gvariant_text(stored.substr(kFixed, frame.ends[0] - kFixed)));
  FileHeader header;
  header.size = from_big_endian(stored.substr(0, 8));
  auto type = from_big_endian(stored.substr(16, 4)) & kFileType;
  if (type != kRegular && type != kLink) return rejected("ostree object: header: want a file or a link");
  header.is_file = type == kRegular;
  Bytes body(stored.substr(8, frame.body_end - 8));
  std::size_t offset_size = 1;
  while (gvariant_offset_size(body.size() + offset_size) > offset_size) offset_size *= 2;
  for (std::size_t i = 0, end = frame.ends[0] - 8; i < offset_size; ++i, end >>= 8) body.push_back(static_cast<char>(end & 0xff));
  header.hashed = big_endian(body.size()) + Bytes(4, '\0') + body;
  return header;
}

Result<FileHeader> read_header(Input& in) {
  auto length = from_big_endian(TRY(in.exactly(8)).substr(0, 4));
  if (length > kMaxHeader) return rejected("ostree object: header: want at most 1 MiB, got " + std::to_string(length));
  return file_header(TRY(in.exactly(static_cast<std::size_t>(length))));
}

Result<std::string> content_checksum(const std::string& file) {
  Input in(file);
  auto header = TRY(read_header(in));
  if (header.size > kMaxOstreeContent) return rejected("ostree object: content: want at most 4 GiB");
  crypto::Sha256 sum;
  sum.add(header.hashed);
  Inflater inflater;
  for (auto piece = TRY(in.piece()); !piece.empty(); piece = TRY(in.piece())) {
    if (!header.is_file) return rejected("ostree object: a link has no content");
    TRY(inflater.add(piece, sum, header.size));
  }
  if (header.is_file && (!inflater.ended() || inflater.size() != header.size)) return cut_short("content");
  return hex(sum.finish());
}

struct Summed {
  std::string checksum;
  std::uint64_t size = 0;
};

Result<Summed> sum_of_bytes(const std::string& file) {
  Input in(file);
  crypto::Sha256 sum;
  Summed out;
  for (auto piece = TRY(in.piece()); !piece.empty(); piece = TRY(in.piece())) {
    out.size += piece.size();
    if (out.size > kMaxOstreeMetadata) return rejected("ostree object: metadata: want at most 10 MiB");
    sum.add(piece);
  }
  out.checksum = hex(sum.finish());
  return out;
}

}  // namespace

Status verify_ostree_object(const OstreeObject& object, const std::string& file) {
  std::string got;
  if (object.kind == OstreeObject::Kind::filez) got = TRY(content_checksum(file));
  else got = TRY(sum_of_bytes(file)).checksum;
  if (object.kind == OstreeObject::Kind::commitmeta || got == object.checksum) return {};
  return want_got("ostree object: checksum", object.checksum, got);
}

}  // namespace rota::server
