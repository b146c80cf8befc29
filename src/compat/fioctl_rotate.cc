// keys rotate FILE (fioctl.md 10).
#include "ceremony/rotation.h"
#include "compat/fioctl_config.h"
#include "compat/fioctl_run.h"
#include "compat/fioctl_updates.h"

namespace rota::compat::fio {
namespace {

using ceremony::RotationPlan;
using ceremony::Settled;
using ceremony::Stream;
using tuf::Root;
using tuf::Trusted;

constexpr std::string_view kMessage = "Rotate TUF root offline signing key";
constexpr unsigned kOthers = 0077;

Result<std::optional<Time>> asked_expiry(const Asked& asked, Time now) {
  const auto at = asked.value("--expires"), after = asked.value("--expire-after");
  if (at && after) return bad_input("--expires and --expire-after: want one of them");
  if (at) return std::optional<Time>(TRY_IN("--expires", parse_instant(*at)));
  if (after) return std::optional<Time>(TRY_IN("--expire-after", after_period(now, *after)));
  return std::optional<Time>();
}

class KeysRotate {
 public:
  KeysRotate(const Run& run, std::string path, Config config, keys::ArchiveUnlock unlock)
      : run_(run), config_(std::move(config)), unlock_(std::move(unlock)), file_(run.world.files, std::move(path), &unlock_) {}

  Status carry_out() {
    if (!TRY(run_.world.files.facts(file_.path())).exists())
      return io_error("'" + file_.path() + "': there is no such file");
    if (run_.asked.has("--dry-run")) return rotate();  // leaves nothing, not even FILE.lock
    const auto held = TRY(file_.lock());
    if (run_.asked.has("--resume") || run_.asked.has("--abandon")) return settle_leftovers();
    return rotate();
  }

 private:
  FileFacts facts() const { return run_.world.files.facts(file_.path()).value(); }
  Time now() const { return run_.world.clock.now(); }

  ceremony::Rotation rotation(const Access& access) {
    return ceremony::Rotation(file_, access.source, run_.world.clock, [this](std::string_view line) { say(line); });
  }

  ceremony::RotationOrigin origin(const Access& access) const {
    return {.command = std::string(run_.asked.command->words),
            .factory = access.factory,
            .server = access.source.base,
            .message = run_.asked.value("--changelog").value_or(std::string(kMessage))};
  }

  // Lines for the summary; it begins with where the old archive is, which is only known at the end.
  void say(std::string_view line) { lines_.emplace_back(line); }
  void flush() {
    for (const auto& line : lines_) run_.progress(line);
    lines_.clear();
  }
  Error flushed(Error error) {
    flush();
    return error;
  }

  Status rotate() {
    TRY(file_.no_leftovers());
    if (!run_.asked.has("--dry-run")) TRY(file_.prove_room(facts().size));
    const auto disk = TRY(file_.read());
    warn_about_modes(disk);
    const auto access = TRY(access_to(config_, disk.archive, run_.world.fetcher));
    const auto newest = TRY(believed_roots(run_, access, disk.archive));
    const auto plan = TRY(planned(access, disk.archive, newest));
    for (const auto& warning : plan.warnings) run_.talk.warn(warning);
    if (run_.asked.has("--dry-run")) return show_plan(plan);
    TRY(confirm(access, plan));
    say("Signing new TUF root");
    auto change = rotation(access);
    if (auto prepared = change.prepare(plan, disk, origin(access)); !prepared)
      return flushed(prepared.error());
    const auto settled = change.settle();
    if (!settled) return flushed(settled.error());
    return summarise(access, *settled);
  }

  Status settle_leftovers() {
    if (run_.asked.has("--resume") && run_.asked.has("--abandon"))
      return bad_input("--resume and --abandon: want one of them");
    const auto disk = TRY(file_.read());
    const auto access = TRY(access_to(config_, disk.archive, run_.world.fetcher));
    TRY(same_server(run_, file_, access));
    auto change = rotation(access);
    const auto settled = run_.asked.has("--resume") ? change.settle() : change.abandon();
    if (!settled) return flushed(settled.error());
    if (settled->outcome == Settled::Outcome::rotated) return summarise(access, *settled);
    return say_nothing_sent(*settled);
  }

  void warn_about_modes(const keys::ArchiveOnDisk& disk) const {
    run_.talk.warn("'keys rotate' is deprecated; use 'keys tuf rotate-offline-key -r root -k FILE'");
    if ((disk.mode & kOthers) != 0)
      run_.talk.warn("'" + file_.path() + "' can be read or changed by others; make it 0600");
  }

  Result<RotationPlan> planned(const Access& access, const keys::Archive& archive,
                               const ceremony::NewestRoots& newest) const {
    ceremony::RotationWish wish{
        .key_id = run_.asked.value("--key-id"), .polis_id = access.polis_id, .factory = access.factory, .now = now()};
    wish.new_key = TRY(asked_new_key(run_, archive));
    wish.expires = TRY(asked_expiry(run_.asked, wish.now));
    wish.message = run_.asked.value("--changelog").value_or(std::string(kMessage));
    return ceremony::plan_rotation(archive, newest, wish);
  }

  void show_difference(const RotationPlan& plan) const {
    for (const auto& [stream, change] : plan.changes) {
      run_.progress("Changes of the " + std::string(ceremony::name_of(stream)) + " root:");
      if (run_.json()) continue;
      for (const auto& line : ceremony::lines(change.difference)) run_.talk.out() << "  " << line << '\n';
    }
  }

  Status confirm(const Access& access, const RotationPlan& plan) const {
    show_difference(plan);
    if (!run_.world.ask || run_.asked.has("--yes")) return {};
    if (run_.world.ask("Rotate the root key of factory '" + access.factory + "' as shown?")) return {};
    return rejected("not confirmed; nothing was written and nothing was sent");
  }

  Status show_plan(const RotationPlan& plan) const {
    if (run_.json()) {
      run_.talk.out() << to_pretty_json(plan_json(plan));
      return {};
    }
    run_.progress("Dry run: nothing is written, nothing but GET is sent, the new key is thrown away");
    show_difference(plan);
    run_.progress("Old root keyid: " + plan.old_id.hex);
    run_.progress("Version: " + std::to_string(plan.version));
    run_.progress("Expires: " + rfc3339(plan.expires));
    run_.progress("Would send: POST root, once per changed chain; would write: " + file_.path() +
                  " and a backup of it");
    return {};
  }

  Json plan_json(const RotationPlan& plan) const {
    Json json(Json::Object{{"command", "keys rotate"}, {"old-keyid", plan.old_id.hex}, {"version", Json(plan.version)},
                           {"expires", rfc3339(plan.expires)}, {"root_diff", Json(Json::Object{})}});
    for (const auto& path : {file_.next_path(), file_.journal_path(), file_.path() + ".bak", file_.path()})
      json["writes"].push_back(Json(path));
    for (const auto& [stream, change] : plan.changes) {
      json["root_diff"][ceremony::name_of(stream)] = ceremony::to_json(change.difference);
      json["requests"].push_back(Json(stream == Stream::ci ? "POST root" : "POST root?production=1"));
    }
    return json;
  }

  Status summarise(const Access& access, const Settled& settled) {
    remember_roots(run_, access, settled.roots);
    const Trusted<Root>& root = settled.roots.at(Stream::ci);
    const auto ids = changed_ids(settled);
    if (run_.json()) {
      run_.talk.out() << to_pretty_json(Json(Json::Object{
          {"command", "keys rotate"}, {"archive", file_.path()}, {"backup", settled.backup}, {"old-keyid", ids.first},
          {"new-keyid", ids.second}, {"version", Json(root->version)}, {"expires", rfc3339(root->expires)}}));
      return {};
    }
    run_.talk.out() << "Original credentials --> \"" << settled.backup << "\"\n";
    flush();
    run_.progress("Old root keyid: " + ids.first);
    run_.progress("New root keyid: " + ids.second);
    run_.progress("Version: " + std::to_string(root->version));
    run_.progress("Expires: " + rfc3339(root->expires));
    run_.talk.out() << "Updated credentials --> \"" << file_.path() << "\"\n"
                    << "Keep this file safe: without it the factory's root can never be changed again.\n";
    return {};
  }

  // The ids that left and entered the root role, as the archive's own notes have them.
  std::pair<std::string, std::string> changed_ids(const Settled& settled) const {
    const auto disk = file_.read();
    if (!disk.ok()) return {};
    const auto before = ceremony::archive_pin(disk->archive, Stream::ci);
    if (!before.ok() || !*before) return {};
    const auto changes = ceremony::difference((**before)->body, settled.roots.at(Stream::ci)->body);
    const auto role = changes.roles.find("root");
    if (role == changes.roles.end()) return {};
    const auto first = [](const std::vector<ceremony::KeyLine>& keys) {
      return keys.empty() ? std::string() : keys.front().id;
    };
    return {first(role->second.removed), first(role->second.added)};
  }

  Status say_nothing_sent(const Settled& settled) const {
    if (run_.json()) {
      run_.talk.out() << to_pretty_json(Json(Json::Object{{"command", "keys rotate"},
                                                          {"archive", file_.path()},
                                                          {"outcome", "unchanged"},
                                                          {"set-aside", settled.set_aside}}));
      return {};
    }
    run_.talk.out() << "The archive \"" << file_.path() << "\" and the server are as they were\n";
    if (!settled.set_aside.empty())
      run_.talk.out() << "The new key, which no root names, is kept in \"" << settled.set_aside << "\"\n";
    return {};
  }

  const Run& run_;
  Config config_;
  keys::ArchiveUnlock unlock_;
  keys::ArchiveFile file_;
  std::vector<std::string> lines_;
};

}  // namespace

Status keys_rotate(const Run& run) {
  if (run.asked.arguments.size() != 1)
    return bad_input(
        "keys rotate: want one archive file, got " + std::to_string(run.asked.arguments.size()) + " arguments",
        "fioctl keys rotate FILE");
  TRY(asked_key_type(run.asked));
  TRY(asked_expiry(run.asked, run.world.clock.now()));
  if (takes_first_root(run)) TRY(take_first_root(run, run.asked.arguments.front()));
  auto config = TRY(config_for(run));
  auto unlock = TRY(unlock_of(run));
  return KeysRotate(run, run.asked.arguments.front(), std::move(config), std::move(unlock)).carry_out();
}

}  // namespace rota::compat::fio
