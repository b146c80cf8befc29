// Whom and what a key holder believes, and with which keys he signs.
#include <algorithm>

#include "ceremony.h"
#include "ceremony/draft_review.h"
#include "cli/passphrase.h"
#include "cli/question.h"
#include "crypto/hash.h"
#include "keys/age.h"
#include "keys/archive_file.h"
#include "keys/key_file.h"

namespace rota::app {
namespace {

constexpr std::uint64_t kMaxRoots = 32u << 20;

bool is_archive(BytesView bytes) {
  return bytes.starts_with("\x1f\x8b") || keys::age_lock(bytes) != keys::AgeLock::none;
}

class Gathering {
 public:
  Gathering(const Invocation& call, const ceremony::CheckedDraft& draft) : call_(call), stream_(draft.draft.stream) {
    for (const auto& [id, key] : draft.signers()) wanted_.insert(key);
  }

  Result<Keyring> all() {
    auto unlock = TRY(unlock_of(call_));
    for (const auto& path : split(call_.given.text("keys"), ','))
      if (!path.empty()) TRY(take(path, unlock));
    return std::move(ring_);
  }

 private:
  Status take(const std::string& path, keys::ArchiveUnlock& unlock) {
    const crypto::SecretBytes bytes(TRY(call_.files.read(path, kMaxRoots)));
    if (is_archive(bytes.reveal())) return take_archive(keys::ArchiveFile(call_.files, path, &unlock));
    tuf::KeySigner signer(TRY(key_file(path, bytes, unlock)));
    if (wanted_.contains(signer.public_key())) ring_.signers.push_back(std::move(signer));
    return {};
  }

  // One that says where the key lives needs its public half beside it.
  Result<crypto::PrivateKey> key_file(const std::string& path, const crypto::SecretBytes& bytes,
                                      const keys::ArchiveUnlock& unlock) {
    if (!TRY_IN("'" + path + "'", keys::reference_in(bytes)))
      return TRY_IN("'" + path + "'", keys::read_private_key_file(bytes));
    const std::string pub = (path.ends_with(".sec") ? path.substr(0, path.size() - 4) : path) + ".pub";
    const Bytes public_half = TRY(call_.files.read(pub, keys::kMaxKeyFile));
    return keys::read_key_pair({pub, path, public_half, bytes, unlock.homes().get()});
  }

  Status take_archive(const keys::ArchiveFile& file) {
    const auto disk = TRY(file.read());
    for (const auto& key : disk.archive.keys_among(wanted_))
      if (disk.archive.find(key.sec_member) != nullptr) ring_.signers.emplace_back(TRY(disk.archive.private_key(key)));
    auto pin = TRY(ceremony::archive_pin(disk.archive, stream_));
    if (!pin)
      pin = TRY(ceremony::archive_pin(disk.archive, ceremony::Stream::ci));  // below its first root production is ci
    if (pin && (!ring_.pin || ring_.pin->back()->version < (*pin)->version)) ring_.pin = ceremony::Chain{*pin};
    return {};
  }

  const Invocation& call_;
  ceremony::Stream stream_;
  std::set<crypto::PublicKey> wanted_;
  Keyring ring_;
};

ceremony::TrustMemory memory_of(const Invocation& call, const ceremony::RootSource& source,
                                const std::string& factory) {
  return {call.files, folder_of(profile_path()) + "/trust", source.base, factory};
}

// From a production root that was given, else anchored in what is known of it, or in the ci chain.
Result<ceremony::Chain> production_chain(const ceremony::RootSource& source, const ceremony::Belief& belief,
                                         const std::optional<ceremony::Chain>& given) {
  if (given) return ceremony::walk_roots(source, given->back());
  ceremony::RootSource ci = source;
  ci.stream = ceremony::Stream::ci;
  const auto chain = TRY(ceremony::believed_chain(ci, belief, {}));
  auto production = TRY(ceremony::believed_prod_chain(ci, belief, chain, {}));
  if (!production) return not_found("this factory has no production chain");
  return std::move(*production);
}

Status agree_to_first_use(const Invocation& call, const tuf::Trusted<tuf::Root>& newest) {
  const std::string what = "root " + std::to_string(newest->version) + ", SHA-256 " + crypto::sha256_hex(newest.raw());
  if (call.given.has("trust-on-first-use")) {
    call.talk.warn("believed for the first time: " + what);
    return {};
  }
  if (cli::agreed("This machine knows no root of this factory. The server shows " + what + ". Believe it?")
          .value_or(false))
    return {};
  return rejected("nothing on this machine says which root of this factory to believe",
                  "give --trusted-root FILE with a root obtained by other means, or --trust-on-first-use");
}

}  // namespace

Result<keys::ArchiveUnlock> unlock_of(const Invocation& call) {
  const auto ask = [](std::string_view what) { return cli::asked_passphrase("passphrase of " + std::string(what)); };
  auto unlock = TRY(keys::unlock_from(call.files, {call.given.text("passphrase-file"), call.given.text("identity")}, ask));
  unlock.reach(std::make_shared<keys::KeyHomes>(
      call.files, keys::KeyAccess{cli::asked_pin, call.given.text("pin-file"), call.given.text("signer")}));
  return unlock;
}

Result<Keyring> keyring_of(const Invocation& call, const ceremony::CheckedDraft& draft) {
  return Gathering(call, draft).all();
}

Result<std::optional<ceremony::Chain>> given_chain(const Invocation& call) {
  if (!call.given.has("trusted-root")) return std::optional<ceremony::Chain>();
  const Bytes bytes = TRY_IN("--trusted-root", call.files.read(call.given.text("trusted-root"), kMaxRoots));
  return std::optional<ceremony::Chain>(TRY_IN("--trusted-root", ceremony::read_trusted_chain(bytes)));
}

tuf::Allowed allowed_of(const Invocation& call) {
  tuf::Allowed allowed;
  for (const auto& name : split(call.given.text("allow"), ',')) {
    if (name == "short-expiry")
      allowed.short_expiry = true;
    else if (!name.empty())
      allowed.names.push_back(name);
  }
  return allowed;
}

Result<ceremony::Chain> server_chain(const Invocation& call, const ceremony::RootSource& source,
                                     const std::string& factory, const keys::Archive* archive) {
  const auto memory = memory_of(call, source, factory);
  ceremony::Belief belief{.archive = archive, .memory = &memory};
  belief.first_use = [&call](const auto& newest) { return agree_to_first_use(call, newest); };
  const auto given = TRY(given_chain(call));
  if (source.stream == ceremony::Stream::prod) return production_chain(source, belief, given);
  if (given) belief.given = given->back();
  return ceremony::believed_chain(source, belief, {});
}

Status remember(const Invocation& call, const ceremony::RootSource& source, const std::string& factory,
                const tuf::Trusted<tuf::Root>& root) {
  return memory_of(call, source, factory).remember(source.stream, root);
}

Status believed(const Invocation& call, const ceremony::CheckedDraft& draft,
                const std::optional<ceremony::Chain>& belief) {
  if (belief) return ceremony::starts_from(draft, *belief);
  const auto& root = draft.trusted();
  const std::string what = "root " + std::to_string(root->version) + ", SHA-256 " + crypto::sha256_hex(root.raw());
  if (!call.given.has("trust-on-first-use"))
    return rejected("nothing here says that " + what + " is the factory's",
                    "give --trusted-root FILE with a root obtained by other means, or --trust-on-first-use");
  call.talk.warn("believed for the first time: " + what);
  return {};
}

Status confirmed(const Invocation& call, std::string_view question) {
  if (call.given.has("yes")) return {};
  const auto answer = cli::agreed(question);
  if (answer && *answer) return {};
  if (answer) return rejected("not confirmed; nothing was changed");
  return rejected("not confirmed: there is no terminal to ask at; nothing was changed",
                  "give --yes once you have read what changes");
}

}  // namespace rota::app
