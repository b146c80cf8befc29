// Where private keys live that are in no file: PKCS#11 tokens, this machine's TPM, a program that signs.
// In:    what a key file says instead of a private value; on a command line, where a new key is to live.
// Out:   a crypto::PrivateKey that signs like any other, and whose private half never comes here.
// Never: a token asked before something is to be signed; a PIN asked for twice, or tried twice.
#pragma once

#include <functional>
#include <memory>

#include "base/files.h"
#include "crypto/key.h"
#include "keys/pkcs11_uri.h"

namespace rota::keys {

// How this run of a program reaches them.
struct KeyAccess {
  // Asks a person; empty: there is nobody. A file that a URI names (pin-source) goes before.
  std::function<Result<crypto::SecretBytes>(std::string_view what)> ask_pin = {};
  std::string pin_file = {};  // its first line; goes before a person
  std::string signer = {};    // the program that signs; empty: there is none
};

// One for a run of a program: it keeps the sessions with the tokens. Keys that came from it may outlive it.
class KeyHomes {
 public:
  // `files` outlives every key.
  KeyHomes(Files& files, KeyAccess access);

  // What a key file refers to. bad_input: no such kind of home, or a broken reference; nothing is opened yet.
  Result<crypto::PrivateKey> key(crypto::PublicKey pub, const crypto::KeyReference& reference) const;

  // A key for an owner who wants it to live at `home`:
  //   "pkcs11:…"     the pair on the token that the URI names by label or id; where there is none, one made there, never to
  //                  leave it
  //   "tpm2:"        made in this machine's TPM; "tpm2:pin": for whoever knows the PIN besides
  //   "signer:NAME"  the one that the signer program calls NAME
  // bad_input for another form, or for a pair on the token that is not of `type`.
  Result<crypto::PrivateKey> new_key(const std::string& home, crypto::KeyType type) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace rota::keys
