// The root chain file: any split gives the same roots and the same verdict, and what is read is written the same way again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "must_hold.h"
#include "tuf/root_chain.h"

namespace {

using namespace rota;
using rota::fuzz::must_hold;

constexpr std::size_t kMaxRoot = 600;  // reached by an input of modest size

struct Outcome {
  std::vector<Bytes> roots;
  bool whole = false;
  std::string why;
  bool operator==(const Outcome&) const = default;
};

// In pieces of `first` bytes, then of `step`.
Outcome read(BytesView file, std::size_t first, std::size_t step) {
  Outcome outcome;
  tuf::RootChainReader reader(kMaxRoot, [&outcome](Bytes root) -> Status {
    must_hold(!root.empty() && root.size() <= kMaxRoot, "a root is within its limit");
    outcome.roots.push_back(std::move(root));
    return {};
  });
  Status status = reader.add(file.substr(0, first));
  for (std::size_t at = std::min(first, file.size()); at < file.size(); at += step) {
    const Status next = reader.add(file.substr(at, step));
    must_hold(status.ok() || next.error().what == status.error().what, "a refusal stays");
    status = next;
  }
  const Status end = reader.end();
  must_hold(status.ok() || end.error().what == status.error().what, "a refusal stays to the end");
  outcome.whole = end.ok();
  if (end.ok()) return outcome;
  must_hold(end.error().fault == Fault::rejected, "form is refused as rejected");
  outcome.why = end.error().what;
  return outcome;
}

// The roots are the file, to its end or to where it broke.
void must_be_the_file(const Outcome& outcome, BytesView file) {
  Bytes again;
  for (const Bytes& root : outcome.roots) again += tuf::root_chain_frame(root);
  must_hold(file.starts_with(again), "there is one spelling");
  must_hold(!outcome.whole || again.size() == file.size(), "nothing is left over");
  must_hold(!outcome.whole || !outcome.roots.empty(), "a whole file holds a root");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  const BytesView file(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  const Outcome whole = read(file, file.size(), 1);
  must_be_the_file(whole, file);
  must_hold(read(file, 0, 1) == whole, "byte by byte is the same");
  must_hold(read(file, bytes[0], bytes[1] + 1u) == whole, "any split is the same");
  return 0;
}
