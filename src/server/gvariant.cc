#include "server/gvariant.h"

#include <algorithm>

namespace rota::server {
namespace {

std::size_t offset_at(BytesView bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i > 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[at + i - 1]);
  return static_cast<std::size_t>(value);
}

Error broken() { return rejected("gvariant: want offsets that rise within the value, got others"); }

}  // namespace

std::size_t gvariant_offset_size(std::uint64_t size) {
  if (size <= 0xff) return 1;
  if (size <= 0xffff) return 2;
  return size <= 0xffffffff ? 4 : 8;
}

Result<GvariantFrame> gvariant_tuple(BytesView tuple, std::size_t count) {
  auto size = gvariant_offset_size(tuple.size());
  if (tuple.size() < size * count) return broken();
  GvariantFrame frame;
  frame.body_end = tuple.size() - size * count;
  std::size_t least = 0;
  for (std::size_t i = 0; i < count; ++i) {
    auto end = offset_at(tuple, tuple.size() - size * (i + 1), size);
    if (end < least || end > frame.body_end) return broken();
    frame.ends.push_back(least = end);
  }
  return frame;
}

Result<std::vector<BytesView>> gvariant_array(BytesView array) {
  std::vector<BytesView> out;
  if (array.empty()) return out;
  auto size = gvariant_offset_size(array.size());
  if (array.size() < size) return broken();
  auto table = offset_at(array, array.size() - size, size);  // the last element's end is where the offsets begin
  if (table > array.size() - size || (array.size() - table) % size != 0) return broken();
  std::size_t start = 0;
  for (auto at = table; at < array.size(); at += size) {
    auto end = offset_at(array, at, size);
    if (end < start || end > table) return broken();
    out.push_back(array.substr(start, end - start));
    start = end;
  }
  return out;
}

Result<std::string_view> gvariant_text(BytesView text) {
  if (text.empty() || text.back() != '\0' || text.find('\0') != text.size() - 1)
    return rejected("gvariant: want text that ends in one NUL");
  return text.substr(0, text.size() - 1);
}

}  // namespace rota::server
