// The impostor: everything an attacker does in the journeys. It reads a copy of the service's disk, as a thief would.
//   issue --disk DIR --seal-key FILE --factory F --request CSR [--expired yes]     a device certificate, on stdout
//   forge KIND --real DIR --out DIR --machine M --number N --commit C ...           KIND: foreign, former-root, stolen-online, found-targets
//   serve --disk DIR --seal-key FILE --files DIR --log FILE --port N [--cut NAME] [--endless NAME]
//   between --disk DIR --seal-key FILE --upstream URL --ca FILE --rival F --rival-token FILE --lie FILE --log FILE --port N
//   lies                                                                            the names of all lies of `between`, on stdout
#include <csignal>
#include <iostream>
#include <map>

#include "base/files.h"
#include "cli/talk.h"
#include "http/client.h"
#include "impostor/between.h"
#include "impostor/false_service.h"
#include "impostor/forge.h"
#include "keys/key_file.h"
#include "repo/vault.h"
#include "server/pki.h"

namespace rota::impostor {
namespace {

using Words = std::map<std::string, std::string>;

Result<std::string> word(const Words& words, const std::string& name) {
  const auto at = words.find(name);
  if (at == words.end()) return bad_input("missing option --" + name);
  return at->second;
}

// What the thief took: the database and the key that seals it.
struct Loot {
  PosixFiles files;
  std::unique_ptr<store::Database> db;
  crypto::SecretBytes seal_key;
};

Result<std::unique_ptr<Loot>> loot_in(const Words& words) {
  auto loot = std::make_unique<Loot>();
  loot->db = TRY(store::Database::open(TRY(word(words, "disk")) + "/rota.db"));
  loot->seal_key = crypto::SecretBytes(TRY(loot->files.read(TRY(word(words, "seal-key")), 1024)));
  return loot;
}

Status issue(const Words& words) {
  const auto loot = TRY(loot_in(words));
  const Time now = words.contains("expired") ? SystemClock().now() - days(3 * 365) : SystemClock().now();
  const FixedClock clock(now);
  const auto pki = TRY(server::Pki::open({*loot->db, loot->files, clock, loot->seal_key}, TRY(word(words, "disk")) + "/pki"));
  const auto request = TRY(crypto::CertificateRequest::from_pem(TRY(loot->files.read(TRY(word(words, "request")), 64 * 1024))));
  std::cout << TRY(pki->issue_device(TRY(word(words, "factory")), request)).pem();
  return {};
}

Result<const tuf::Signer*> signer_of(const std::vector<repo::OnlineKey>& keys, tuf::Role role) {
  for (const auto& key : keys)
    if (key.role == role) return &key.signer;
  return not_found("no stolen key of role " + std::string(tuf::name_of(role)));
}

Result<Set> stolen_online(const Words& words, const Recorded& recorded, const Wish& wish) {
  const auto loot = TRY(loot_in(words));
  const repo::Vault vault(*loot->db, loot->seal_key);
  const auto keys = TRY(vault.online(TRY(word(words, "factory"))));
  const auto* targets = TRY(signer_of(keys, tuf::Role::targets));
  const auto* snapshot = TRY(signer_of(keys, tuf::Role::snapshot));
  const auto* timestamp = TRY(signer_of(keys, tuf::Role::timestamp));
  return forged_set(recorded, wish, {*targets, *snapshot, *timestamp});
}

// Targets by a key that was the owner's, and the rest by the keys that the service signs with.
Result<Set> found_targets(const Words& words, const Recorded& recorded, const Wish& wish) {
  const auto loot = TRY(loot_in(words));
  const repo::Vault vault(*loot->db, loot->seal_key);
  const auto online = TRY(vault.online(TRY(word(words, "factory"))));
  const crypto::SecretBytes secret(TRY(loot->files.read(TRY(word(words, "targets-key")), keys::kMaxKeyFile)));
  const tuf::KeySigner targets(TRY(keys::read_private_key_file(secret)));
  const auto* snapshot = TRY(signer_of(online, tuf::Role::snapshot));
  const auto* timestamp = TRY(signer_of(online, tuf::Role::timestamp));
  return forged_set(recorded, wish, {targets, *snapshot, *timestamp});
}

Result<Set> forged(const std::string& kind, const Words& words) {
  const auto recorded = TRY(recorded_in(TRY(word(words, "real"))));
  Wish wish;
  wish.machine = TRY(word(words, "machine"));
  wish.version = TRY(decimal(TRY(word(words, "number"))));
  wish.commit = TRY(word(words, "commit"));
  if (kind == "stolen-online") return stolen_online(words, recorded, wish);
  if (kind == "found-targets") return found_targets(words, recorded, wish);
  if (kind == "former-root") {
    const crypto::SecretBytes secret(TRY(PosixFiles().read(TRY(word(words, "root-key")), keys::kMaxKeyFile)));
    return forged_root_and_set(recorded, wish, tuf::KeySigner(TRY(keys::read_private_key_file(secret))));
  }
  if (kind != "foreign") return bad_input("forge: no such kind '" + kind + "'");
  const tuf::KeySigner own(TRY(crypto::PrivateKey::generate_ed25519()));
  return forged_set(recorded, wish, {own, own, own});
}

Status forge(const std::string& kind, const Words& words) {
  PosixFiles files;
  const auto out = TRY(word(words, "out"));
  for (const auto& [name, bytes] : TRY(forged(kind, words))) TRY(replace_file(files, out + "/" + name, bytes, 0644));
  return {};
}

Status serve_lies(const Words& words) {
  const auto loot = TRY(loot_in(words));
  const SystemClock clock;
  const auto pki = TRY(server::Pki::open({*loot->db, loot->files, clock, loot->seal_key}, TRY(word(words, "disk")) + "/pki"));
  FalseService service;
  service.files = TRY(word(words, "files"));
  service.log = TRY(word(words, "log"));
  if (words.contains("cut")) service.cut = words.at("cut");
  if (words.contains("endless")) service.endless = words.at("endless");
  return serve(service, TRY(pki->gateway_tls()), static_cast<std::uint16_t>(TRY(decimal(TRY(word(words, "port")), 65535))));
}

Status tell_lies(const Words& words) {
  const auto loot = TRY(loot_in(words));
  const SystemClock clock;
  const auto pki = TRY(server::Pki::open({*loot->db, loot->files, clock, loot->seal_key}, TRY(word(words, "disk")) + "/pki"));
  http::ClientOptions options;
  const Bytes ca = TRY(loot->files.read(TRY(word(words, "ca")), 64 * 1024));
  options.tls = TRY(crypto::TlsContext::client({.ca_pem = ca, .certificate_pem = {}, .key_pem = {}}));
  http::Client service(std::move(options));
  Truth::Rival rival;
  rival.factory = TRY(word(words, "rival"));
  rival.token = trim(TRY(loot->files.read(TRY(word(words, "rival-token")), 1024)));
  Truth truth(service, TRY(word(words, "upstream")), std::move(rival));
  Between between;
  between.lie = TRY(word(words, "lie"));
  between.log = TRY(word(words, "log"));
  const auto port = static_cast<std::uint16_t>(TRY(decimal(TRY(word(words, "port")), 65535)));
  return stand_between(between, truth, TRY(pki->api_tls()), port);
}

Status name_lies() {
  for (const auto& lie : lies()) std::cout << lie.name << '\n';
  return {};
}

Status act(std::vector<std::string> args) {
  if (args.empty()) return bad_input("usage: rota-impostor issue|forge KIND|serve|between|lies --option value...");
  const std::string verb = args[0];
  const std::string kind = verb == "forge" && args.size() > 1 ? args[1] : "";
  Words words;
  for (std::size_t i = kind.empty() ? 1 : 2; i + 1 < args.size(); i += 2) words[args[i].substr(2)] = args[i + 1];
  if (verb == "issue") return issue(words);
  if (verb == "forge") return forge(kind, words);
  if (verb == "serve") return serve_lies(words);
  if (verb == "between") return tell_lies(words);
  if (verb == "lies") return name_lies();
  return bad_input("no such verb '" + verb + "'");
}

}  // namespace
}  // namespace rota::impostor

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto done = rota::impostor::act({argv + 1, argv + argc});
  if (done) return 0;
  rota::cli::Talk::standard().error(done.error());
  return 1;
}
