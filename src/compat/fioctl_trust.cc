#include "compat/fioctl_trust.h"

#include "compat/fioctl_config.h"
#include "crypto/hash.h"

namespace rota::compat::fio {
namespace {

using tuf::Root;
using tuf::Trusted;

constexpr std::size_t kMaxRootsArchive = 32u << 20;

ceremony::TrustMemory memory_of(const Run& run, const Access& access) {
  return ceremony::TrustMemory(run.world.files, home_folder(run.world) + "/.config/rota/trust", access.source.base,
                               access.factory);
}

// Empty when nobody could agree to it.
std::function<Status(const Trusted<Root>&)> agreement(const Run& run, FirstUse first_use) {
  if (first_use == FirstUse::agreed) return [](const Trusted<Root>&) -> Status { return {}; };
  const bool agreed = run.asked.has("--trust-on-first-use");
  if (!agreed && (!run.world.ask || run.asked.has("--yes"))) return {};
  return [&run, agreed](const Trusted<Root>& newest) -> Status {
    const std::string what = described(*newest) + ", SHA-256 " + crypto::sha256_hex(newest.raw());
    if (agreed) {
      run.talk.warn("believed for the first time: " + what);
      return {};
    }
    if (run.world.ask("This machine knows no root of this factory. The server shows " + what + ". Believe it?")) return {};
    return rejected("not confirmed");
  };
}

void show_refused(const Run& run, const Trusted<Root>& good, BytesView bad) {
  const auto envelope = tuf::parse_envelope(bad, tuf::kMaxRoot);
  if (!envelope.ok()) return;
  run.talk.say("= What the server offers differs from the verified root " + std::to_string(good->version) + ":");
  for (const auto& line : ceremony::lines(ceremony::difference(good->body, envelope->body))) run.talk.say("  " + line);
}

}  // namespace

std::string described(const Root& root) {
  std::string ids;
  for (const auto& id : root.role(tuf::Role::root).key_ids) ids.append(ids.empty() ? "" : ", ").append(id.hex);
  return "root " + std::to_string(root.version) + " with the root keys " + ids;
}

Result<ceremony::NewestRoots> believed_roots(const Run& run, const Access& access, const keys::Archive& archive,
                                             FirstUse first_use) {
  const auto trust = memory_of(run, access);
  ceremony::Belief belief{.archive = &archive, .memory = &trust, .first_use = agreement(run, first_use)};
  if (const auto path = run.asked.value("--trusted-root")) {
    const Bytes bytes = TRY_IN("--trusted-root", run.world.files.read(*path, kMaxRootsArchive));
    belief.given = TRY_IN("--trusted-root", ceremony::read_trusted_root(bytes));
  }
  const ceremony::WalkOptions walk{.refused = [&](const auto& good, BytesView bad) { show_refused(run, good, bad); }};
  const auto ci = TRY(ceremony::believed_chain(access.source, belief, walk));
  ceremony::NewestRoots newest{{ceremony::Stream::ci, ci.back()}};
  if (const auto prod = TRY(ceremony::believed_prod_chain(access.source, belief, ci, walk)))
    newest.emplace(ceremony::Stream::prod, prod->back());
  return newest;
}

void remember_roots(const Run& run, const Access& access, const ceremony::NewestRoots& roots) {
  for (const auto& [stream, root] : roots)
    if (const auto kept = memory_of(run, access).remember(stream, root); !kept.ok())
      run.talk.warn("the new root is not remembered: " + kept.error().what);
}

}  // namespace rota::compat::fio
