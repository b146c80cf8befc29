// Key files: {"keyval":{"public":V},"keytype":T} and its private twin, in every form the field has written (formats.md
// 4). In:    the bytes of a .pub or .sec file, or of a server's pair. Out:   a crypto key that exists and is therefore
// valid; or the bytes of a file. Never: files, names; equality by anything but the key material.
#pragma once

#include "crypto/key.h"
#include "keys/key_homes.h"
#include "tuf/key.h"

namespace rota::keys {

constexpr std::size_t kMaxKeyFile = 64 * 1024;

// `keytype` in any case, members in any order, unknown members ignored; a pair's public half is read. bad_input
// otherwise; an ED25519 of another length is explained (files made before 2019 hold a P-256 key under that label).
Result<crypto::PublicKey> read_public_key_file(BytesView bytes);

// RSA: PKCS#1 or PKCS#8 PEM. ED25519: the seed (64 hex digits) or seed and public half (128), which must then match.
// ECPRIME256V1: hex of PKCS#8 DER. A pair's public half must match. bad_input otherwise; a file that only says where the
// key lives is refused as such: see read_key_pair.
Result<crypto::PrivateKey> read_private_key_file(const crypto::SecretBytes& bytes);

// The private key of a .pub and .sec that belong together; bad_input names both when they do not. A .sec may say where the
// key lives instead of holding it, {"keyval":{"pkcs11":URI}}, "tpm2" or "signer": what is there is found out when it signs.
struct KeyPairFiles {
  std::string pub_name, sec_name;  // for the error's text
  BytesView pub;
  const crypto::SecretBytes& sec;
  const KeyHomes* homes = nullptr;  // nullptr: a key that lives elsewhere is refused
};
Result<crypto::PrivateKey> read_key_pair(const KeyPairFiles& files);

// Where a .sec file says that its key lives; nothing when it holds the key. bad_input: two homes, or a home and a key.
Result<std::optional<crypto::KeyReference>> reference_in(const crypto::SecretBytes& bytes);

enum class KeyFileForm {
  tufrepo,  // garage-sign's: keyval first, two spaces a level, Ed25519 as 128 hex digits
  archive,  // fioctl's: keytype first, compact, Ed25519 as 64 hex digits
};
Bytes public_key_file(const crypto::PublicKey& key, KeyFileForm form);
// RSA as PKCS#1; a key that is held elsewhere by where it lives. Aborts for a P-256 key that is here: it is only ever imported.
crypto::SecretBytes private_key_file(const crypto::PrivateKey& key, KeyFileForm form);

// "ED25519", "RSA", "ECPRIME256V1"; "ECSECP384R1" is in no key file.
std::string_view key_type_name(crypto::KeyType type);

}  // namespace rota::keys
