#include "compat/garage_sign.h"

#include <cstdlib>
#include <thread>

#include "cli/passphrase.h"
#include "compat/garage_sign_run.h"
#include "http/client.h"

namespace rota::compat {
namespace garage {

TufRepo Run::repo() const {
  std::string name = asked.value("--repo");
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  return TufRepo(world.files, name.starts_with('/') ? name : home() + "/" + name, homes);
}

void Run::say(std::string_view line) const {
  (strict() ? talk.out() : talk.err()) << line << '\n';
}

int Run::refuse(int code, const Error& error) const {
  if (code == kUsage) {
    talk.err() << "Error: " << error.what << "\nTry --help for more information.\n";
    return code;
  }
  if (strict() && code == kFailed)
    cli::Talk(talk.out(), talk.out()).error(error);
  else
    talk.error(error);
  return code;
}

Result<std::vector<tuf::KeySigner>> signers_named(const TufRepo& repo, const std::vector<std::string>& names) {
  std::vector<tuf::KeySigner> signers;
  for (const auto& name : names) {
    auto key = TRY_IN("key '" + name + "'", repo.private_key(name));
    bool there = false;
    for (const auto& other : signers) there = there || other.public_key() == key.public_key();
    if (!there) signers.emplace_back(std::move(key));
  }
  return signers;
}

std::vector<const tuf::Signer*> pointers(const std::vector<tuf::KeySigner>& signers) {
  std::vector<const tuf::Signer*> out;
  for (const auto& signer : signers) out.push_back(&signer);
  return out;
}

Result<std::vector<ceremony::GivenSignature>> given_signatures(const TufRepo& repo, const std::string& map) {
  std::vector<ceremony::GivenSignature> given;
  for (const auto& pair : split(map, ',')) {
    const auto at = pair.find('=');
    if (at == std::string::npos)
      return bad_input("option --signatures: want name=BASE64, got '" + pair.substr(0, 40) + "'");
    const auto key = TRY(repo.public_key(pair.substr(0, at)));
    const auto signature = TRY_IN("option --signatures", unbase64(pair.substr(at + 1)));
    given.push_back({key, signature});
  }
  return given;
}

AskedExpiry asked_expiry(const Run& run) {
  const auto at = run.asked.value_if("--expires"), after = run.asked.value_if("--expire-after");
  if (at && after) return {{}, run.refuse(kUsage, bad_input("--expires and --expire-after exclude each other"))};
  if (!at && !after) return {};
  const auto expires = at ? parse_instant(*at) : after_period(run.now(), *after);
  if (!expires) return {{}, run.refuse(kUsage, expires.error())};
  return {*expires};
}

int refuse_past(const Run& run, Time expires) {
  if (expires > run.now() || run.asked.has("--force")) return kDone;
  return run.refuse(kRefused,
                    rejected("expiry " + rfc3339(expires) + " is in the past", "--force signs it all the same"));
}

Result<tuf::Trusted<tuf::Root>> trusted_root(const TufRepo& repo) {
  if (auto trusted = TRY(repo.trusted())) return *trusted;
  const auto root = TRY(repo.role_file("root.json"));
  if (!root) return not_found("no trusted root in " + repo.folder(), "run 'garage-sign root pull' first");
  return TRY_IN("roles/root.json", tuf::anchor_root(*root));
}

int outcome(const Entry& entry, const Run& run) {
  const bool of_reposerver = entry.command.words.starts_with("targets ");
  if (of_reposerver && run.repo().is_director())
    return run.refuse(kRefused, bad_input("'" + run.asked.words + "': a director repository has no targets to edit"));
  const auto code = entry.handler(run);
  return code ? *code : run.refuse(kFailed, code.error());
}

namespace {

using Kind = Option::Kind;

// `--threshold N` may also be the bare number of `root set-threshold N`; `--detached -o FILE` stands as two options
// here.
std::vector<std::string> with_threshold_named(std::vector<std::string> args) {
  for (std::size_t i = 0; i + 1 < args.size(); ++i)
    if (args[i] == "set-threshold" && decimal(args[i + 1]).ok())
      args.insert(args.begin() + static_cast<long>(i) + 1, "--threshold");
  return args;
}

int help(const Grammar& grammar, const cli::Talk& talk, std::string_view words) {
  talk.out() << grammar.usage("garage-sign", words);
  return kDone;
}

// Words that only begin commands: usage, once the option is there that all of them need.
int front_words(const Grammar& grammar, const Run& run) {
  const std::string& words = run.asked.words;
  const bool in_a_repository = words.starts_with("root") || words.starts_with("targets");
  if (in_a_repository && !run.asked.has("--repo")) return run.refuse(kUsage, bad_input("missing option --repo"));
  if (words == "targets")  // as the public tool has it: `targets init` without its version
    return run.refuse(kFailed,
                      bad_input("targets init: want --version", "'garage-sign targets --help' lists commands"));
  return help(grammar, run.talk, words);
}

}  // namespace
}  // namespace garage

int garage_sign(const std::vector<std::string>& args, const cli::Talk& talk, const GarageSignWorld& world) {
  using namespace garage;
  const auto all = all_entries();
  std::vector<Command> commands;
  for (const auto& entry : all) commands.push_back(entry.command);
  const Grammar grammar(std::move(commands), {{"--help", 0, Kind::flag},
                                              {"--version", 0, Kind::flag},
                                              {"--verbose", 0, Kind::flag},
                                              {"--home-dir", 'h'},
                                              {"--strict-compat", 0, Kind::flag},
                                              {"--json", 0, Kind::flag},
                                              {"--dry-run", 0, Kind::flag},
                                              {"--yes", 0, Kind::flag},
                                              {"--pin-file"},
                                              {"--signer"},
                                              {"--repo", 'r'}});
  const auto asked = grammar.parse(with_threshold_named(args));
  if (!asked) {
    talk.err() << "Error: " << asked.error().what << "\nTry --help for more information.\n";
    return kUsage;
  }
  if (asked->has("--help") || asked->words.empty()) return help(grammar, talk, asked->words);
  const keys::KeyAccess access{world.pin, asked->value("--pin-file"), asked->value("--signer")};
  const Run run{*asked, talk, world, std::make_shared<keys::KeyHomes>(world.files, access)};
  for (const auto& entry : all)
    if (entry.command.words == asked->words) return asked->has("--dry-run") ? dry_outcome(entry, run) : outcome(entry, run);
  return front_words(grammar, run);
}

namespace {

http::ClientOptions client_options(const crypto::TlsContext& tls) {
  return {.tls = tls, .always = {{"User-Agent", "garage-sign/" ROTA_VERSION}}};
}

Result<std::shared_ptr<Fetcher>> connected(const crypto::TlsClientOptions& identity) {
  const auto tls = TRY(crypto::TlsContext::client(identity));
  return std::shared_ptr<Fetcher>(std::make_shared<http::Client>(client_options(tls)));
}

}  // namespace

int garage_sign_main(const std::vector<std::string>& args, const cli::Talk& talk) {
  for (const auto& arg : args)
    if (arg == "--version" && args.size() == 1) {
      talk.out() << "garage-sign (rota) " ROTA_VERSION "\n";
      return 0;
    }
  auto tls = crypto::TlsContext::client({});
  if (!tls) {
    talk.error(tls.error());
    return garage::kFailed;
  }
  PosixFiles files;
  const SystemClock clock;
  http::Client client(client_options(*tls));
  const char* strict = std::getenv("ROTA_STRICT_COMPAT");
  const auto pause = [](Seconds wait) { std::this_thread::sleep_for(wait); };
  return garage_sign(args, talk, {files, clock, client, strict != nullptr && std::string_view(strict) == "1", connected, cli::asked_pin, pause});
}

}  // namespace rota::compat
