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
                         {"command", journal.command},
                         {"factory", journal.factory},
                         {"server", journal.server},
                         {"archive_sha256", journal.archive_sha256},
                         {"tmp_sha256", journal.next_sha256},
                         {"trusted", Json(Json::Object{})},
                         {"candidate", Json(Json::Object{})},
                         {"txid", journal.txid},
                         {"state", name_of(journal.state)},
                         {"updated-at", rfc3339(journal.updated_at)}});
  for (const auto& [stream, pin] : journal.trusted)
    json["trusted"][name_of(stream)] = Json(Json::Object{{"version", Json(pin.version)}, {"sha256", pin.sha256}});
  for (const auto& [stream, bytes] : journal.candidate) json["candidate"][name_of(stream)] = Json(bytes);
  return json;
}

Result<Journal> journal_from_json(const Json& json) {
  if (json.text_or("format", "") != kFormat) return bad_input("journal: format: want '" + std::string(kFormat) + "'");
  TRY_IN("journal", json.object("trusted"));
  TRY_IN("journal", json.object("candidate"));
  Journal journal;
  journal.command = TRY_IN("journal", json.text("command"));
  journal.factory = TRY_IN("journal", json.text("factory"));
  journal.server = TRY_IN("journal", json.text("server"));
  journal.archive_sha256 = TRY_IN("journal", json.text("archive_sha256"));
  journal.next_sha256 = TRY_IN("journal", json.text("tmp_sha256"));
  journal.txid = json.text_or("txid", "");
  const std::string state = TRY_IN("journal", json.text("state")), at = TRY_IN("journal", json.text("updated-at"));
  journal.state = TRY(state_named(state));
  journal.updated_at = TRY_IN("journal", parse_rfc3339(at));
  TRY(read_streams(journal, json));
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
