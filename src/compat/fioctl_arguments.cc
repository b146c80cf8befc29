#include "compat/fioctl_arguments.h"

#include <algorithm>

#include "base/bytes.h"

namespace rota::compat::fio {
namespace {

constexpr auto kOn = Flag::Kind::on;

constexpr Flag kFlags[] = {
    {"--config", 'c'},
    {"--factory", 'f'},
    {"--token", 't'},
    {"--key-type", 'y'},
    {"--changelog", 'm'},
    {"--key-id", 'i'},
    {"--trusted-root"},
    {"--expires"},
    {"--expire-after"},
    {"--passphrase-file"},
    {"--identity"},
    {"--recipient"},
    {"--key-home"},
    {"--pin-file"},
    {"--signer"},
    {"--output", 'o'},
    {"--oauth-url"},
    {"--keys", 'k'},
    {"--targets-keys", 'K'},
    {"--role", 'r'},
    {"--txid", 'x'},
    {"--tags"},
    {"--waves"},
    {"--lost-key"},
    {"--warn-days"},
    {"--allow"},
    {"--sign", 's', kOn},
    {"--diff", 0, kOn},
    {"--fleet", 0, kOn},
    {"--allow-second-key", 0, kOn},
    {"--update-to"},
    {"--refresh-access-token", 0, kOn},
    {"--insecure-ssl", 0, kOn},
    {"--verbose", 'v', kOn},
    {"--help", 'h', kOn},
    {"--version", 0, kOn},
    {"--json", 0, kOn},
    {"--yes", 0, kOn},
    {"--strict-compat", 0, kOn},
    {"--dry-run", 0, kOn},
    {"--dryrun", 0, kOn},
    {"--prod", 0, kOn},
    {"--raw", 0, kOn},
    {"--resume", 0, kOn},
    {"--abandon", 0, kOn},
    {"--initial", 0, kOn},
    {"--first-time", 0, kOn},
    {"--trust-on-first-use", 0, kOn},
};

const Flag* flag_named(std::string_view name) {
  for (const auto& flag : kFlags)
    if (flag.name == name || (name.size() == 2 && flag.short_name == name[1] && name[0] == '-')) return &flag;
  return nullptr;
}

bool is_blank(std::string_view text) { return trim(text).empty(); }

class Parsing {
 public:
  explicit Parsing(const std::vector<std::string>& args) : args_(args) {}

  Result<Asked> asked() {
    for (at_ = 0; at_ < args_.size(); ++at_) {
      const std::string& arg = args_[at_];
      if (arg.size() > 1 && arg[0] == '-')
        TRY(flag(arg));
      else
        positionals_.push_back(arg);
    }
    TRY(resolve());
    return std::move(asked_);
  }

 private:
  // "--flag value", "--flag=value", "-f value", "-fvalue".
  Status flag(const std::string& arg) {
    const bool is_long = arg.starts_with("--");
    const auto end = is_long ? arg.find('=') : std::size_t{2};
    const Flag* known = flag_named(arg.substr(0, end));
    if (known == nullptr) {
      if (unknown_.empty()) unknown_ = arg.substr(0, arg.find('='));
      return {};
    }
    const bool attached = is_long ? end != std::string::npos : arg.size() > 2;
    const std::string name(known->name == "--dryrun"       ? "--dry-run"
                           : known->name == "--first-time" ? "--initial"
                                                           : known->name);
    if (known->kind == kOn) {
      if (attached) return bad_input("flag " + std::string(known->name) + " takes no value");
      asked_.flags[name] = "";
      return {};
    }
    if (!attached && at_ + 1 >= args_.size()) return bad_input("flag needs an argument: " + std::string(known->name));
    asked_.flags[name] = attached ? arg.substr(is_long ? end + 1 : end) : args_[++at_];
    return {};
  }

  Status resolve() {
    for (const auto& known : known_commands()) {
      const auto words = split(known.words, ' ');
      const bool longer = asked_.command == nullptr || words.size() > split(asked_.command->words, ' ').size();
      if (longer && words.size() <= positionals_.size() && std::equal(words.begin(), words.end(), positionals_.begin()))
        asked_.command = &known;
    }
    if (asked_.command == nullptr) {
      if (!positionals_.empty()) return bad_input("unknown command '" + positionals_.front() + "'");
      return unknown_.empty() ? Status() : bad_input("unknown flag: " + unknown_);
    }
    const auto words = split(asked_.command->words, ' ').size();
    asked_.arguments.assign(positionals_.begin() + static_cast<std::ptrdiff_t>(words), positionals_.end());
    if (asked_.command->availability == Availability::later) return {};
    if (!unknown_.empty()) return bad_input("unknown flag: " + unknown_);
    if (std::ranges::any_of(asked_.arguments, is_blank)) return bad_input("an argument is empty or blank");
    return {};
  }

  const std::vector<std::string>& args_;
  std::size_t at_ = 0;
  std::vector<std::string> positionals_;
  std::string unknown_;
  Asked asked_;
};

}  // namespace

std::optional<std::string> Asked::value(std::string_view flag) const {
  const auto at = flags.find(flag);
  return at == flags.end() ? std::nullopt : std::optional(at->second);
}

Result<Asked> parse_arguments(const std::vector<std::string>& args) { return Parsing(args).asked(); }

std::span<const Flag> known_flags() { return kFlags; }

const std::vector<Known>& known_commands() {
  static const std::vector<Known> commands = {
      {"login", Availability::now, "Sign in by client id and secret: login [--oauth-url URL] [--refresh-access-token]"},
      {"logout", Availability::now, "Forget the login"},
      {"keys rotate", Availability::now, "Rotate the root key of an archive: keys rotate FILE"},
      {"keys rotate-root", Availability::now, "The same as keys rotate"},
      {"keys archive show", Availability::now, "What is in an archive, never a private key: keys archive show FILE"},
      {"keys archive verify", Availability::now, "Check that every private key belongs to its public half"},
      {"keys archive encrypt", Availability::now, "A sealed copy (age v1): keys archive encrypt FILE [-o FILE.age]"},
      {"keys archive decrypt", Availability::now, "An open copy: keys archive decrypt FILE -o OUT"},
      {"keys archive prune", Availability::now, "Move what is not needed to a second archive: FILE [-o OUT --trusted-root R --allow devices-behind]"},
      {"keys archive split", Availability::now, "Move the keys of a role to a second archive: FILE -r targets [-o OUT]"},
      {"keys archive drill", Availability::now, "Prove that a backup opens the root: FILE [--trusted-root R]"},
      {"keys tuf show-root", Availability::now, "The server's newest root [--prod], as served with --raw"},
      {"keys show-root", Availability::now, "The same"},
      {"keys tuf download-roots", Availability::now, "All roots, verified: keys tuf download-roots FILE [--prod]"},
      {"keys status", Availability::now, "Expiry and signers of every role, the keys of an archive, the devices' trust: [FILE] [--fleet]"},
      {"keys tuf rotate-offline-key", Availability::now, "In one run: -r ROLE -k FILE [-K FILE --first-time]"},
      {"keys tuf rotate-all-keys", Availability::now, "All keys in one run: -k FILE [-K FILE --first-time]"},
      {"keys rotate-targets", Availability::now, "The targets key of an archive, in one run: FILE"},
      {"keys resign-root", Availability::now, "The same keys for another year: FILE"},
      {"keys copy-targets", Availability::now, "Only the targets key into a new archive: SRC DST"},
      {"keys tuf updates init", Availability::now, "Open a transaction: -m WHY [--first-time -k FILE]"},
      {"keys tuf updates review", Availability::now, "What is staged [--raw | --diff] [--prod]"},
      {"keys tuf updates add-offline-key", Availability::now, "Stage a new key: -r ROLE -k FILE [-y TYPE]"},
      {"keys tuf updates delete-offline-key", Availability::now, "Stage the end of one: -r ROLE (-k FILE | -i KEYID)"},
      {"keys tuf updates rotate-offline-key", Availability::now, "Stage a new key for the old: -r ROLE [-k FILE -K FILE -s]"},
      {"keys tuf updates rotate-online-key", Availability::now, "Stage new keys of the server: -r ROLES [-y TYPE -s -k FILE]"},
      {"keys tuf updates set-threshold", Availability::now, "Stage how many must sign: N -r ROLE [-s -k FILE]"},
      {"keys tuf updates sign", Availability::now, "Sign what is staged: -k FILE"},
      {"keys tuf updates sign-prod-targets", Availability::now, "Sign production targets again: -k FILE [--tags --waves]"},
      {"keys tuf updates apply", Availability::now, "Publish what is staged"},
      {"keys tuf updates cancel", Availability::now, "Drop what is staged"},
      {"version", Availability::now, "Print the version"},
      {"help", Availability::now, "Print this"},
      {"completion bash", Availability::now, "What the tab key offers in bash: source <(fioctl completion bash)"},
      {"completion zsh", Availability::now, "The same for zsh"},
      {"completion fish", Availability::now, "The same for fish"},
      {"completion"},
      {"config"},
      {"devices"},
      {"device"},
      {"event-queues"},
      {"factories"},
      {"users"},
      {"teams"},
      {"secrets"},
      {"status"},
      {"configure-docker"},
      {"configure-git"},
      {"git-credential-helper"},
      {"http"},
      {"keys"},
      {"keys tuf"},
      {"keys tuf updates"},
      {"keys archive"},
      {"keys ca"},
      {"keys est"},
      {"targets"},
      {"waves"},
      {"wave"},
  };
  return commands;
}

std::string usage() {
  std::string text = "Usage: fioctl COMMAND [flags]\n\nCommands:\n";
  for (const auto& known : known_commands()) {
    if (known.availability == Availability::later) continue;
    text.append("  ").append(known.words);
    text.append(known.words.size() < 38 ? 38 - known.words.size() : 1, ' ').append(known.summary).append("\n");
  }
  text +=
      "\nFlags of keys rotate:\n"
      "  -y, --key-type TYPE      ED25519 (default) or RSA\n"
      "  -m, --changelog TEXT     why, for the record\n"
      "      --key-home HOME      where the new key lives, instead of the archive: pkcs11:… (a token), tpm2:, tpm2:pin,\n"
      "                           signer:NAME; the archive then says where, and holds no private half\n"
      "      --key-id ID          which key to replace, when the archive holds several active ones\n"
      "      --expires TIME       when the new root expires, 2030-01-01T00:00:00Z\n"
      "      --expire-after TERM  the same as a period from now, 1Y3M5D\n"
      "      --trusted-root FILE  a root, or a roots archive, obtained by other means, to verify from\n"
      "      --trust-on-first-use believe the server when nothing else is known\n"
      "      --dry-run            show the plan and the difference; write and send nothing\n"
      "      --resume             finish what an earlier run left\n"
      "      --abandon            set aside what an earlier run left\n"
      "\nFlags of keys tuf updates:\n"
      "  -r, --role ROLE          root or targets; online keys: targets, snapshot, timestamp\n"
      "  -k, --keys FILE          the archive with your keys\n"
      "  -K, --targets-keys FILE  the archive with the targets key, when it is another one\n"
      "  -x, --txid TXID          of the transaction, unless you opened it\n"
      "  -s, --sign               sign in the same run\n"
      "      --lost-key ID        the targets key to replace, whose private half is gone\n"
      "      --allow NAMES        lower-threshold, fewer-keys, replace-role: what others staged and you agree to\n"
      "      --allow-second-key   a second active key of the role into one archive\n"
      "\nFlags of commands that open an archive:\n"
      "      --passphrase-file FILE, --identity FILE   what opens a sealed one\n"
      "      --pin-file FILE      the PIN of the token or TPM that a key lives in, unless its URI says pin-source=\n"
      "      --signer PROGRAM     the program that signs for keys that live behind one\n"
      "\nFlags of every command:\n"
      "  -f, --factory NAME, -t, --token TOKEN, -c, --config FILE, -v, --verbose, --json, --yes, --strict-compat\n";
  return text;
}

}  // namespace rota::compat::fio
