// Path patterns: the matcher says what the obvious one says. The input is a pattern, a line end and a path.
#include "base/bytes.h"
#include "must_hold.h"
#include "plain_pattern.h"
#include "tuf/path_pattern.h"

using namespace rota;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const BytesView input(reinterpret_cast<const char*>(bytes), std::min<std::size_t>(size, 512));
  const std::size_t end = input.find('\n');
  if (end == input.npos) return 0;
  const BytesView pattern = input.substr(0, end), path = input.substr(end + 1);
  const bool matches = tuf::PathMatcher(path).matches(pattern);
  const auto wanted = fuzz::code_points(pattern), given = fuzz::code_points(path);
  if (!wanted || !given) return 0;  // patterns are JSON text; a path that is none can only end
  fuzz::must_hold(matches == fuzz::PlainPattern(*wanted, *given).matches(), "both matchers agree");
  return 0;
}
