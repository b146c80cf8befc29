#include "compat/garage_sign_run.h"
#include "keys/key_file.h"

namespace rota::compat::garage {
namespace {

struct KeyWish {
  crypto::KeyType type = crypto::KeyType::ed25519;
  int bits = 0;  // 0: the default of the type
};

// nullopt when the command line is wrong, already said.
std::optional<KeyWish> wish_of(const Run& run) {
  KeyWish wish;
  const std::string type = run.asked.value_if("--type").value_or("ed25519");
  if (type != "ed25519" && type != "rsa") {
    run.refuse(kUsage, bad_input("option --type: want ed25519 or rsa, got '" + type + "'"));
    return std::nullopt;
  }
  if (type == "rsa") wish.type = crypto::KeyType::rsa;
  if (const auto size = run.asked.value_if("--keysize")) {
    const auto bits = decimal(*size, 65536);
    if (!bits) {
      run.refuse(kUsage, bits.error().in("option --keysize"));
      return std::nullopt;
    }
    wish.bits = static_cast<int>(*bits);
  }
  return wish;
}

Result<crypto::PrivateKey> made(const Run& run, const KeyWish& wish) {
  if (const auto home = run.asked.value_if("--key-home")) {
    if (wish.bits != 0) return bad_input("--keysize: the key's home decides its size");
    if (run.asked.has("--dry-run")) return bad_input("--key-home: a key that lives elsewhere cannot be made for a dry run");
    return run.homes->new_key(*home, wish.type);
  }
  if (wish.type == crypto::KeyType::rsa) {
    if (wish.bits != 0 && wish.bits < 2048)
      return bad_input("RSA key size: want at least 2048, got " + std::to_string(wish.bits));
    return crypto::PrivateKey::generate_rsa(wish.bits == 0 ? 2048 : wish.bits);
  }
  if (wish.bits != 0 && wish.bits != 256)
    return bad_input("Ed25519 key size: want 256, got " + std::to_string(wish.bits));
  return crypto::PrivateKey::generate_ed25519();
}

std::string user_keys_folder(const Run& run) {
  return run.asked.value_if("--keys-path").value_or(run.home() + "/user-keys");
}

}  // namespace

Result<int> user_keys_gen(const Run& run) {
  const auto wish = wish_of(run);
  if (!wish) return kUsage;
  const std::string folder = user_keys_folder(run), name = run.asked.value("--key-name");
  TRY(check_key_name(name));
  Files& files = run.world.files;
  TRY(make_folders(files, folder, 0700));
  for (const auto* suffix : {".pub", ".sec"})
    if (TRY(files.facts(folder + "/" + name + suffix)).exists())
      return conflict("key '" + name + "': " + folder + "/" + name + suffix + " exists already");
  const auto key = TRY(made(run, *wish));
  const auto form = keys::KeyFileForm::tufrepo;
  TRY(create_durable(files, folder + "/" + name + ".sec", keys::private_key_file(key, form).reveal(), 0600));
  TRY(create_durable(files, folder + "/" + name + ".pub", keys::public_key_file(key.public_key(), form), 0600));
  run.say("made " + folder + "/" + name + ".pub, key id " + tuf::key_id(key.public_key()).hex);
  return kDone;
}

Result<int> user_keys_id(const Run& run) {
  const std::string input = run.asked.value("--input");
  const auto key = TRY_IN(input, keys::read_public_key_file(TRY(run.world.files.read(input, keys::kMaxKeyFile))));
  run.talk.out() << tuf::key_id(key).hex;
  return kDone;
}

Result<int> user_keys_importpub(const Run& run) {
  const std::string input = run.asked.value("--input");
  const auto key = TRY_IN(input, crypto::PublicKey::from_pem(TRY(run.world.files.read(input, keys::kMaxKeyFile))));
  if (key.type() == crypto::KeyType::ecdsa_p384) return bad_input(input + ": want RSA, P-256 or Ed25519, got P-384");
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.make_and_lock());
  for (const auto& name : run.asked.list("--key-name")) TRY(repo.add_public_key(name, key));
  return kDone;
}

Result<int> key_generate(const Run& run) {
  const auto wish = wish_of(run);
  if (!wish) return kUsage;
  const std::string name = run.asked.value("--name");
  TRY(check_key_name(name));
  const auto key = TRY(made(run, *wish));
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.make_and_lock());
  if (run.asked.has("--force")) TRY(repo.set_pair_aside(name));
  TRY(repo.add_key(name, key));
  run.say("made keys/" + name + ".pub and keys/" + name + ".sec, key id " + tuf::key_id(key.public_key()).hex);
  return kDone;
}

}  // namespace rota::compat::garage
