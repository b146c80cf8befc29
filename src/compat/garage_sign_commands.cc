// The command line of garage-sign as a table (garage-sign.md 7).
#include "compat/garage_sign_run.h"

namespace rota::compat::garage {
namespace {

using Kind = Option::Kind;
using Need = Option::Need;

Option needed(std::string_view name, char short_name = 0) {
  return {name, short_name, Kind::value, Need::required};
}
Option flag(std::string_view name) {
  return {name, 0, Kind::flag};
}

const Option kRepo = needed("--repo", 'r');
const Option kKeyNames{"--key-name", 'k', Kind::list};
const Option kKeyNamesNeeded{"--key-name", 'k', Kind::list, Need::required};
const Option kKeyIds{"--key-id", 0, Kind::list};
const Option kType{"--type", 't'};
const Option kSize{"--keysize"};
const Option kKeyHome{"--key-home"};
const Option kExpires{"--expires"};
const Option kExpireAfter{"--expire-after"};
const Option kForce = flag("--force");
const Option kInput{"--input", 'i'};
const Option kSignatures{"--signatures"};
const Option kRole{"--role"};

std::vector<Entry> key_entries() {
  return {
      {{"user-keys gen",
        "make a key pair outside a repository",
        {needed("--key-name", 'k'), kType, kSize, kKeyHome, {"--keys-path", 'p'}}},
       user_keys_gen},
      {{"user-keys id", "print the key id of a public key file", {needed("--input", 'i'), {"--keys-path", 'p'}}},
       user_keys_id},
      {{"user-keys importpub",
        "read a PEM into the repository's keys",
        {kRepo, kKeyNamesNeeded, needed("--input", 'i'), {"--keys-path", 'p'}}},
       user_keys_importpub},
      {{"key generate", "make a key pair in the repository", {kRepo, needed("--name", 'n'), kType, kSize, kKeyHome, kForce}},
       key_generate},
  };
}

std::vector<Entry> root_entries() {
  return {
      {{"root pull", "fetch and verify the newest root", {kRepo, kForce, {"--trusted-root"}}}, root_pull},
      {{"root push",
        "verify and publish the signed root",
        {kRepo, kForce, {"--allow", 0, Kind::list}, flag("--no-verify")}},
       root_push},
      {{"root get-unsigned", "print what is to be signed", {kRepo}}, root_get_unsigned},
  };
}

std::vector<Entry> root_edit_entries() {
  return {
      {{"root key add", "add root keys", {kRepo, kKeyNamesNeeded}}, root_key_add},
      {{"root key remove", "remove root keys", {kRepo, kKeyNames, kKeyIds}}, root_key_remove},
      {{"root targets-key add", "add targets keys", {kRepo, kKeyNamesNeeded}}, root_key_add},
      {{"root targets-key remove", "remove targets keys", {kRepo, kKeyNames, kKeyIds}}, root_key_remove},
      {{"root online-key add",
        "add keys of targets, snapshot or timestamp",
        {kRepo, kKeyNamesNeeded, needed("--role")}},
       root_key_add},
      {{"root online-key remove",
        "remove keys of targets, snapshot or timestamp",
        {kRepo, kKeyNames, kKeyIds, needed("--role")}},
       root_key_remove},
      {{"root sign",
        "sign the edited root",
        {kRepo,
         kKeyNames,
         kExpires,
         kExpireAfter,
         kForce,
         kSignatures,
         {"--old-root-alias"},
         flag("--append"),
         kInput,
         flag("--detached"),
         {"--output", 'o'}}},
       root_sign},
      {{"root increment-version", "raise the version of the unsigned root", {kRepo}}, root_increment_version},
      {{"root set-threshold", "set how many signatures a role needs", {kRepo, kRole, needed("--threshold")}},
       root_set_threshold},
      {{"root status", "what is trusted, signed, published, and what to do next", {kRepo, flag("--offline")}},
       root_status},
      {{"root discard", "set the signed root aside", {kRepo}}, root_discard},
      {{"verify-root", "check a root file", {kRepo, needed("--input", 'i')}}, verify_root},
  };
}

// What `add` and its like say about a target.
std::vector<Option> target_options(std::vector<Option> first) {
  for (const auto& option : {needed("--name"), needed("--version"), needed("--length"), needed("--sha256"),
                             needed("--hardwareids"), Option{"--format"}, Option{"--url"}})
    first.push_back(option);
  return first;
}

std::vector<Entry> target_entries() {
  return {
      {{"targets init", "start an empty targets role", {kRepo, needed("--version"), needed("--expires")}},
       targets_init},
      {{"targets pull", "fetch and verify the published targets", {kRepo}}, targets_pull},
      {{"targets add", "add or replace a target", target_options({kRepo, {"--customMeta"}})}, targets_add},
      {{"targets upload",
        "upload a binary",
        {kRepo, needed("--input", 'i'), needed("--name"), needed("--version"), {"--timeout"}}},
       targets_upload},
      {{"targets add-uploaded",
        "add a target for an uploaded file",
        {kRepo,
         needed("--input", 'i'),
         needed("--name"),
         needed("--version"),
         needed("--hardwareids"),
         {"--customMeta"}}},
       targets_add_uploaded},
      {{"targets delete", "remove a target", {kRepo, needed("--filename")}}, targets_delete},
      {{"targets sign",
        "sign the edited targets",
        {kRepo, kKeyNames, {"--version"}, kExpires, kExpireAfter, kForce, kSignatures}},
       targets_sign},
      {{"targets push", "publish the signed targets", {kRepo}}, targets_push},
      {{"targets get-unsigned", "print what is to be signed", {kRepo}}, targets_get_unsigned},
      {{"targets increment-version", "raise the version of the unsigned targets", {kRepo}}, targets_increment_version},
      {{"get-targets", "print the published targets", {kRepo}}, get_targets},
  };
}

std::vector<Entry> repository_entries() {
  return {
      {{"init",
        "make a repository from credentials.zip",
        {kRepo, needed("--credentials", 'c'), {"--reposerver"}, {"--servertype", 't'}}},
       init},
      {{"import-client-cert",
        "call the service with a client certificate",
        {kRepo, needed("--client-cert", 'c'), {"--server-cert", 's'}}},
       import_client_cert},
      {{"move-offline",
        "put root keys of yours in place of the server's",
        {kRepo,
         needed("--old-root-alias"),
         {"--new-root"},
         {"--new-targets"},
         {"--old-keyid"},
         flag("--fetch-only"),
         flag("--replace-all-keys")}},
       move_offline},
      {{"export-credentials", "write credentials.zip", {kRepo, kKeyNamesNeeded, needed("--output", 'o')}},
       export_credentials},
  };
}

std::vector<Entry> delegation_entries() {
  const Option name = needed("--name", 'n'), input = needed("--input", 'i');
  const Option in_place{"--inplace", 'e', Kind::flag};
  return {
      {{"targets delegations add",
        "delegate targets to other keys",
        {kRepo, name, {"--prefix", 'p', Kind::list, Need::required}, {"--key", 'k', Kind::list, Need::required}}},
       targets_delegations_add},
      {{"delegations init", "print an empty delegated role", {}}, delegations_init},
      {{"delegations add-target", "add a target to a delegated role", target_options({input, in_place})},
       delegations_add_target},
      {{"delegations sign", "sign a delegated role", {kKeyNamesNeeded, {"--keys-path", 'p'}, input, in_place}},
       delegations_sign},
      {{"delegations push", "publish a delegated role", {kRepo, name, input}}, delegations_push},
      {{"delegations pull", "fetch and verify a delegated role", {kRepo, name, {"--output", 'o'}}}, delegations_pull},
  };
}

std::vector<Entry> json_entries() {
  const Option input = needed("--input", 'i'), pub = needed("--pub-key", 'p');
  return {
      {{"sign-json", "sign a JSON file", {needed("--priv-key", 'k'), pub, input}}, sign_json},
      {{"verify-json", "check a signed JSON file", {pub, input}}, verify_json},
  };
}

}  // namespace

std::vector<Entry> all_entries() {
  std::vector<Entry> all;
  for (const auto entries : {key_entries, root_entries, root_edit_entries, target_entries, delegation_entries,
                             repository_entries, json_entries})
    for (auto& entry : entries()) all.push_back(std::move(entry));
  return all;
}

}  // namespace rota::compat::garage
