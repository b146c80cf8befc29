#include "keys/gzip_source.h"

#include <zlib.h>

#include <optional>

#include "crypto/secret.h"

namespace rota::keys {

constexpr std::size_t kPiece = 64 * 1024;

struct GzipSource::State {
  z_stream stream = {};
  Bytes piece = Bytes(kPiece, '\0');
  std::size_t left = 0;
  bool ended = false;
  std::optional<Error> failed = {};

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    inflateEnd(&stream);
    crypto::SecretBytes::wipe(piece);
  }
};

GzipSource::GzipSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
GzipSource::GzipSource(GzipSource&&) noexcept = default;
GzipSource& GzipSource::operator=(GzipSource&&) noexcept = default;
GzipSource::~GzipSource() = default;

Result<GzipSource> GzipSource::open(BytesView packed, std::size_t max) {
  if (!packed.starts_with("\x1f\x8b")) return bad_input("not a gzip file");
  auto state = std::make_unique<State>();
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(&state->stream, kGzipOnly) != Z_OK) return io_error("zlib does not start");
  state->stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  state->stream.avail_in = static_cast<uInt>(packed.size());
  state->left = max;
  return GzipSource(std::move(state));
}

Result<BytesView> GzipSource::next() {
  State& s = *state_;
  const auto fail = [&](std::string what) -> Error { return s.failed.emplace(bad_input(std::move(what))); };
  if (s.failed) return *s.failed;
  if (s.ended) return BytesView();
  s.stream.next_out = reinterpret_cast<Bytef*>(s.piece.data());
  s.stream.avail_out = static_cast<uInt>(s.piece.size());
  const int code = inflate(&s.stream, Z_NO_FLUSH);
  const std::size_t got = s.piece.size() - s.stream.avail_out;
  if (code == Z_STREAM_END) s.ended = true;
  if (code == Z_BUF_ERROR || (code == Z_OK && got == 0)) return fail("the gzip stream is cut short");
  if (code != Z_OK && code != Z_STREAM_END)
    return fail(std::string("the gzip stream is damaged: ") +
                (s.stream.msg != nullptr ? s.stream.msg : "no reason given"));
  if (got > s.left) return fail("unpacks to more than the limit");
  if (s.ended && s.stream.avail_in != 0) return fail("there are bytes after the end of the gzip stream");
  s.left -= got;
  return BytesView(s.piece).substr(0, got);
}

}  // namespace rota::keys
