// What the commands of `rota ceremony` and `rota keys archive` share: what is believed, what signs, who is asked.
// Private to this program.
#pragma once

#include <optional>
#include <vector>

#include "ceremony/anchor.h"
#include "ceremony/draft_file.h"
#include "keys/archive_unlock.h"
#include "nouns.h"
#include "tuf/admit.h"
#include "tuf/sign.h"

namespace rota::app {

// The keys of -k, and the newest root that an archive among them is pinned to.
struct Keyring {
  std::vector<tuf::KeySigner> signers;
  std::optional<ceremony::Chain> pin;
};
// Archives, open or sealed, and private key files, with a comma between several. Only keys that can sign the draft are
// taken.
Result<Keyring> keyring_of(const Invocation& call, const ceremony::CheckedDraft& draft);

Result<keys::ArchiveUnlock> unlock_of(const Invocation& call);
// --trusted-root FILE.
Result<std::optional<ceremony::Chain>> given_chain(const Invocation& call);
// --allow a,b, where "short-expiry" stands for the expiry.
tuf::Allowed allowed_of(const Invocation& call);

// The chain of the server, of the stream of `source`, from --trusted-root, `archive`, what this machine remembers, or
// on first use if that is agreed to.
Result<ceremony::Chain> server_chain(const Invocation& call, const ceremony::RootSource& source,
                                     const std::string& factory, const keys::Archive* archive = nullptr);
Status remember(const Invocation& call, const ceremony::RootSource& source, const std::string& factory,
                const tuf::Trusted<tuf::Root>& root);

// Ok when the draft starts from a root that `belief` holds, or, where there is none, --trust-on-first-use was given.
Status believed(const Invocation& call, const ceremony::CheckedDraft& draft,
                const std::optional<ceremony::Chain>& belief);

// Ok when --yes was given or the person agrees; rejected otherwise, also when there is nobody to ask.
Status confirmed(const Invocation& call, std::string_view question);

Status ceremony_review(const Invocation& call);  // ceremony_sign.cc
Status ceremony_sign(const Invocation& call);
Status ceremony_merge(const Invocation& call);
Status ceremony_finish(const Invocation& call);  // ceremony_finish.cc
Status ceremony_verify(const Invocation& call);

}  // namespace rota::app
