// The chain of trust against altered files: nothing is accepted but what the keys signed.
#include "must_hold.h"
#include "tuf/admit.h"
#include "tuf/repository_for_test.h"

using namespace rota;
using namespace rota::tuf;
using rota::fuzz::must_hold;

namespace {

struct Golden {
  Trusted<Root> root = test::trusted_root();
  Bytes next_root = test::root_file({.version = 2, .root = {{5}}}, {1, 5});
  Generation set = test::generation();
};

const Golden& golden() {
  static const Golden made;
  return made;
}

// The input is either the file itself or pairs (distance to the next altered byte, what it becomes).
Bytes altered(const Bytes& file, BytesView input) {
  if (input.empty() || (input[0] & 1) != 0) return Bytes(input.substr(input.empty() ? 0 : 1));
  Bytes out = file;
  std::size_t at = 0;
  for (std::size_t i = 1; i + 1 < input.size(); i += 2) {
    at = (at + static_cast<unsigned char>(input[i])) % out.size();
    out[at] = input[i + 1];
  }
  return out;
}

bool same_content(BytesView a, const Bytes& b) {
  const auto left = parse_json(a), right = parse_json(b);
  return left.ok() && right.ok() && *left->find("signed") == *right->find("signed");
}

void try_set(FileBytes Generation::*file, BytesView input) {
  Generation offered = golden().set;
  offered.*file = altered(golden().set.*file, input);
  const auto set = verify_set(golden().root, {}, offered, test::kNow);
  if (set.ok()) must_hold(same_content(offered.*file, golden().set.*file), "only signed content is accepted");
}

void try_root(BytesView input) {
  const Bytes offered = altered(golden().next_root, input);
  const auto next = next_root(golden().root, offered);
  if (next.ok()) must_hold(same_content(offered, golden().next_root), "only a signed root is accepted");
  const auto findings = admit_root(golden().root, offered, test::kNow);
  const Allowed everything{{"lower-threshold", "fewer-keys", "replace-role"}, true};
  must_hold(next.ok() || !stopping(findings, everything).empty(), "nothing is admitted that a device refuses");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const BytesView input(reinterpret_cast<const char*>(bytes), size);
  if (input.empty()) return 0;
  switch (input[0] & 3) {
    case 0: try_set(&Generation::timestamp, input.substr(1)); break;
    case 1: try_set(&Generation::snapshot, input.substr(1)); break;
    case 2: try_set(&Generation::targets, input.substr(1)); break;
    default: try_root(input.substr(1));
  }
  return 0;
}
