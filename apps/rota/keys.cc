#include <algorithm>

#include "ceremony.h"
#include "ceremony/archive_keeping.h"
#include "cli/passphrase.h"
#include "compat/ceremony_archive.h"

namespace rota::app {
namespace {

const Option kArchive{Option::Kind::argument, "archive", "the archive file"};
const Option kPassphraseFile{Option::Kind::value, "--passphrase-file", "its first line is the passphrase (also /dev/fd/N)"};
const Option kPinFile{Option::Kind::value, "--pin-file", "PIN of the token or TPM that a key lives in"};
const Option kSigner{Option::Kind::value, "--signer", "the program that signs for keys behind one"};
const Option kIdentity{Option::Kind::value, "--identity", "file with age identities; a comma between several"};

Result<crypto::SecretBytes> ask_for_a_new_one(std::string_view what) {
  return cli::new_passphrase("new passphrase for " + std::string(what));
}

Status show(const Invocation& call) {
  auto unlock = TRY(unlock_of(call));
  const keys::ArchiveFile file(call.files, call.given.text("archive"), &unlock);
  const auto disk = TRY(file.read());
  const Json report = TRY(ceremony::archive_report(file, disk));
  call.talk.out() << (call.json() ? to_json(report) + "\n" : ceremony::archive_text(report));
  return {};
}

Status verify(const Invocation& call) {
  auto unlock = TRY(unlock_of(call));
  const keys::ArchiveFile file(call.files, call.given.text("archive"), &unlock);
  const auto disk = TRY(file.read());
  TRY(ceremony::archive_is_whole(disk));
  const auto elsewhere = static_cast<std::int64_t>(ceremony::keys_elsewhere(disk.archive));
  const auto count = static_cast<std::int64_t>(disk.archive.keys().size());
  if (call.json()) {
    call.talk.out() << to_json(Json::Object{{"archive", file.path()}, {"whole", true}, {"keys", count}, {"elsewhere", elsewhere}})
                    << "\n";
    return {};
  }
  call.talk.say("every private key belongs to its public half: " + std::to_string(count - elsewhere) + " keys");
  if (elsewhere > 0)
    call.talk.say("not asked, because they live elsewhere: " + std::to_string(elsewhere) + " keys; a drill tries them");
  return {};
}

void report_written(const Invocation& call, const std::string& path, std::string_view hint) {
  call.talk.say("written: " + path);
  call.talk.hint(hint);
  if (call.json()) call.talk.out() << to_json(Json::Object{{"written", path}}) << "\n";
}

Status encrypt(const Invocation& call) {
  const keys::ArchiveFile file(call.files, call.given.text("archive"));
  auto unlock = TRY(keys::unlock_from(call.files, {call.given.text("passphrase-file"), ""}, ask_for_a_new_one));
  ceremony::SealWish wish{.output = call.given.text_or("output", file.path() + ".age")};
  wish.recipients = TRY_IN("--recipient", keys::parse_recipients(call.given.text("recipient")));
  TRY(ceremony::seal_archive(file, unlock, wish, SystemClock().now()));
  report_written(call, wish.output,
                 "'" + file.path() + "' still holds the keys in the open; once you have opened the sealed one, remove it");
  return {};
}

Status decrypt(const Invocation& call) {
  auto unlock = TRY(unlock_of(call));
  const keys::ArchiveFile file(call.files, call.given.text("archive"), &unlock);
  TRY(ceremony::open_archive(file, unlock, call.given.text("output")));
  report_written(call, call.given.text("output"), "it holds the keys in the open");
  return {};
}

Result<compat::ArchiveTask> task_of(const Invocation& call, const keys::ArchiveFile& file, keys::ArchiveUnlock& unlock) {
  compat::ArchiveTask task{file, unlock, call.talk, SystemClock().now(), call.given.text("output")};
  task.agree = [&call](std::string_view question) { return confirmed(call, question); };
  task.trusted = TRY(given_chain(call));
  task.print = call.json() ? compat::ArchiveTask::Print::json : compat::ArchiveTask::Print::text;
  task.run = call.given.has("dry-run") ? compat::ArchiveTask::Run::dry : compat::ArchiveTask::Run::real;
  return task;
}

Status prune(const Invocation& call) {
  auto unlock = TRY(unlock_of(call));
  const keys::ArchiveFile file(call.files, call.given.text("archive"), &unlock);
  compat::AskFleet fleet;
  const auto allowed = allowed_of(call).names;
  if (std::ranges::find(allowed, compat::kDevicesBehind) == allowed.end())
    fleet = [&call](const keys::Archive&) -> Result<compat::Fleet> {
      const std::string factory = call.given.text("factory");
      if (factory.empty()) return bad_input("whose devices?", "give --factory NAME");
      return compat::fetch_fleet(TRY(call.service.root_source(factory)), factory);
    };
  return compat::prune_archive(TRY(task_of(call, file, unlock)), fleet);
}

Status split_off(const Invocation& call) {
  auto unlock = TRY(unlock_of(call));
  const keys::ArchiveFile file(call.files, call.given.text("archive"), &unlock);
  return compat::split_archive(TRY(task_of(call, file, unlock)), call.given.text("role"));
}

Status drill(const Invocation& call) {
  auto unlock = TRY(unlock_of(call));
  const keys::ArchiveFile file(call.files, call.given.text("archive"), &unlock);
  const std::string factory = call.given.text("factory");
  return compat::drill_archive(TRY(task_of(call, file, unlock)), [&](const keys::Archive& archive) -> Result<ceremony::Chain> {
    if (factory.empty()) return bad_input("drill: against which root?", "give --factory NAME, or --trusted-root FILE");
    const auto source = TRY(call.service.root_source(factory));
    return server_chain(call, source, factory, &archive);
  });
}

}  // namespace

Noun keys_noun() {
  const Option sealed_to{Option::Kind::value, "--recipient", "seal to these age recipients; a comma between several"};
  const Option sealed{Option::Kind::value, "-o,--output", "the sealed copy (the archive's name and .age)"};
  const Option opened{Option::Kind::required_value, "-o,--output", "the open copy"};
  const Option second{Option::Kind::value, "-o,--output", "the second archive (a name beside the first)"};
  const Option trusted{Option::Kind::value, "--trusted-root", "the newest root, or a roots archive, obtained by other means"};
  const Option yes{Option::Kind::flag, "--yes", "do not ask"}, dry{Option::Kind::flag, "--dry-run", "only say what would move"};
  return {"keys",
          "The owner's key archive",
          {{"archive show", "what is in it, never a private key", {kArchive, kPassphraseFile, kIdentity}, show},
           {"archive verify", "check every private key against its public half", {kArchive, kPassphraseFile, kIdentity}, verify},
           {"archive encrypt", "write a sealed copy (age v1)", {kArchive, sealed, kPassphraseFile, sealed_to}, encrypt},
           {"archive decrypt", "write an open copy", {kArchive, opened, kPassphraseFile, kIdentity}, decrypt},
           {"archive prune", "move what is not needed any more to a second archive",
            {kArchive, second, trusted, {Option::Kind::value, "--factory", "whose devices must trust the newest root by now"},
             {Option::Kind::value, "--allow", "devices-behind: although devices trust only an older root"}, dry, yes,
             kPassphraseFile, kIdentity},
            prune},
           {"archive split", "move the keys of a role to a second archive",
            {kArchive, {Option::Kind::required_value, "--role", "targets or root"}, second, dry, yes, kPassphraseFile, kIdentity},
            split_off},
           {"archive drill", "prove that a backup still opens the root, and file the result",
            {kArchive, {Option::Kind::value, "--factory", "whose newest root the server is asked for"}, trusted,
             {Option::Kind::flag, "--trust-on-first-use", "believe what is shown when nothing else is known"},
             kPassphraseFile, kIdentity, kPinFile, kSigner},
            drill}},
          {"rota keys archive encrypt acme-root-keys.tgz --passphrase-file /dev/fd/3 3<phrase",
           "rota keys archive show acme-root-keys.tgz.age"},
          key_holder_exit_code};
}

}  // namespace rota::app
