// Just enough of GVariant's serialised form to read OSTree's metadata: tuples and arrays whose members say where they end
// (developer.gnome.org, "GVariant Specification", 2.3).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace rota::server {

// Bytes an offset takes in a container of `size` bytes: 1, 2, 4 or 8.
std::size_t gvariant_offset_size(std::uint64_t size);

// A tuple with `count` framing offsets, which lie at its end, the first member's last. `end(i)` is where the i-th
// variable-size member ends, `body_end` where the offsets begin. rejected: an offset outside, or falling.
struct GvariantFrame {
  std::vector<std::size_t> ends;
  std::size_t body_end = 0;
};
Result<GvariantFrame> gvariant_tuple(BytesView tuple, std::size_t count);

// The elements of an array of variable-size, byte-aligned elements. rejected: as above.
Result<std::vector<BytesView>> gvariant_array(BytesView array);

// `text` without the NUL it must end in; rejected when there is none or one inside.
Result<std::string_view> gvariant_text(BytesView text);

}  // namespace rota::server
