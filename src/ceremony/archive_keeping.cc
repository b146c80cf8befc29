#include "ceremony/archive_keeping.h"

#include <cstdio>

#include "ceremony/anchor.h"
#include "ceremony/journal.h"
#include "crypto/hash.h"
#include "keys/key_file.h"

namespace rota::ceremony {
namespace {

using crypto::SecretBytes;
using keys::AgeLock;

constexpr Stream kStreams[] = {Stream::ci, Stream::prod};
using Roots = std::map<Stream, tuf::Trusted<tuf::Root>>;

std::string_view name_of(AgeLock lock) {
  switch (lock) {
    case AgeLock::none: return "no";
    case AgeLock::passphrase: return "passphrase";
    case AgeLock::recipients: return "recipients";
  }
  abort_with("AgeLock: not one of its values");
}

std::string octal(unsigned mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", mode & 07777);
  return text;
}

std::string_view type_name(crypto::KeyType type) {
  return type == crypto::KeyType::ed25519 ? "ED25519" : type == crypto::KeyType::rsa ? "RSA" : "EC";
}

// The pins, or the candidates.
Result<Roots> roots_of(const keys::Archive& archive, decltype(&archive_pin) which) {
  Roots roots;
  for (const Stream stream : kStreams) {
    auto root = TRY(which(archive, stream));
    if (root) roots.emplace(stream, *std::move(root));
  }
  return roots;
}

// Of each stream the newest that the archive holds.
Roots newest(Roots pins, const Roots& candidates) {
  for (const auto& [stream, candidate] : candidates)
    if (const auto pin = pins.find(stream); pin == pins.end() || candidate->version > pin->second->version)
      pins.insert_or_assign(stream, candidate);
  return pins;
}

Json roots_json(const Roots& roots) {
  Json json(Json::Object{});
  for (const auto& [stream, root] : roots)
    json[ceremony::name_of(stream)] = Json(Json::Object{{"version", Json(root->version)},
                                                        {"sha256", crypto::sha256_hex(root.raw())},
                                                        {"expires", rfc3339(root->expires)}});
  return json;
}

Json roles_of(const crypto::PublicKey& key, const Roots& roots) {
  Json roles(Json::Array{});
  for (const auto& [stream, root] : roots) {
    for (const tuf::Role role : {tuf::Role::root, tuf::Role::targets, tuf::Role::snapshot, tuf::Role::timestamp}) {
      const std::string suffix = stream == Stream::ci ? "" : " (prod)";
      if (root->material(role).contains(key)) roles.push_back(std::string(tuf::name_of(role)) + suffix);
    }
  }
  return roles;
}

// "archive", or what its file says instead; "" where there is none.
std::string home_of(const keys::Archive& archive, const keys::ArchivedKey& key) {
  const auto* sec = archive.find(key.sec_member);
  if (sec == nullptr) return "";
  const auto elsewhere = keys::reference_in(*sec);
  return elsewhere.ok() && *elsewhere ? (*elsewhere)->home : "archive";
}

Json keys_json(const keys::Archive& archive, const Roots& roots) {
  Json json(Json::Array{});
  for (const auto& key : archive.keys())
    json.push_back(Json(Json::Object{{"keyid", tuf::key_id(key.public_key).hex},
                                     {"type", type_name(key.public_key.type())},
                                     {"pub", key.pub_member},
                                     {"private", archive.find(key.sec_member) != nullptr},
                                     {"home", home_of(archive, key)},
                                     {"roles", roles_of(key.public_key, roots)}}));
  return json;
}

std::string where_words(const std::string& home) {
  if (home.empty()) return "public half only";
  return home == "archive" ? "private half here" : "private half elsewhere: " + home;
}

Status add_leftovers(const keys::ArchiveFile& file, Json& report) {
  for (const auto& path : {file.next_path(), file.journal_path()})
    if (TRY(file.files().facts(path)).exists()) report["leftovers"].push_back(Json(path));
  if (!TRY(file.files().facts(file.journal_path())).exists()) return {};
  report["journal"] = ceremony::name_of(TRY(read_journal(file.files(), file.journal_path())).state);
  return {};
}

Result<SecretBytes> file_bytes(const keys::ArchiveFile& file) {
  return SecretBytes(TRY(file.files().read(file.path(), keys::ArchiveLimits().packed)));
}

// Whole or not at all, under a name that is free.
Status write_copy(Files& files, const std::string& path, BytesView bytes) {
  if (TRY(files.facts(path)).exists()) return conflict("'" + path + "': exists already", "name another file with -o");
  return replace_file(files, path, bytes, 0600);
}

}  // namespace

Result<Json> archive_report(const keys::ArchiveFile& file, const keys::ArchiveOnDisk& disk) {
  const Roots pins = TRY(roots_of(disk.archive, archive_pin));
  const Roots candidates = TRY(roots_of(disk.archive, archive_candidate));
  const SecretBytes bytes = TRY(file_bytes(file));
  Json report(Json::Object{{"archive", file.path()},
                           {"sha256", disk.sha256},
                           {"mode", octal(disk.mode)},
                           {"sealed", name_of(keys::age_lock(bytes.reveal()))},
                           {"layout", disk.archive.is_tufrepo() ? "tufrepo" : "keys"},
                           {"members", static_cast<std::int64_t>(disk.archive.members().size())},
                           {"keys", keys_json(disk.archive, newest(pins, candidates))},
                           {"pins", roots_json(pins)},
                           {"candidates", roots_json(candidates)},
                           {"leftovers", Json(Json::Array{})},
                           {"unreadable", Json(Json::Array{})}});
  for (const auto& member : disk.archive.unreadable()) report["unreadable"].push_back(Json(member));
  for (const auto& recipient : TRY(keys::noted_recipients(disk.archive))) report["recipients"].push_back(recipient.text());
  TRY(add_leftovers(file, report));
  return report;
}

std::string archive_text(const Json& report) {
  std::string text = "archive   " + report.text_or("archive", "") + "\n" + "sealed    " + report.text_or("sealed", "") + "\n" +
                     "mode      " + report.text_or("mode", "") + "\n";
  for (const std::string_view which : {"pins", "candidates"})
    for (const auto& [stream, root] : *report.find(which)->if_object())
      text += std::string(which == "pins" ? "verified  " : "signed    ") + "root " + stream + " " +
              std::to_string(root.integer_or("version", 0)) + ", expires " + root.text_or("expires", "") + "\n";
  if (const auto* state = report.find("journal")) text += "journal   " + *state->if_text() + ": finish it with --resume\n";
  for (const Json& key : *report.find("keys")->if_array()) {
    std::string roles;
    for (const Json& role : *key.find("roles")->if_array()) roles += (roles.empty() ? "" : ", ") + *role.if_text();
    text += "key       " + key.text_or("keyid", "") + " " + key.text_or("type", "") + ", " +
            where_words(key.text_or("home", "")) + ", " +
            (roles.empty() ? "no role now" : roles) + "\n";
  }
  for (const Json& member : *report.find("unreadable")->if_array()) text += "unreadable " + *member.if_text() + "\n";
  return text;
}

std::size_t keys_elsewhere(const keys::Archive& archive) {
  const auto all = archive.keys();
  return static_cast<std::size_t>(std::ranges::count_if(all, [&](const auto& key) {
    const std::string home = home_of(archive, key);
    return !home.empty() && home != "archive";
  }));
}

Status archive_is_whole(const keys::ArchiveOnDisk& disk) {
  const auto unreadable = disk.archive.unreadable();
  if (!unreadable.empty()) return bad_input("'" + unreadable.front() + "': is no public key file");
  for (const auto& key : disk.archive.keys()) TRY(disk.archive.private_key(key));
  TRY(roots_of(disk.archive, archive_pin));
  TRY(roots_of(disk.archive, archive_candidate));
  return {};
}

Status seal_archive(const keys::ArchiveFile& file, keys::ArchiveUnlock& unlock, const SealWish& wish, Time now) {
  const auto disk = TRY(file.read());
  keys::Archive archive = disk.archive.copy();
  if (!wish.recipients.empty()) keys::note_recipients(archive, wish.recipients);
  const SecretBytes packed = TRY(archive.packed(now));
  if (wish.recipients.empty()) {
    const SecretBytes phrase = TRY(unlock.passphrase("'" + wish.output + "'"));
    const Bytes sealed = TRY(keys::age_sealed(packed.reveal(), phrase));
    const SecretBytes again = TRY(keys::age_opened(sealed, phrase));
    if (again.reveal() != packed.reveal()) return io_error("'" + wish.output + "': does not open to what was sealed");
    return write_copy(file.files(), wish.output, sealed);
  }
  return write_copy(file.files(), wish.output, TRY(keys::age_sealed(packed.reveal(), wish.recipients)));
}

Status open_archive(const keys::ArchiveFile& file, keys::ArchiveUnlock& unlock, const std::string& output) {
  const SecretBytes bytes = TRY(file_bytes(file));
  if (keys::age_lock(bytes.reveal()) == AgeLock::none) return bad_input("'" + file.path() + "': is not sealed");
  const SecretBytes open = TRY(unlock.opened(bytes.reveal(), "'" + file.path() + "'"));
  TRY(keys::Archive::read(open.reveal()));
  return write_copy(file.files(), output, open.reveal());
}

}  // namespace rota::ceremony
