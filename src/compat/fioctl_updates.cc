// keys tuf updates init, review, apply, cancel (fioctl.md 9), and what the staging commands share.
#include "compat/fioctl_updates.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "ceremony/journal.h"
#include "compat/fioctl_config.h"
#include "crypto/hash.h"

namespace rota::compat::fio {
namespace {

using ceremony::Stream;
using ceremony::UpdatesApi;
using ceremony::UpdatesState;

constexpr std::size_t kMaxLines = 5000;
constexpr std::string_view kFirstRoot = "tufrepo/keys/first-root";
constexpr std::string_view kStart = "fioctl keys tuf updates init -m MESSAGE";

Status no_arguments(const Run& run) {
  if (run.asked.arguments.empty()) return {};
  return bad_input(std::string(run.asked.command->words) + ": want no argument, got '" + run.asked.arguments.front() + "'");
}

// The released pair, which must be a root key of the newest verified root.
Result<keys::Archive> first_root_archive(const UpdatesApi::Started& started, const ceremony::CurrentRoots& current) {
  if (started.first_root_sec.empty() || started.first_root_pub.empty())
    return rejected("the server released no first root key");
  keys::Archive archive;
  archive.put(std::string(kFirstRoot) + ".pub", crypto::SecretBytes(Bytes(started.first_root_pub)));
  archive.put(std::string(kFirstRoot) + ".sec", started.first_root_sec.copy());
  const auto found = archive.keys_among(current.roots.at(Stream::ci)->material(tuf::Role::root));
  if (found.empty()) return rejected("the key that the server released is no root key of the newest root");
  TRY(archive.private_key(found.front()));
  return archive;
}

Status keep_first_root(const Run& run, const OpenArchive& target, const UpdatesApi::Started& started,
                       const ceremony::CurrentRoots& current) {
  const auto archive = TRY(first_root_archive(started, current));
  TRY(target.file.write_next(archive, keys::Archive(), run.world.clock.now()));
  return target.file.replace();
}

struct Beginning {
  std::string message;
  std::optional<std::string> first_time_file;
};

Result<Beginning> asked_beginning(const Run& run) {
  TRY(no_arguments(run));
  Beginning beginning;
  beginning.message = TRY(required(run, "--changelog"));
  beginning.first_time_file = run.asked.value("--keys");
  if (run.asked.has("--initial") != beginning.first_time_file.has_value())
    return bad_input("keys tuf updates init: --first-time and --keys belong together");
  return beginning;
}

Status report_started(const Run& run, const std::string& txid) {
  if (run.json())
    run.talk.out() << to_json(Json::Object{{"command", run.asked.command->words}, {"txid", txid}}) << '\n';
  else
    run.talk.out() << "= Transaction id: " << txid << "\n"
                   << "Give it to the other administrators of this transaction; it is not shown again\n";
  return {};
}

// The transaction's id; the key is durable and its receipt confirmed.
Result<std::string> begun_first_time(const Run& run, const Scene& scene, const OpenArchive& target, const std::string& message) {
  run.progress("Creating new TUF updates transaction");
  const auto started = TRY(scene.api.start({message, UpdatesApi::Start::FirstTime::yes}));
  if (const auto kept = keep_first_root(run, target, started, scene.current); !kept.ok()) {
    if (const auto cancelled = scene.api.cancel(); !cancelled.ok())
      run.talk.warn("the transaction is still open: " + cancelled.error().what);
    return kept.error();
  }
  const auto confirmed = scene.api.confirm_first_root(crypto::sha256_hex(started.first_root_sec.reveal()));
  if (!confirmed.ok()) run.talk.warn("the receipt of the first root key is not confirmed: " + confirmed.error().what);
  remember_roots(run, scene.access, ceremony::NewestRoots{{Stream::ci, scene.current.roots.at(Stream::ci)}});
  if (!run.json()) run.talk.out() << "First root key --> \"" << target.file.path() << "\"; keep this file safe\n";
  return started.txid;
}

Result<Scene> scene_of_first_time(const Run& run) {
  return scene_of(run, TRY(access_for(run, keys::Archive())), keys::Archive(), FirstUse::agreed);
}

// FILE may be made, before the server releases anything.
Result<std::unique_ptr<FileLock>> place_for(const Run& run, const OpenArchive& target) {
  if (TRY(run.world.files.facts(target.file.path())).exists())
    return io_error("'" + target.file.path() + "': is there already; the first root key needs a file of its own");
  TRY(target.file.prove_room(0));
  auto held = TRY(target.file.lock());
  TRY(target.file.no_leftovers());
  return held;
}

// A copy of the key that an earlier run did not finish: the server hands it out again until its receipt is confirmed.
Status set_leftover_aside(const Run& run, const keys::ArchiveFile& file) {
  const auto held = TRY(file.lock());
  if (!TRY(file.has_next())) return bad_input("'" + file.path() + "': nothing is left of an earlier run");
  run.talk.out() << "Set aside --> \"" << TRY(file.set_next_aside(run.world.clock.now())) << "\"\n";
  return {};
}

Status init_first_time(const Run& run, const Beginning& beginning) {
  const OpenArchive target{keys::ArchiveFile(run.world.files, *beginning.first_time_file)};
  if (!takes_first_root(run)) return set_leftover_aside(run, target.file);
  const auto held = TRY(place_for(run, target));
  const auto scene = TRY(scene_of_first_time(run));
  return report_started(run, TRY(begun_first_time(run, scene, target, beginning.message)));
}

// The lines of two pretty documents that are not in the other one; enough for members on lines of their own.
Result<std::string> line_difference(const std::string& before, const std::string& after) {
  const auto old_lines = split(before, '\n'), new_lines = split(after, '\n');
  if (old_lines.size() > kMaxLines || new_lines.size() > kMaxLines)
    return bad_input("--diff: the roots have more than " + std::to_string(kMaxLines) + " lines", "--raw shows them");
  const auto width = new_lines.size() + 1;
  std::vector<std::uint16_t> common((old_lines.size() + 1) * width, 0);
  for (auto i = old_lines.size(); i-- > 0;)
    for (auto j = new_lines.size(); j-- > 0;)
      common[i * width + j] = old_lines[i] == new_lines[j]
                                  ? static_cast<std::uint16_t>(common[(i + 1) * width + j + 1] + 1)
                                  : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
  std::string text;
  for (std::size_t i = 0, j = 0; i < old_lines.size() || j < new_lines.size();) {
    const bool same = i < old_lines.size() && j < new_lines.size() && old_lines[i] == new_lines[j];
    const bool takes_old = !same && (j == new_lines.size() ||
                                     (i < old_lines.size() && common[(i + 1) * width + j] >= common[i * width + j + 1]));
    if (same) ++j;
    if (!same) text += takes_old ? "-" + old_lines[i] + "\n" : "+" + new_lines[j] + "\n";
    if (same || takes_old) ++i;
    else ++j;
  }
  return text;
}

// Removed lines red, added ones green.
std::string coloured(const std::string& difference) {
  std::string text;
  for (const auto& line : split(difference, '\n'))
    if (!line.empty()) text += (line.front() == '-' ? "\x1b[31m" : "\x1b[32m") + line + "\x1b[0m\n";
  return text;
}

// On a terminal, unless NO_COLOR is set.
bool shows_colours(const Run& run) {
  return &run.talk.out() == &std::cout && ::isatty(STDOUT_FILENO) == 1 && run.world.env("NO_COLOR").value_or("").empty() &&
         run.world.env("TERM") != "dumb";
}

Result<std::string> pretty_root(const Bytes& text) {
  if (text.empty()) return std::string();
  if (text.size() > tuf::kMaxRoot) return rejected("the server's root is longer than a device reads");
  return to_pretty_json(TRY(parse_json(text)));
}

void print_issues(const Run& run, std::string_view title, const std::vector<std::string>& messages) {
  if (messages.empty()) return;
  run.talk.out() << title << '\n';
  for (const auto& message : messages) run.talk.out() << "  - " << terminal_text(message) << '\n';
}

Json state_json(const UpdatesState& state) {
  Json json(Json::Object{{"status", ceremony::name_of(state.status)},
                         {"created-by", state.created_by},
                         {"created-at", state.created_at},
                         {"updated-by", state.updated_by},
                         {"updated-at", state.updated_at}});
  for (const auto& [name, list] : {std::pair{"amendments", &state.amendments}, std::pair{"errors", &state.errors},
                                   std::pair{"warnings", &state.warnings}}) {
    json[name] = Json(Json::Array{});
    for (const auto& message : *list) json[name].push_back(Json(message));
  }
  return json;
}

Status print_review(const Run& run, const UpdatesState& state) {
  if (run.json()) {
    run.talk.out() << to_pretty_json(state_json(state));
    return {};
  }
  if (state.status == UpdatesState::Status::none) {
    run.talk.out() << "No TUF updates are in progress\n";
  } else {
    run.talk.out() << "TUF updates: " << ceremony::name_of(state.status) << ", opened by "
                   << terminal_text(state.created_by) << " at " << terminal_text(state.created_at) << '\n';
    print_issues(run, "Changes:", state.amendments);
    print_issues(run, "Errors, to be mended before it can be applied:", state.errors);
  }
  print_issues(run, "Warnings:", state.warnings);
  return {};
}

// What the server shows when an apply is over, against what was staged before it.
Status shows_what_was_staged(const Access& access, const UpdatesState& staged) {
  for (const auto stream : {Stream::ci, Stream::prod}) {
    if (staged.updated.root(stream).empty()) continue;
    ceremony::RootSource source = access.source;
    source.stream = stream;
    const auto newest = ceremony::fetch_newest_root(source);
    const auto want = TRY(tuf::parse_envelope(staged.updated.root(stream), tuf::kMaxRoot));
    const auto got = newest.ok() && *newest ? tuf::parse_envelope(**newest, tuf::kMaxRoot)
                                            : Result<tuf::Envelope>(not_found("no root"));
    if (!got.ok() || !(got->body == want.body))
      return unavailable("the server does not show the staged " + std::string(ceremony::name_of(stream)) +
                             " root as its newest",
                         "run the same command again: it finds out");
  }
  return {};
}

}  // namespace

std::string terminal_text(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 500)) out.push_back(c >= 0x20 && c < 0x7f ? c : '?');
  return out;
}

Result<OpenArchive> open_archive(const Run& run, const std::string& path, keys::ArchiveUnlock& unlock, Presence presence) {
  OpenArchive open{keys::ArchiveFile(run.world.files, path, &unlock)};
  if (presence == Presence::optional && !TRY(run.world.files.facts(path)).exists()) return open;
  open.disk = TRY(open.file.read());
  if ((open.disk->mode & 0077) != 0) run.talk.warn("'" + path + "' can be read or changed by others; make it 0600");
  return open;
}

Result<Access> access_for(const Run& run, const keys::Archive& archive) {
  return access_to(TRY(config_for(run)), archive, run.world.fetcher);
}

Result<Scene> scene_of(const Run& run, Access access, const keys::Archive& archive, FirstUse first_use) {
  auto newest = TRY(believed_roots(run, access, archive, first_use));
  ceremony::UpdatesApi api(access.source);
  return Scene{std::move(access), std::move(api), ceremony::current_roots(std::move(newest))};
}

Status same_server(const Run& run, const keys::ArchiveFile& file, const Access& access) {
  if (!TRY(run.world.files.facts(file.journal_path())).exists()) return {};
  const auto journal = TRY(ceremony::read_journal(run.world.files, file.journal_path()));
  if (journal.server == access.source.base) return {};
  return bad_input("'" + file.journal_path() + "': is of the server " + journal.server + ", not " + access.source.base);
}

Result<UpdatesState> open_state(const UpdatesApi& api) {
  auto state = TRY(api.present_state());
  switch (state.status) {
    case UpdatesState::Status::none: return bad_input("no TUF updates are in progress", std::string(kStart));
    case UpdatesState::Status::applying: return conflict("the TUF updates are being applied: they can only be looked at");
    case UpdatesState::Status::started: break;
  }
  if (state.updated.ci_root.empty()) return rejected("root/updates: the server shows no draft of the ci root");
  return state;
}

Result<crypto::KeyType> asked_key_type(const Asked& asked) {
  const std::string name = asked.value("--key-type").value_or("ED25519");
  if (equals_ignoring_case(name, "ED25519")) return crypto::KeyType::ed25519;
  if (equals_ignoring_case(name, "RSA")) return crypto::KeyType::rsa;
  return bad_input("--key-type: want ED25519 or RSA, got '" + name + "'");
}

Result<ceremony::NewKeyWish> asked_new_key(const Run& run, const keys::Archive& archive) {
  ceremony::NewKeyWish wish{.homes = archive.homes()};
  wish.type = TRY(asked_key_type(run.asked));
  if (!run.asked.has("--dry-run")) wish.home = run.asked.value("--key-home").value_or("");
  return wish;
}

Result<tuf::Role> asked_offline_role(const Asked& asked) {
  const std::string name = asked.value("--role").value_or("");
  if (equals_ignoring_case(name, "root")) return tuf::Role::root;
  if (equals_ignoring_case(name, "targets")) return tuf::Role::targets;
  return bad_input("--role: want root or targets, got '" + name + "'");
}

Result<std::string> required(const Run& run, std::string_view flag) {
  if (const auto value = run.asked.value(flag); value && !trim(*value).empty()) return *value;
  return bad_input(std::string(run.asked.command->words) + ": want " + std::string(flag));
}

std::vector<std::string> allowed_names(const Asked& asked) {
  const auto names = asked.value("--allow");
  return names ? split(*names, ',') : std::vector<std::string>();
}

void show_differences(const Run& run, const std::map<Stream, ceremony::RootDifference>& differences) {
  if (run.json()) return;
  for (const auto& [stream, difference] : differences) {
    run.progress("Changes of the " + std::string(ceremony::name_of(stream)) + " root:");
    for (const auto& line : ceremony::lines(difference)) run.talk.out() << "  " << terminal_text(line) << '\n';
  }
}

Result<std::vector<tuf::KeySigner>> root_signers(const keys::Archive& archive, const ceremony::StagedRoots& staged) {
  std::set<crypto::PublicKey> wanted = staged.current().roots.at(Stream::ci)->material(tuf::Role::root);
  std::string ids;
  const auto next = TRY(tuf::read_root_body(staged.root(Stream::ci).body()));
  for (const auto& key : next.material(tuf::Role::root)) wanted.insert(key);
  for (const auto& key : wanted) ids.append(ids.empty() ? "" : ", ").append(tuf::key_id(key).hex);
  std::vector<tuf::KeySigner> signers;
  for (const auto& key : archive.keys_among(wanted)) {
    auto secret = archive.private_key(key);
    if (!secret) return io_error(secret.error().what);
    signers.emplace_back(std::move(secret).value());
  }
  if (signers.empty()) return io_error("archive: holds no private key of the root role; looked for: " + ids);
  return signers;
}

std::vector<const tuf::Signer*> pointers(const std::vector<tuf::KeySigner>& signers) {
  std::vector<const tuf::Signer*> all;
  for (const auto& signer : signers) all.push_back(&signer);
  return all;
}

bool takes_first_root(const Run& run) {
  return run.asked.has("--initial") && !run.asked.has("--resume") && !run.asked.has("--abandon");
}

Status take_first_root(const Run& run, const std::string& path) {
  const OpenArchive target{keys::ArchiveFile(run.world.files, path)};
  const auto held = TRY(place_for(run, target));
  const auto scene = TRY(scene_of_first_time(run));
  TRY(begun_first_time(run, scene, target, "Take over the first root key"));
  return scene.api.cancel();
}

Status updates_init(const Run& run) {
  const auto beginning = TRY(asked_beginning(run));
  if (beginning.first_time_file) return init_first_time(run, beginning);
  const auto access = TRY(access_for(run, keys::Archive()));
  run.progress("Creating new TUF updates transaction");
  const UpdatesApi api(access.source);
  const auto started = TRY(api.start({beginning.message}));
  if (TRY(api.present_state()).status == UpdatesState::Status::none)
    return unavailable("the server said yes, but shows no TUF updates in progress", std::string(kStart));
  return report_started(run, started.txid);
}

Status updates_review(const Run& run) {
  TRY(no_arguments(run));
  const bool raw = run.asked.has("--raw"), diff = run.asked.has("--diff");
  if (raw && diff) return bad_input("--raw and --diff: want one of them");
  if (run.asked.has("--prod") && !raw && !diff) return bad_input("--prod: goes with --raw or --diff");
  const auto access = TRY(access_for(run, keys::Archive()));
  const auto state = TRY(UpdatesApi(access.source).present_state());
  if (!raw && !diff) return print_review(run, state);
  const auto stream = run.asked.has("--prod") ? Stream::prod : Stream::ci;
  const auto staged = TRY(pretty_root(state.updated.root(stream)));
  if (staged.empty()) return not_found("no staged root", std::string(kStart));
  if (raw) {
    run.talk.out() << staged;
    return {};
  }
  const auto current = TRY(pretty_root(state.current.root(stream)));
  const auto lines = TRY(line_difference(current, staged));
  run.talk.out() << (shows_colours(run) ? coloured(lines) : lines);
  return {};
}

Status updates_apply(const Run& run) {
  TRY(no_arguments(run));
  const auto access = TRY(access_for(run, keys::Archive()));
  const UpdatesApi api(access.source);
  const auto staged = TRY(api.present_state());
  if (staged.status == UpdatesState::Status::none) return bad_input("no TUF updates are in progress", std::string(kStart));
  if (staged.updated.ci_root.empty()) return rejected("root/updates: the server shows no draft of the ci root");
  run.progress("Applying staged TUF root changes");
  const auto applied = api.apply(run.asked.value("--txid").value_or(""));
  if (!applied.ok() && applied.error().fault != Fault::unavailable) return applied;
  TRY(shows_what_was_staged(access, staged));
  if (run.json())
    run.talk.out() << to_json(Json::Object{{"command", run.asked.command->words}, {"outcome", "applied"}}) << '\n';
  else
    run.talk.out() << "The staged changes are published\n";
  return {};
}

Status updates_cancel(const Run& run) {
  TRY(no_arguments(run));
  const auto access = TRY(access_for(run, keys::Archive()));
  const UpdatesApi api(access.source);
  TRY(api.cancel());
  if (TRY(api.present_state()).status != UpdatesState::Status::none)
    return unavailable("the server said yes, but shows the TUF updates as before", "run the same command again");
  if (run.json())
    run.talk.out() << to_json(Json::Object{{"command", run.asked.command->words}, {"outcome", "cancelled"}}) << '\n';
  else
    run.talk.out() << "The TUF updates are cancelled; no other changes were made\n";
  return {};
}

}  // namespace rota::compat::fio
