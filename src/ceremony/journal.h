// FILE.journal: how far a change of the root has come, so that a later run can settle it (fioctl.md 8,
// docs/formats/archive.md). Holds no private key.
#pragma once

#include <map>
#include <string>

#include "base/files.h"
#include "ceremony/trust.h"

namespace rota::ceremony {

struct PinnedRoot {
  tuf::Version version = 0;
  std::string sha256;  // of the bytes as served
  bool operator==(const PinnedRoot&) const = default;
};

struct Journal {
  enum class State {
    prepared,   // the new archive is durable; no request has carried the new key
    sending,    // one may have
    confirmed,  // the server shows our roots
  };
  std::string command = {};
  std::string factory = {};
  std::string server = {};
  std::string archive_sha256 = {};  // of FILE before
  std::string next_sha256 = {};     // of FILE.tmp
  std::map<Stream, PinnedRoot> trusted = {};
  std::map<Stream, Bytes> candidate = {};  // signed roots, as sent
  std::string txid = {};
  State state = State::prepared;
  Time updated_at = {};
  bool operator==(const Journal&) const = default;
};

std::string_view name_of(Journal::State state);
Json journal_json(const Journal& journal);
Result<Journal> journal_from_json(const Json& json);  // bad_input

// Old journal or new one, at any power cut.
Status write_journal(Files& files, const std::string& path, const Journal& journal);
// not_found, or io when it cannot be read.
Result<Journal> read_journal(Files& files, const std::string& path);
Status remove_journal(Files& files, const std::string& path);

}  // namespace rota::ceremony
