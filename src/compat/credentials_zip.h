// credentials.zip: where a factory's repository is and who may talk to it (formats.md 3).
// In:    the bytes of a zip made by a factory, or by export-credentials.
// Out:   the files of a new tufrepo, all of them checked; a new zip.
// Never: the network; half an answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compat/tufrepo.h"
#include "keys/zip.h"

namespace rota::compat {

enum class ServerType { reposerver, director };

struct NewRepo {
  TufRepo::NewFiles files;
  std::vector<std::string> missing;  // optional members that the zip does not have
};

struct InitOptions {
  ServerType type = ServerType::reposerver;
  std::optional<std::string> reposerver = {};  // instead of the zip's
};

// bad_input or not_found: no treehub.json, no way to sign in although `no_auth` is not true, no address; a key pair
// that does not belong together. rejected: a root.json that does not verify against itself.
Result<NewRepo> repo_of_credentials(BytesView zip, const InitOptions& options);

// What a new zip says that the old one, whose other members are kept, does not.
struct ExportedCredentials {
  const Json& config;
  std::string key_name;
  std::optional<Bytes> root;  // the trusted one
};
Result<crypto::SecretBytes> credentials_of_repo(const TufRepo& repo, const ExportedCredentials& exported, Time now);

}  // namespace rota::compat
