// sign-json and verify-json: any JSON value, with keys that are named by their files.
#include "ceremony/sign.h"
#include "compat/garage_sign_run.h"
#include "keys/key_file.h"

namespace rota::compat::garage {
namespace {

constexpr std::size_t kLongest = tuf::kMaxTargets;

Result<crypto::PublicKey> public_key_at(const Run& run, const std::string& path) {
  return TRY_IN(path, keys::read_public_key_file(TRY(run.world.files.read(path, keys::kMaxKeyFile))));
}

Result<tuf::KeySigner> signer_asked(const Run& run) {
  const std::string pub = run.asked.value("--pub-key"), sec = run.asked.value("--priv-key");
  const Bytes public_half = TRY(run.world.files.read(pub, keys::kMaxKeyFile));
  const crypto::SecretBytes private_half(TRY(run.world.files.read(sec, keys::kMaxKeyFile)));
  return tuf::KeySigner(TRY(keys::read_key_pair({pub, sec, public_half, private_half, run.homes.get()})));
}

}  // namespace

Result<int> sign_json(const Run& run) {
  const auto signer = TRY(signer_asked(run));
  const std::string input = run.asked.value("--input");
  const Json body = TRY_IN(input, parse_json(TRY(run.world.files.read(input, kLongest))));
  run.talk.out() << TRY_IN(input, tuf::sign_envelope(body, {&signer})) << '\n';
  return kDone;
}

Result<int> verify_json(const Run& run) {
  const auto key = TRY(public_key_at(run, run.asked.value("--pub-key")));
  const std::string input = run.asked.value("--input");
  const auto envelope = TRY_IN(input, tuf::parse_envelope(TRY(run.world.files.read(input, kLongest)), kLongest));
  const Bytes message = TRY_IN(input, tuf::bytes_to_sign(envelope.body));
  for (const auto& signature : envelope.signatures)
    if (key.verifies(crypto::scheme_of(key.type()), message, signature.bytes)) {
      run.say(input + ": a signature by key " + tuf::key_id(key).hex + " is valid");
      return kDone;
    }
  const auto invalid = rejected(input + ": no signature by key " + tuf::key_id(key).hex + " is valid");
  if (!run.strict()) return invalid;
  run.refuse(kFailed, invalid);
  return kDone;
}

}  // namespace rota::compat::garage
