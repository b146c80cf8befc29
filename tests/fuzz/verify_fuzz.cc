// The chain of trust against altered files: nothing is accepted but what the keys signed.
#include <algorithm>

#include "json_mutation.h"
#include "must_hold.h"
#include "tuf/admit.h"
#include "tuf/repository_for_test.h"

using namespace rota;
using namespace rota::tuf;
using rota::fuzz::must_hold;

namespace {

struct Golden {
  explicit Golden(Dialect dialect)
      : root(test::trusted_root({.dialect = dialect})),
        next_root(test::root_file({.version = 2, .root = {{5}}, .dialect = dialect}, {1, 5})),
        set(test::generation({.dialect = dialect})) {}
  Trusted<Root> root;
  Bytes next_root;
  Generation set;
};

// Each byte, and its place, decides one mutation of the JSON text.
Bytes respelled(BytesView file, BytesView input) {
  Bytes out(file);
  for (std::size_t i = 0; i < std::min<std::size_t>(input.size(), 8); ++i)
    out = fuzz::mutated_json(out, static_cast<unsigned char>(input[i]) * 8191u + static_cast<std::uint32_t>(i));
  return out;
}

// The input is the file itself, or mutations of the JSON text, or pairs (distance to the next altered byte, what it
// becomes).
Bytes altered(BytesView file, BytesView input) {
  if (input.empty() || (input[0] & 1) != 0) return Bytes(input.substr(input.empty() ? 0 : 1));
  if ((input[0] & 2) != 0) return respelled(file, input.substr(1));
  Bytes out(file);
  std::size_t at = 0;
  for (std::size_t i = 1; i + 1 < input.size(); i += 2) {
    at = (at + static_cast<unsigned char>(input[i])) % out.size();
    out[at] = input[i + 1];
  }
  return out;
}

bool same_content(BytesView a, BytesView b) {
  const auto left = parse_json(a), right = parse_json(b);
  return left.ok() && right.ok() && *left->find("signed") == *right->find("signed");
}

void try_set(const Golden& golden, FileBytes Generation::*file, BytesView input) {
  Generation offered = golden.set;
  offered.*file = altered(golden.set.*file, input);
  const auto set = verify_set(golden.root, {}, offered, test::kNow);
  if (set.ok()) must_hold(same_content(offered.*file, golden.set.*file), "only signed content is accepted");
}

void try_root(const Golden& golden, BytesView input) {
  const Bytes offered = altered(golden.next_root, input);
  const auto next = next_root(golden.root, offered);
  if (next.ok()) must_hold(same_content(offered, golden.next_root), "only a signed root is accepted");
  const auto findings = admit_root(golden.root, offered, test::kNow);
  const Allowed everything{{"lower-threshold", "fewer-keys", "replace-role"}, true};
  must_hold(next.ok() || !stopping(findings, everything).empty(), "nothing is admitted that a device refuses");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  static const Golden uptane(Dialect::uptane), tuf(Dialect::tuf);
  const BytesView input(reinterpret_cast<const char*>(bytes), size);
  if (input.empty()) return 0;
  const Golden& golden = (input[0] & 4) != 0 ? tuf : uptane;
  switch (input[0] & 3) {
    case 0:
      try_set(golden, &Generation::timestamp, input.substr(1));
      break;
    case 1:
      try_set(golden, &Generation::snapshot, input.substr(1));
      break;
    case 2:
      try_set(golden, &Generation::targets, input.substr(1));
      break;
    default:
      try_root(golden, input.substr(1));
  }
  return 0;
}
