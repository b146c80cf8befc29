#include "ceremony/journal.h"

namespace rota::ceremony {
namespace {

constexpr std::string_view kFormat = "rota-journal/1";
constexpr std::size_t kMaxJournal = 1u << 20;
constexpr Journal::State kStates[] = {Journal::State::prepared, Journal::State::sending, Journal::State::confirmed};
constexpr Stream kStreams[] = {Stream::ci, Stream::prod};

Result<Journal::State> state_named(std::string_view name) {
  for (const auto state : kStates)
    if (name_of(state) == name) return state;
  return bad_input("journal: state: want prepared, sending or confirmed, got '" + std::string(name.substr(0, 40)) +
                   "'");
}

Status read_companions(Journal& journal, const Json& json) {
  const Json* also = json.find("also");
  if (also == nullptr) return {};
  if (also->if_array() == nullptr) return bad_input("journal: also: want a list");
  for (const Json& one : *also->if_array()) {
    Journal::Companion companion;
    companion.path = TRY_IN("journal: also", one.text("path"));
    companion.archive_sha256 = TRY_IN("journal: also", one.text("archive_sha256"));
    companion.next_sha256 = TRY_IN("journal: also", one.text("tmp_sha256"));
    journal.also.push_back(std::move(companion));
  }
  return {};
}

Status read_streams(Journal& journal, const Json& json) {
  for (const auto stream : kStreams) {
    const Json* trusted = json.find("trusted")->find(name_of(stream));
    const Json* candidate = json.find("candidate")->find(name_of(stream));
    if (trusted == nullptr || candidate == nullptr) continue;
    if (candidate->if_text() == nullptr) return bad_input("journal: candidate: want text");
    const auto version = TRY(trusted->integer("version"));
    const auto sha256 = TRY(trusted->text("sha256"));
    journal.trusted[stream] = {version, sha256};
    journal.candidate[stream] = *candidate->if_text();
  }
  if (!journal.candidate.contains(Stream::ci)) return bad_input("journal: want a candidate of the ci stream");
  return {};
}

}  // namespace

std::string_view name_of(Journal::State state) {
  switch (state) {
    case Journal::State::prepared: return "prepared";
    case Journal::State::sending: return "sending";
    case Journal::State::confirmed: return "confirmed";
  }
  abort_with("ceremony: no such journal state");
}

Json journal_json(const Journal& journal) {
  Json json(Json::Object{{"format", kFormat},
                         {"aim", journal.aim == Journal::Aim::stage ? "stage" : "publish"},
                         {"command", journal.command},
                         {"message", journal.message},
                         {"factory", journal.factory},
                         {"server", journal.server},
                         {"archive_sha256", journal.archive_sha256},
                         {"tmp_sha256", journal.next_sha256},
                         {"trusted", Json(Json::Object{})},
                         {"candidate", Json(Json::Object{})},
                         {"txid", journal.txid},
                         {"bound", Json(journal.bound_to_transaction)},
                         {"state", name_of(journal.state)},
                         {"updated-at", rfc3339(journal.updated_at)}});
  for (const auto& [stream, pin] : journal.trusted)
    json["trusted"][name_of(stream)] = Json(Json::Object{{"version", Json(pin.version)}, {"sha256", pin.sha256}});
  for (const auto& one : journal.also)
    json["also"].push_back(Json(Json::Object{
        {"path", one.path}, {"archive_sha256", one.archive_sha256}, {"tmp_sha256", one.next_sha256}}));
  if (!journal.targets_signatures.is_null()) json["targets-signatures"] = journal.targets_signatures;
  if (!journal.waves_signatures.is_null()) json["waves-signatures"] = journal.waves_signatures;
  for (const auto& [stream, bytes] : journal.candidate) json["candidate"][name_of(stream)] = Json(bytes);
  return json;
}

Result<Journal> journal_from_json(const Json& json) {
  if (json.text_or("format", "") != kFormat) return bad_input("journal: format: want '" + std::string(kFormat) + "'");
  TRY_IN("journal", json.object("trusted"));
  TRY_IN("journal", json.object("candidate"));
  Journal journal;
  if (json.text_or("aim", "publish") == "stage") journal.aim = Journal::Aim::stage;
  journal.command = TRY_IN("journal", json.text("command"));
  journal.message = json.text_or("message", "");
  if (const Json* signatures = json.find("targets-signatures")) journal.targets_signatures = *signatures;
  if (const Json* signatures = json.find("waves-signatures")) journal.waves_signatures = *signatures;
  journal.factory = TRY_IN("journal", json.text("factory"));
  journal.server = TRY_IN("journal", json.text("server"));
  journal.archive_sha256 = TRY_IN("journal", json.text("archive_sha256"));
  journal.next_sha256 = TRY_IN("journal", json.text("tmp_sha256"));
  journal.txid = json.text_or("txid", "");
  if (const Json* bound = json.find("bound"); bound != nullptr && bound->if_bool() != nullptr)
    journal.bound_to_transaction = *bound->if_bool();
  const std::string state = TRY_IN("journal", json.text("state")), at = TRY_IN("journal", json.text("updated-at"));
  journal.state = TRY(state_named(state));
  journal.updated_at = TRY_IN("journal", parse_rfc3339(at));
  TRY(read_streams(journal, json));
  TRY(read_companions(journal, json));
  return journal;
}

Status write_journal(Files& files, const std::string& path, const Journal& journal) {
  return replace_file(files, path, to_pretty_json(journal_json(journal)), 0600);
}

Result<Journal> read_journal(Files& files, const std::string& path) {
  const Bytes bytes = TRY(files.read(path, kMaxJournal));
  const auto json = parse_json(bytes, {.max_bytes = kMaxJournal});
  auto journal = json.ok() ? journal_from_json(*json) : Result<Journal>(json.error());
  if (!journal) return io_error("'" + path + "': " + journal.error().what);
  return journal;
}

Status remove_journal(Files& files, const std::string& path) {
  TRY(files.remove(path));
  return files.sync_folder(folder_of(path));
}

}  // namespace rota::ceremony
