#include "server/upload_tar.h"

#include <algorithm>

namespace rota::server {
namespace {

constexpr std::size_t kBlock = 512, kPiece = 128 * 1024, kMaxPax = 64 * 1024;
constexpr std::uint64_t kMaxEntry = 4ull << 30;

// POSIX.1-2017 pax, "ustar Interchange Format".
struct Field {
  std::size_t at, size;
};
constexpr Field kName{0, 100}, kSize{124, 12}, kSum{148, 8}, kPrefix{345, 155};
constexpr std::size_t kType = 156;

std::string_view text_in(BytesView header, Field field) {
  auto text = header.substr(field.at, field.size);
  return text.substr(0, text.find('\0'));
}

Result<std::uint64_t> octal_in(BytesView header, Field field) {
  std::uint64_t value = 0;
  auto digits = trim(text_in(header, field));
  if (digits.empty()) return rejected("tar: want an octal number, got none");
  for (char c : digits) {
    if (c < '0' || c > '7') return rejected("tar: want an octal number, got another field");
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

Status sum_fits(BytesView header) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    bool in_sum = i >= kSum.at && i < kSum.at + kSum.size;
    sum += in_sum ? ' ' : static_cast<unsigned char>(header[i]);
  }
  if (sum != TRY(octal_in(header, kSum))) return rejected("tar: header checksum: does not fit");
  return {};
}

std::uint64_t padding_of(std::uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

struct Record {
  std::string_view key, value;
};

// Takes one "<length> <key>=<value>\n" off the front.
Result<Record> take_record(std::string_view& records) {
  auto bad = rejected("tar: PAX record: want '<length> <key>=<value>'");
  auto space = records.find(' ');
  if (space == std::string_view::npos) return bad;
  auto length = decimal(records.substr(0, space), kMaxPax);
  if (!length.ok() || static_cast<std::size_t>(*length) > records.size()) return bad;
  auto size = static_cast<std::size_t>(*length);
  if (size < space + 2 || records[size - 1] != '\n') return bad;
  auto body = records.substr(space + 1, size - space - 2);
  auto equals = body.find('=');
  if (equals == std::string_view::npos) return bad;
  records.remove_prefix(size);
  return Record{body.substr(0, equals), body.substr(equals + 1)};
}

}  // namespace

Result<Bytes> UploadTar::exactly(std::size_t n) {
  Bytes out(n, '\0');
  in_.read(out.data(), static_cast<std::streamsize>(n));
  if (static_cast<std::size_t>(in_.gcount()) != n) return rejected("tar: want more bytes, got the end");
  return out;
}

Status UploadTar::skip_rest() {
  while (left_ > 0) TRY(piece());
  TRY(exactly(static_cast<std::size_t>(std::exchange(padding_, 0))));
  return {};
}

Result<UploadTar::Pax> UploadTar::read_pax(std::uint64_t size) {
  if (size > kMaxPax) return rejected("tar: PAX header: want at most 64 KiB");
  auto bytes = TRY(exactly(static_cast<std::size_t>(size)));
  TRY(exactly(static_cast<std::size_t>(padding_of(size))));
  Pax pax;
  for (std::string_view records = bytes; !records.empty();) {
    auto [key, value] = TRY(take_record(records));
    if (key == "path") pax.path = std::string(value);
    if (key == "size") pax.size = static_cast<std::uint64_t>(TRY_IN("tar: size", decimal(value)));
    if (key == "FIO.ostree.CRC") pax.crc = static_cast<std::uint32_t>(TRY_IN("tar: FIO.ostree.CRC", decimal(value, UINT32_MAX)));
  }
  return pax;
}

Result<TarEntry> UploadTar::entry_of(BytesView header, const Pax& pax) {
  if (header[kType] != '0' && header[kType] != '\0')
    return rejected("tar: '" + std::string(text_in(header, kName)) + "': want a plain file, got type '" + header[kType] + "'");
  TarEntry entry;
  auto prefix = std::string(text_in(header, kPrefix));
  entry.name = pax.path.value_or((prefix.empty() ? "" : prefix + "/") + std::string(text_in(header, kName)));
  entry.size = pax.size ? *pax.size : TRY(octal_in(header, kSize));
  entry.crc = pax.crc;
  if (entry.size > kMaxEntry) return rejected("tar: '" + entry.name + "': want at most 4 GiB");
  return entry;
}

Result<std::optional<TarEntry>> UploadTar::next() {
  TRY(skip_rest());
  Pax pax;
  for (;;) {
    auto header = TRY(exactly(kBlock));
    if (std::all_of(header.begin(), header.end(), [](char c) { return c == '\0'; })) return std::nullopt;
    TRY(sum_fits(header));
    if (header[kType] == 'x' || header[kType] == 'g') {
      auto found = TRY(read_pax(TRY_IN("tar", octal_in(header, kSize))));
      if (header[kType] == 'x') pax = std::move(found);  // a global header says nothing we use
      continue;
    }
    auto entry = TRY(entry_of(header, pax));
    left_ = entry.size;
    padding_ = padding_of(entry.size);
    return entry;
  }
}

Result<BytesView> UploadTar::piece() {
  buffer_ = TRY(exactly(static_cast<std::size_t>(std::min<std::uint64_t>(left_, kPiece))));
  left_ -= buffer_.size();
  return BytesView(buffer_);
}

}  // namespace rota::server
