// Keys behind a program of the owner's choice: a smart card's tool, a vault, a second machine. Private to this folder.
#pragma once

#include "crypto/key.h"

namespace rota::keys {

// An empty `program` is denied: none was named.
// PROGRAM public NAME: the public key on stdout, PEM "PUBLIC KEY" or the 64 hex digits of an Ed25519 key.
Result<crypto::PublicKey> ask_public_key(const std::string& program, const std::string& name);

// Signs by PROGRAM sign NAME METHOD, the message on stdin, the raw signature on stdout; METHOD is ed25519, rsassa-pss-sha256 or
// ecdsa-sha256 (DER). A program that ends with another status than 0 refuses (denied), and its last line on stderr says why.
std::shared_ptr<const crypto::HeldKey> key_of_program(std::string program, std::string name, crypto::KeyType type);

// 1 to 200 printable characters without a space, no '-' in front: it becomes an argument. bad_input otherwise.
Status is_signer_name(std::string_view name);

}  // namespace rota::keys
