// keys archive show, verify, encrypt, decrypt (fioctl.md 11).
#include "ceremony/archive_keeping.h"
#include "compat/fioctl_run.h"

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

}  // namespace

Result<keys::ArchiveUnlock> unlock_of(const Run& run) {
  return keys::unlock_from(run.world.files,
                           {run.asked.value("--passphrase-file").value_or(""), run.asked.value("--identity").value_or("")},
                           run.world.passphrase);
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
  run.talk.out() << "Every private key belongs to its public half: " << disk.archive.keys().size() << " keys\n";
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

}  // namespace rota::compat::fio
