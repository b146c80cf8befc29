// What the commands of garage-sign share. Private to garage_sign*.cc.
#pragma once

#include <string>
#include <vector>

#include "ceremony/sign.h"
#include "compat/command_line.h"
#include "compat/garage_sign.h"
#include "compat/repo_service.h"
#include "compat/tufrepo.h"

namespace rota::compat::garage {

constexpr int kDone = 0, kRefused = 1, kLostRace = 2, kFailed = 3, kUsage = 255;

// One run of one command.
struct Run {
  const Asked& asked;
  const cli::Talk& talk;
  const GarageSignWorld& world;
  // Reaches the keys whose file only says where they live.
  std::shared_ptr<const keys::KeyHomes> homes;

  bool strict() const { return world.strict || asked.has("--strict-compat"); }
  std::string home() const { return asked.value_if("--home-dir").value_or("./tuf"); }
  // --repo, below the home directory unless absolute.
  TufRepo repo() const;
  // The service that the repository is for, with its credentials.
  Result<RepoService> service(const TufRepo& repo) const { return RepoService::open(repo, world.fetcher, world.connect); }
  Time now() const { return world.clock.now(); }
  // Progress: stderr, or stdout in strict mode.
  void say(std::string_view line) const;
  // Prints the error and returns the code: for endings other than kFailed.
  int refuse(int code, const Error& error) const;
};

// The exit code; an error is kFailed.
using Handler = Result<int> (*)(const Run&);
struct Entry {
  Command command;
  Handler handler;
};
std::vector<Entry> all_entries();
int outcome(const Entry& entry, const Run& run);
// The same over files and a service that only seem to change: prints what would be written and sent.
int dry_outcome(const Entry& entry, const Run& run);

// The keys named by a repeatable option, each key once, last to first.
Result<std::vector<tuf::KeySigner>> signers_named(const TufRepo& repo, const std::vector<std::string>& names);
// --signatures: "name=BASE64,name2=BASE64", the names those of public keys here.
Result<std::vector<ceremony::GivenSignature>> given_signatures(const TufRepo& repo, const std::string& map);
std::vector<const tuf::Signer*> pointers(const std::vector<tuf::KeySigner>& signers);

// What --expires or --expire-after say; nullopt without them.
struct AskedExpiry {
  std::optional<Time> at;
  int refused = kDone;  // kUsage, already said
};
AskedExpiry asked_expiry(const Run& run);
// kDone, or kRefused and said: a past date needs --force.
int refuse_past(const Run& run, Time expires);

// The root that everything here is judged by: roles/trusted, or an adopted roles/root.json (garage-sign.md 4).
Result<tuf::Trusted<tuf::Root>> trusted_root(const TufRepo& repo);

// Commands, by file.
Result<int> user_keys_gen(const Run& run);
Result<int> user_keys_id(const Run& run);
Result<int> user_keys_importpub(const Run& run);
Result<int> key_generate(const Run& run);

Result<int> root_pull(const Run& run);
Result<int> root_push(const Run& run);
Result<int> root_key_add(const Run& run);
Result<int> root_key_remove(const Run& run);
Result<int> root_sign(const Run& run);
Result<int> root_get_unsigned(const Run& run);
Result<int> root_increment_version(const Run& run);
Result<int> root_set_threshold(const Run& run);
Result<int> root_status(const Run& run);
Result<int> root_discard(const Run& run);
Result<int> verify_root(const Run& run);

Result<int> targets_init(const Run& run);
Result<int> targets_pull(const Run& run);
Result<int> targets_add(const Run& run);
Result<int> targets_delete(const Run& run);
Result<int> targets_sign(const Run& run);
Result<int> targets_push(const Run& run);
Result<int> targets_get_unsigned(const Run& run);
Result<int> targets_increment_version(const Run& run);
Result<int> targets_upload(const Run& run);
Result<int> targets_add_uploaded(const Run& run);
Result<int> targets_delegations_add(const Run& run);
Result<int> get_targets(const Run& run);

Result<int> init(const Run& run);
Result<int> export_credentials(const Run& run);
Result<int> import_client_cert(const Run& run);

Result<int> delegations_init(const Run& run);
Result<int> delegations_add_target(const Run& run);
Result<int> delegations_sign(const Run& run);
Result<int> delegations_push(const Run& run);
Result<int> delegations_pull(const Run& run);

Result<int> move_offline(const Run& run);

Result<int> sign_json(const Run& run);
Result<int> verify_json(const Run& run);

}  // namespace rota::compat::garage
