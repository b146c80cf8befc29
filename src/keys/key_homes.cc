#include "keys/key_homes.h"

#include "crypto/hash.h"
#include "crypto/tpm_key.h"
#include "keys/archive_unlock.h"
#include "keys/key_file.h"
#include "keys/pkcs11_token.h"
#include "keys/signer_program.h"

namespace rota::keys {

using crypto::KeyReference;
using crypto::KeyType;
using crypto::PrivateKey;
using crypto::PublicKey;
using crypto::SecretBytes;

namespace {

constexpr std::string_view kPkcs11 = "pkcs11:", kTpm = "tpm2:", kTpmWithPin = "tpm2:pin", kSigner = "signer:";
constexpr unsigned kOthersRead = 0077;
constexpr std::size_t kIdSize = 16;

Result<SecretBytes> pin_in(Files& files, const std::string& path) {
  const auto facts = TRY(files.facts(path));
  if (facts.kind == FileFacts::Kind::file && (facts.mode & kOthersRead) != 0)
    return denied("'" + path + "': others may read this PIN", "chmod 600 '" + path + "'");
  return passphrase_from(files, path);
}

// What of a URI chooses the token.
std::string choice_of(Pkcs11Uri uri) {
  uri.object.clear();
  uri.id.clear();
  return uri.text();
}

Result<PrivateKey> of_type(PrivateKey key, const std::string& home, KeyType type) {
  const KeyType is = key.public_key().type();
  if (is == type) return key;
  return bad_input("'" + home + "': want a key of type " + std::string(key_type_name(type)) + ", got " + std::string(key_type_name(is)),
                   "say --key-type");
}

}  // namespace

// Shared with the keys that are held, so that a token is opened once, and its PIN asked for once.
struct KeyHomes::State : std::enable_shared_from_this<State> {
  State(Files& at, KeyAccess how) : files(at), access(std::move(how)) {}
  Files& files;
  const KeyAccess access;
  std::mutex at_the_tokens;
  std::map<std::string, std::unique_ptr<Pkcs11Token>> tokens;  // by what chooses the token in a URI
  std::map<std::string, SecretBytes> tpm_pins;                // by the key they are of; "": of keys made now

  Result<SecretBytes> pin(const std::string& source, std::string_view what) const;
  crypto::KeyPin asking(const std::string& key);
  Result<Pkcs11Token*> token(const Pkcs11Uri& uri);
  PrivateKey on_token(PublicKey pub, Pkcs11Uri uri);
  Result<PrivateKey> new_on_token(const std::string& home, KeyType type);
  Result<PrivateKey> new_in_tpm(const std::string& home, KeyType type);
  Result<PrivateKey> of_signer(const std::string& home, KeyType type);
};

namespace {

class TokenKey final : public crypto::HeldKey {
 public:
  using Sign = std::function<Result<Bytes>(const Pkcs11Uri&, BytesView)>;
  TokenKey(Pkcs11Uri uri, Sign sign) : uri_(std::move(uri)), sign_(std::move(sign)) {}
  KeyReference reference() const override { return {"pkcs11", uri_.text()}; }
  Result<Bytes> sign(BytesView message) const override { return sign_(uri_, message); }

 private:
  Pkcs11Uri uri_;
  Sign sign_;
};

}  // namespace

Result<SecretBytes> KeyHomes::State::pin(const std::string& source, std::string_view what) const {
  if (!source.empty()) return pin_in(files, source);
  if (!access.pin_file.empty()) return pin_in(files, access.pin_file);
  if (access.ask_pin) return access.ask_pin("PIN of " + std::string(what));
  return denied(std::string(what) + " wants a PIN, and there is nobody to ask", "name a file of mode 0600: --pin-file FILE");
}

// A TPM knows no sessions that stay: the PIN is given to it at every signature, and asked for at the first.
crypto::KeyPin KeyHomes::State::asking(const std::string& key) {
  return [state = shared_from_this(), key](std::string_view what) -> Result<SecretBytes> {
    const std::lock_guard lock(state->at_the_tokens);
    if (const auto known = state->tpm_pins.find(key); known != state->tpm_pins.end()) return known->second.copy();
    SecretBytes given = TRY(state->pin("", what));
    return state->tpm_pins.emplace(key, std::move(given)).first->second.copy();
  };
}

Result<Pkcs11Token*> KeyHomes::State::token(const Pkcs11Uri& uri) {
  const std::string choice = choice_of(uri);
  if (const auto known = tokens.find(choice); known != tokens.end()) return known->second.get();
  auto module = TRY(Pkcs11Module::load(uri.module_path));
  const auto ask = [this, source = uri.pin_source](std::string_view what) { return pin(source, what); };
  auto opened = TRY(Pkcs11Token::open(std::move(module), uri, ask));
  return tokens.emplace(choice, std::move(opened)).first->second.get();
}

PrivateKey KeyHomes::State::on_token(PublicKey pub, Pkcs11Uri uri) {
  const auto sign = [state = shared_from_this(), type = pub.type()](const Pkcs11Uri& at, BytesView message) -> Result<Bytes> {
    const std::lock_guard lock(state->at_the_tokens);
    Pkcs11Token* const token = TRY(state->token(at));
    return token->sign(at, type, message);
  };
  return PrivateKey::held(std::move(pub), std::make_shared<TokenKey>(std::move(uri), sign));
}

Result<PrivateKey> KeyHomes::State::new_on_token(const std::string& home, KeyType type) {
  Pkcs11Uri uri = TRY(Pkcs11Uri::parse(home));
  const std::lock_guard lock(at_the_tokens);
  Pkcs11Token* const on = TRY(token(uri));
  // What is noted names the token however it is plugged in next time, and one key of it.
  Pkcs11Uri noted = uri;
  noted.token = on->label();
  noted.serial = on->serial();
  noted.slot_id.clear();
  if (uri.names_an_object())
    if (auto there = TRY(on->public_key(uri))) return of_type(on_token(std::move(*there), noted), home, type);
  if (noted.id.empty()) noted.id = crypto::random_bytes(kIdSize);
  if (noted.object.empty()) noted.object = "rota-" + hex(noted.id).substr(0, 8);
  auto pub = TRY(on->generate(type, noted));
  return on_token(std::move(pub), noted);
}

Result<PrivateKey> KeyHomes::State::new_in_tpm(const std::string& home, KeyType type) {
  if (home != kTpm && home != kTpmWithPin) return bad_input("key home: want tpm2: or tpm2:pin, got '" + home.substr(0, 80) + "'");
  const auto ask = asking("");
  const SecretBytes chosen = home == kTpm ? SecretBytes() : TRY(ask("the new key in the TPM"));
  return crypto::new_tpm_key(type, chosen, ask);
}

Result<PrivateKey> KeyHomes::State::of_signer(const std::string& home, KeyType type) {
  const std::string name = home.substr(kSigner.size());
  TRY(is_signer_name(name));
  auto pub = TRY(ask_public_key(access.signer, name));
  const KeyType is = pub.type();
  return of_type(PrivateKey::held(std::move(pub), key_of_program(access.signer, name, is)), home, type);
}

KeyHomes::KeyHomes(Files& files, KeyAccess access) : state_(std::make_shared<State>(files, std::move(access))) {}

Result<PrivateKey> KeyHomes::key(PublicKey pub, const KeyReference& reference) const {
  if (reference.home == "pkcs11") {
    auto uri = TRY(Pkcs11Uri::parse(reference.text));
    return state_->on_token(std::move(pub), std::move(uri));
  }
  if (reference.home == "tpm2") return PrivateKey::held(std::move(pub), crypto::tpm_key(reference.text, state_->asking(reference.text)));
  if (reference.home != "signer") return bad_input("key file: no such home of a key: '" + reference.home.substr(0, 40) + "'");
  TRY(is_signer_name(reference.text));
  const KeyType type = pub.type();
  return PrivateKey::held(std::move(pub), key_of_program(state_->access.signer, reference.text, type));
}

Result<PrivateKey> KeyHomes::new_key(const std::string& home, KeyType type) const {
  if (home.starts_with(kPkcs11)) return state_->new_on_token(home, type);
  if (home.starts_with(kTpm)) return state_->new_in_tpm(home, type);
  if (home.starts_with(kSigner)) return state_->of_signer(home, type);
  return bad_input("key home: want pkcs11:…, tpm2: or signer:NAME, got '" + home.substr(0, 80) + "'");
}

}  // namespace rota::keys
