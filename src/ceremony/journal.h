// FILE.journal: how far a change of the root has come, so that a later run can settle it (fioctl.md 8,
// docs/formats/archive.md). Holds no private key.
#pragma once

#include <map>
#include <string>
#include <vector>

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
  // What the change is for: roots that devices see when it is done, or a draft that somebody else may apply.
  enum class Aim { publish, stage };
  Aim aim = Aim::publish;
  std::string command = {};
  std::string factory = {};
  std::string server = {};
  std::string message = {};         // of the transaction, if one is opened
  std::string archive_sha256 = {};  // of FILE before; empty: there was none
  std::string next_sha256 = {};     // of FILE.tmp
  struct Companion {
    std::string path, archive_sha256, next_sha256;
    bool operator==(const Companion&) const = default;
  };
  std::vector<Companion> also = {};  // further archives that the same change writes
  std::map<Stream, PinnedRoot> trusted = {};
  std::map<Stream, Bytes> candidate = {};  // signed roots, as sent
  Json targets_signatures = {}, waves_signatures = {};  // by tag, by wave: sent with the roots
  std::string txid = {};
  // The roots name keys that were made in this transaction: without it they are good for nothing.
  bool bound_to_transaction = false;
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
