// What a server shows of root updates: text of anybody, from which nothing is signed that was not rebuilt from the verified root.
// The input decides how much may be changed and whether the draft is the text behind it or mutations of a good one; then the
// text is the ci root.
#include <algorithm>

#include "ceremony/staged_roots.h"
#include "json_mutation.h"
#include "must_hold.h"
#include "tuf/repository_for_test.h"

using namespace rota;
using namespace rota::ceremony;
using rota::fuzz::must_hold;

namespace {

const CurrentRoots& current() {
  static const CurrentRoots roots = current_roots(
      {{Stream::ci, tuf::anchor_root(tuf::test::root_file({.version = 2, .root = {{1, 2}, 2}}, {1, 2})).value()}});
  return roots;
}

Bytes good_draft() {
  Json body = current().roots.at(Stream::ci)->body;
  body["version"] = Json(3);
  body["x-changelog"] = Json(Json::Object{{"polis-id", "p"}, {"message", "m"}, {"timestamp", "2030-01-01T00:00:00Z"}});
  return tuf::envelope_bytes(body, Json(Json::Array{}));
}

Bytes mutated(BytesView input) {
  Bytes text = good_draft();
  for (std::size_t i = 0; i < std::min<std::size_t>(input.size(), 6); ++i)
    text = fuzz::mutated_json(text, static_cast<unsigned char>(input[i]) * 8191u + static_cast<std::uint32_t>(i));
  return text;
}

Json without(Json body, std::initializer_list<const char*> names) {
  for (const char* name : names) body.if_object()->erase(name);
  return body;
}

void look_at(const StagedRoots& staged, const Bytes& draft, Tolerance tolerance) {
  const Json& before = current().roots.at(Stream::ci)->body;
  const Json& after = staged.root(Stream::ci).body();
  must_hold(tuf::parse_envelope(draft, tuf::kMaxRoot)->body == after, "what is rebuilt is what was shown");
  must_hold(staged.root(Stream::ci).version() == 3, "the version is the next one");
  must_hold(without(before, {"version", "expires", "x-changelog", "keys", "roles", "x-key-owners"}) ==
                without(after, {"version", "expires", "x-changelog", "keys", "roles", "x-key-owners"}),
            "no other member is changed");
  must_hold(staged.root(Stream::ci).expires() >= current().roots.at(Stream::ci)->expires, "it does not expire earlier");
  if (tolerance == Tolerance::nothing)
    must_hold(*before.find("keys") == *after.find("keys") && *before.find("roles") == *after.find("roles"),
              "no key and no threshold is changed");
  const auto signer = tuf::test::signer(1);
  if (const auto envelopes = staged.signed_by({&signer}); envelopes.ok())
    (void)judged(current(), *envelopes, Time(Seconds(1'893'456'000)), {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  const BytesView rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto tolerance = data[0] % 3 == 0   ? Tolerance::nothing
                         : data[0] % 3 == 1 ? Tolerance::online_keys
                                            : Tolerance::shown;
  UpdatesState state{.status = UpdatesState::Status::started};
  state.updated.ci_root = data[0] < 128 ? Bytes(rest) : mutated(rest);
  const auto staged = StagedRoots::in(state, current(), tolerance);
  if (staged.ok()) look_at(*staged, state.updated.ci_root, tolerance);
  return 0;
}
