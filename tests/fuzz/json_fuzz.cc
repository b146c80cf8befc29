// Strict JSON and its canonical forms: whatever is read is written back the same.
#include "base/json.h"
#include "json_mutation.h"
#include "must_hold.h"
#include "tuf/canonical.h"

using namespace rota;
using rota::fuzz::must_hold;

ROTA_FUZZ_MUTATES_JSON(0)

namespace {

void round_trips(const Json& json, const JsonRules& rules) {
  const auto again = parse_json(to_json(json), rules);
  must_hold(again.ok() && *again == json, "to_json reads back as the same value");
  const auto pretty = parse_json(to_pretty_json(json), rules);
  must_hold(pretty.ok() && *pretty == json, "to_pretty_json reads back as the same value");
}

void canonical_forms_agree(const Json& json) {
  const std::string form = tuf::canonical(json);
  must_hold(form == to_json(json), "the canonical form is what is stored, on the subset");
  must_hold(form == tuf::canonical(json, tuf::CanonicalForm::device), "devices print the same, on the subset");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const BytesView input(reinterpret_cast<const char*>(bytes), size);
  const JsonRules any{.numbers = JsonRules::Numbers::any};
  const auto loose = parse_json(input, any);
  const auto strict = parse_json(input);
  must_hold(!strict.ok() || (loose.ok() && *loose == *strict), "the strict rules accept a part of the loose ones");
  if (!loose.ok()) return 0;
  round_trips(*loose, {.numbers = JsonRules::Numbers::any, .max_bytes = 64u << 20});
  for (const auto form : {tuf::CanonicalForm::device, tuf::CanonicalForm::olpc}) tuf::canonical(*loose, form);
  if (tuf::in_canonical_subset(*loose).ok()) canonical_forms_agree(*loose);
  return 0;
}
