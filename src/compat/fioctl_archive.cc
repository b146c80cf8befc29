// keys archive show, verify, encrypt, decrypt, prune, split, drill (fioctl.md 11).
#include <algorithm>

#include "ceremony/archive_keeping.h"
#include "compat/ceremony_archive.h"
#include "compat/fioctl_access.h"
#include "compat/fioctl_updates.h"
#include "crypto/hash.h"

namespace rota::compat::fio {
namespace {

Result<std::string> only_archive(const Run& run) {
  if (run.asked.arguments.size() == 1) return run.asked.arguments.front();
  const std::string words(run.asked.command->words);
  return bad_input(words + ": want one archive file, got " + std::to_string(run.asked.arguments.size()) + " arguments",
                   "fioctl " + words + " FILE");
}

// A sealed copy asks for a new passphrase, unless the archive is sealed already.
Result<keys::ArchiveUnlock> unlock_for_sealing(const Run& run) {
  return keys::unlock_from(run.world.files, {run.asked.value("--passphrase-file").value_or(""), ""},
                           run.world.fresh_passphrase);
}

void report_written(const Run& run, const std::string& path, std::string_view hint) {
  if (run.json()) {
    run.talk.out() << to_json(Json::Object{{"command", run.asked.command->words}, {"written", path}}) << '\n';
    return;
  }
  run.talk.out() << "Written --> \"" << path << "\"\n";
  run.talk.hint(hint);
}

constexpr std::size_t kMaxRootsArchive = 32u << 20;

Status agreed_to(const Run& run, std::string_view question) {
  if (run.asked.has("--yes")) return {};
  if (run.world.ask && run.world.ask(question)) return {};
  return rejected("not confirmed; nothing was changed", "--yes once you have read what changes");
}

Result<ArchiveTask> task_of(const Run& run, const keys::ArchiveFile& file, keys::ArchiveUnlock& unlock) {
  ArchiveTask task{file, unlock, run.talk, run.world.clock.now(), run.asked.value("--output").value_or("")};
  task.agree = [&run](std::string_view question) { return agreed_to(run, question); };
  task.print = run.json() ? ArchiveTask::Print::json : ArchiveTask::Print::text;
  task.run = run.asked.has("--dry-run") ? ArchiveTask::Run::dry : ArchiveTask::Run::real;
  const auto path = run.asked.value("--trusted-root");
  if (!path) return task;
  const Bytes bytes = TRY_IN("--trusted-root", run.world.files.read(*path, kMaxRootsArchive));
  task.trusted = TRY_IN("--trusted-root", ceremony::read_trusted_chain(bytes));
  return task;
}

// The chain of the server from the archive, what this machine remembers, or on first use where that is agreed to.
Result<ceremony::Chain> server_chain(const Run& run, const keys::Archive& archive) {
  const auto access = TRY(access_to(TRY(load_config(run.asked, run.world)), archive, run.world.fetcher));
  const ceremony::TrustMemory memory(run.world.files, home_folder(run.world) + "/.config/rota/trust", access.source.base,
                                     access.factory);
  ceremony::Belief belief{.archive = &archive, .memory = &memory};
  if (run.asked.has("--trust-on-first-use"))
    belief.first_use = [&run](const auto& newest) -> Status {
      run.talk.warn("believed for the first time: root " + std::to_string(newest->version) + ", SHA-256 " +
                    crypto::sha256_hex(newest.raw()));
      return {};
    };
  return ceremony::believed_chain(access.source, belief, {});
}

}  // namespace

Result<keys::ArchiveUnlock> unlock_of(const Run& run) {
  auto unlock = TRY(keys::unlock_from(
      run.world.files, {run.asked.value("--passphrase-file").value_or(""), run.asked.value("--identity").value_or("")},
      run.world.passphrase));
  const auto asked = [&](std::string_view flag) { return run.asked.value(flag).value_or(""); };
  unlock.reach(std::make_shared<keys::KeyHomes>(
      run.world.files, keys::KeyAccess{run.world.pin, asked("--pin-file"), asked("--signer")}));
  return unlock;
}

Status archive_show(const Run& run) {
  auto unlock = TRY(unlock_of(run));
  const keys::ArchiveFile file(run.world.files, TRY(only_archive(run)), &unlock);
  const auto disk = TRY(file.read());
  const Json report = TRY(ceremony::archive_report(file, disk));
  run.talk.out() << (run.json() ? to_pretty_json(report) : ceremony::archive_text(report));
  return {};
}

Status archive_verify(const Run& run) {
  auto unlock = TRY(unlock_of(run));
  const keys::ArchiveFile file(run.world.files, TRY(only_archive(run)), &unlock);
  const auto disk = TRY(file.read());
  TRY(ceremony::archive_is_whole(disk));
  if (run.json()) {
    run.talk.out() << to_pretty_json(TRY(ceremony::archive_report(file, disk)));
    return {};
  }
  const auto elsewhere = ceremony::keys_elsewhere(disk.archive);
  run.talk.out() << "Every private key belongs to its public half: " << disk.archive.keys().size() - elsewhere << " keys\n";
  if (elsewhere > 0) run.talk.out() << "Not asked, because they live elsewhere: " << elsewhere << " keys; a drill tries them\n";
  return {};
}

Status archive_encrypt(const Run& run) {
  const std::string path = TRY(only_archive(run));
  const keys::ArchiveFile file(run.world.files, path);
  auto unlock = TRY(unlock_for_sealing(run));
  ceremony::SealWish wish{.output = run.asked.value("--output").value_or(path + ".age")};
  wish.recipients = TRY_IN("--recipient", keys::parse_recipients(run.asked.value("--recipient").value_or("")));
  TRY(ceremony::seal_archive(file, unlock, wish, run.world.clock.now()));
  report_written(run, wish.output, "'" + path + "' still holds the keys in the open; once you have opened the sealed one, remove it");
  return {};
}

Status archive_decrypt(const Run& run) {
  const std::string path = TRY(only_archive(run));
  const auto output = run.asked.value("--output");
  if (!output) return bad_input("keys archive decrypt: where to?", "fioctl keys archive decrypt FILE -o OUT");
  auto unlock = TRY(unlock_of(run));
  const keys::ArchiveFile file(run.world.files, path, &unlock);
  TRY(ceremony::open_archive(file, unlock, *output));
  report_written(run, *output, "it holds the keys in the open");
  return {};
}

Status archive_prune(const Run& run) {
  auto unlock = TRY(unlock_of(run));
  const keys::ArchiveFile file(run.world.files, TRY(only_archive(run)), &unlock);
  const auto allowed = allowed_names(run.asked);
  AskFleet fleet;
  if (std::ranges::find(allowed, kDevicesBehind) == allowed.end())
    fleet = [&run](const keys::Archive& archive) -> Result<Fleet> {
      const auto access = TRY(access_for(run, archive));
      return fetch_fleet(access.source, access.factory);
    };
  return prune_archive(TRY(task_of(run, file, unlock)), fleet);
}

Status archive_split(const Run& run) {
  auto unlock = TRY(unlock_of(run));
  const keys::ArchiveFile file(run.world.files, TRY(only_archive(run)), &unlock);
  return split_archive(TRY(task_of(run, file, unlock)), run.asked.value("--role").value_or(""));
}

Status archive_drill(const Run& run) {
  auto unlock = TRY(unlock_of(run));
  const keys::ArchiveFile file(run.world.files, TRY(only_archive(run)), &unlock);
  return drill_archive(TRY(task_of(run, file, unlock)),
                       [&run](const keys::Archive& archive) { return server_chain(run, archive); });
}

}  // namespace rota::compat::fio
