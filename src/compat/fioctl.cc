#include "compat/fioctl.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <thread>

#include "cli/passphrase.h"
#include "compat/fioctl_courier.h"
#include "compat/fioctl_run.h"
#include "crypto/tls.h"
#include "http/client.h"

namespace rota::compat {
namespace fio {
namespace {

struct Command {
  std::string_view words;
  Status (*run)(const Run&);
};

Status print_version(const Run& run) {
  run.talk.out() << "fioctl version " ROTA_VERSION " (rota)\n";
  if (run.asked.has("--update-to"))
    run.talk.hint("this program never updates itself: install the package of version " + *run.asked.value("--update-to"));
  return {};
}

Status print_usage(const Run& run) {
  run.talk.out() << usage();
  return {};
}

constexpr Command kCommands[] = {
    {"login", login},
    {"logout", logout},
    {"keys rotate", keys_rotate},
    {"keys rotate-root", keys_rotate},
    {"keys archive show", archive_show},
    {"keys archive verify", archive_verify},
    {"keys archive encrypt", archive_encrypt},
    {"keys archive decrypt", archive_decrypt},
    {"keys archive prune", archive_prune},
    {"keys archive split", archive_split},
    {"keys archive drill", archive_drill},
    {"keys tuf show-root", show_root},
    {"keys show-root", show_root},
    {"keys tuf download-roots", download_roots},
    {"keys status", keys_status},
    {"keys rotate-targets", keys_rotate_targets},
    {"keys resign-root", keys_resign_root},
    {"keys copy-targets", keys_copy_targets},
    {"keys tuf rotate-offline-key", tuf_rotate_offline_key},
    {"keys tuf rotate-all-keys", tuf_rotate_all_keys},
    {"keys tuf updates init", updates_init},
    {"keys tuf updates review", updates_review},
    {"keys tuf updates apply", updates_apply},
    {"keys tuf updates cancel", updates_cancel},
    {"keys tuf updates add-offline-key", updates_add_offline_key},
    {"keys tuf updates delete-offline-key", updates_delete_offline_key},
    {"keys tuf updates rotate-offline-key", updates_rotate_offline_key},
    {"keys tuf updates rotate-online-key", updates_rotate_online_key},
    {"keys tuf updates set-threshold", updates_set_threshold},
    {"keys tuf updates sign", updates_sign},
    {"keys tuf updates sign-prod-targets", updates_sign_prod_targets},
    {"completion bash", completion},
    {"completion zsh", completion},
    {"completion fish", completion},
    {"version", print_version},
    {"help", print_usage},
};

Status carry_out(const Run& run) {
  const Known* known = run.asked.command;
  if (run.asked.has("--help") || (known == nullptr && !run.asked.has("--version"))) return print_usage(run);
  if (known == nullptr) return print_version(run);
  if (known->availability == Availability::later)
    return bad_input("'" + std::string(known->words) + "': not available yet");
  for (const auto& command : kCommands)
    if (command.words == known->words) return command.run(run);
  abort_with("fioctl: a command without its function");
}

bool is_strict(const std::vector<std::string>& args, const FioctlWorld& world) {
  return world.env("ROTA_STRICT_COMPAT") == "1" || std::ranges::find(args, "--strict-compat") != args.end();
}

// The public tool prints failures on stdout and always exits 1.
int fail(const Error& error, const cli::Talk& talk, bool strict) {
  auto& to = strict ? talk.out() : talk.err();
  to << "ERROR: " << error.what << '\n';
  if (!error.hint.empty()) to << "hint: " << error.hint << '\n';
  return strict ? 1 : exit_code(error.fault);
}

}  // namespace

int exit_code(Fault fault) {
  switch (fault) {
    case Fault::bad_input:
    case Fault::not_found: return 1;
    case Fault::rejected:
    case Fault::expired: return 2;
    case Fault::io: return 3;
    case Fault::conflict: return 4;
    case Fault::denied: return 5;
    case Fault::unavailable: return 6;
  }
  abort_with("fioctl: no such fault");
}

}  // namespace fio

namespace {

constexpr std::size_t kMaxBundle = 4u << 20;
constexpr const char* kSystemBundle = "/etc/ssl/certs/ca-certificates.crt";

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

bool ask_at_terminal(std::string_view question) {
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  return std::getline(std::cin, answer) && (lower(trim(answer)) == "y" || lower(trim(answer)) == "yes");
}

// From the terminal, a secret without echo; else from what is piped in.
Result<crypto::SecretBytes> line_of_input(std::string_view prompt, FioctlWorld::Echo echo) {
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  if (terminal && echo == FioctlWorld::Echo::off) return cli::asked_passphrase(prompt);
  if (terminal) std::cerr << prompt << ": " << std::flush;
  std::string line;
  if (!std::getline(std::cin, line)) return bad_input(std::string(prompt) + ": want a line on stdin");
  return crypto::SecretBytes(std::move(line));
}

// The system's certificate authorities, and those of CACERT.
Result<crypto::TlsContext> tls_context(Files& files) {
  const auto extra = environment("CACERT");
  if (!extra || extra->empty()) return crypto::TlsContext::client({});
  crypto::TlsClientOptions options;
  const std::string system = environment("SSL_CERT_FILE").value_or(kSystemBundle);
  if (TRY(files.facts(system)).exists()) options.ca_pem = TRY(files.read(system, kMaxBundle)) + "\n";
  options.ca_pem += TRY_IN("CACERT", files.read(*extra, kMaxBundle));
  return crypto::TlsContext::client(options);
}

}  // namespace

int fioctl(const std::vector<std::string>& args, const cli::Talk& talk, const FioctlWorld& world) {
  const bool strict = fio::is_strict(args, world);
  const auto asked = fio::parse_arguments(args);
  if (!asked)
    return fio::fail(Error{Fault::bad_input, asked.error().what, "fioctl --help lists commands and flags"}, talk,
                     strict);
  fio::Courier courier(world.fetcher, world.pause);
  const FioctlWorld inside{world.files,      world.clock,            courier,    world.env,  world.ask,
                           world.passphrase, world.fresh_passphrase, world.line, world.pause, world.pin};
  const auto done = fio::carry_out({*asked, talk, inside});
  return done.ok() ? fio::kDone : fio::fail(done.error(), talk, strict);
}

int fioctl_main(const std::vector<std::string>& args, const cli::Talk& talk) {
  PosixFiles files;
  const SystemClock clock;
  const auto tls = tls_context(files);
  if (!tls) return fio::fail(tls.error(), talk, false);
  http::Client client({.tls = *tls, .always = {{"User-Agent", "fioctl-" ROTA_VERSION}}});
  FioctlWorld world{files, clock, client, environment};
  if (::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1) world.ask = ask_at_terminal;
  world.passphrase = [](std::string_view what) { return cli::asked_passphrase("passphrase of " + std::string(what)); };
  world.fresh_passphrase = [](std::string_view what) { return cli::new_passphrase("new passphrase for " + std::string(what)); };
  world.line = line_of_input;
  world.pin = cli::asked_pin;
  world.pause = [](Seconds pause) { std::this_thread::sleep_for(pause); };
  return fioctl(args, talk, world);
}

}  // namespace rota::compat
