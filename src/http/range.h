// Byte ranges of an answer (RFC 9110 14).
#pragma once

#include <cstdint>
#include <string_view>

namespace rota::http {

struct ByteRange {
  enum class Kind { whole, part, unsatisfiable };
  Kind kind = Kind::whole;
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};

// What a Range field asks of `size` bytes. One range is honoured; several, another unit or a broken field mean the
// whole.
ByteRange range_of(std::string_view field, std::uint64_t size);

}  // namespace rota::http
