#include "http/range.h"

#include <algorithm>

#include "base/bytes.h"

namespace rota::http {

namespace {

ByteRange last_bytes(std::uint64_t count, std::uint64_t size) {
  if (count == 0 || size == 0) return {ByteRange::Kind::unsatisfiable, 0, 0};
  count = std::min(count, size);
  return {ByteRange::Kind::part, size - count, count};
}

// Leading zeros are allowed here (RFC 9110 14.1.1), unlike in decimal().
Result<std::int64_t> position(std::string_view digits) {
  const std::size_t significant = digits.find_first_not_of('0');
  if (significant == std::string_view::npos && !digits.empty()) return std::int64_t{0};
  return decimal(digits.substr(std::min(significant, digits.size())));
}

}  // namespace

ByteRange range_of(std::string_view field, std::uint64_t size) {
  const ByteRange whole{ByteRange::Kind::whole, 0, size};
  if (field.size() < 6 || !equals_ignoring_case(field.substr(0, 6), "bytes=")) return whole;
  const std::string_view spec = trim(field.substr(6));
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return whole;
  const auto last = position(spec.substr(dash + 1));
  if (dash == 0) return last.ok() ? last_bytes(static_cast<std::uint64_t>(*last), size) : whole;
  const auto first = position(spec.substr(0, dash));
  const bool open_end = dash + 1 == spec.size();
  if (!first.ok() || (!open_end && (!last.ok() || *last < *first))) return whole;
  const auto from = static_cast<std::uint64_t>(*first);
  if (from >= size) return {ByteRange::Kind::unsatisfiable, 0, 0};
  const std::uint64_t to = open_end ? size - 1 : std::min(static_cast<std::uint64_t>(*last), size - 1);
  return {ByteRange::Kind::part, from, to - from + 1};
}

}  // namespace rota::http
