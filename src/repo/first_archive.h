// What a new factory's owner takes home: the archive of layout A (formats.md 10.1, repo-api.md 5) and credentials.zip
// (formats.md 3). The archive holds private keys; credentials.zip holds a token, or a client certificate with its key.
#pragma once

#include <string>

#include "crypto/secret.h"
#include "repo/packing.h"
#include "tuf/key.h"

namespace rota::repo {

// How a tool says who it is: by a token, or by a certificate (PKCS#12 without a password, and one of whom to trust).
struct Proof {
  std::string user, token;
  Bytes client_p12 = {}, server_p12 = {};  // with these there is no token
  bool is_certificate() const { return !client_p12.empty(); }
};

struct Credentials {
  std::string factory;
  std::string api_url;  // "https://host:port"
  Proof proof;
  Bytes root;               // the trust anchor, signed
  std::string targets_pub;  // key file of the online targets key; empty: left out
};
Result<Bytes> credentials_archive(const Credentials& credentials, Time now);

struct FirstArchive {
  Credentials credentials;
  const crypto::PrivateKey& root;          // of root 1
  const crypto::PrivateKey& offline_root;  // of root 2
  const crypto::PrivateKey& offline_targets;
  Bytes root_file, targets_file;  // signed envelopes: root 2, targets 1
};
Result<crypto::SecretBytes> first_archive(const FirstArchive& content, Time now);

// Key files (formats.md 4), compact. The private form spells Ed25519 as the 64-digit seed.
std::string public_key_file(const crypto::PublicKey& key);
crypto::SecretBytes private_key_file(const crypto::PrivateKey& key);
// Both halves in one `keyval`, as the server hands out a pair.
Json key_pair(const crypto::PrivateKey& key);

}  // namespace rota::repo
