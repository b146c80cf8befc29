// A drill: can the keys of this backup still do what they are kept for? (docs/formats/archive.md)
// In:    an archive opened in memory, the newest verified root.
// Out:   a dated result, signed by every key that could be used, over a nonce nobody knew before.
// Never: a key taken from the archive's word: the verdict is against the root; a file but the result.
#pragma once

#include <string>
#include <vector>

#include "ceremony/anchor.h"
#include "keys/archive_file.h"

namespace rota::ceremony {

struct Drill {
  Json result;                    // {"signatures":[…],"signed":{…}}
  std::vector<std::string> said;  // for people, a line a key
  bool passed = false;            // at least one of the root's own root keys signed
};
// Signs with every private key of the archive that `newest` names for root or targets. Errors: a .sec that does not
// belong to its .pub, or that cannot be read.
Result<Drill> drilled(const keys::ArchiveOnDisk& disk, const std::string& name, const tuf::Trusted<tuf::Root>& newest,
                      Time now);

// FILE.drill-20300101T000000Z.json, durable, 0600: not secret, and nobody else's either. Its path.
Result<std::string> file_drill(Files& files, const std::string& archive_path, const Drill& drill, Time now);

// Checks a result against a root: its signatures are by keys of that root and cover what it says. rejected otherwise,
// or when it says that it failed. The body ("signed").
Result<Json> read_drill(BytesView bytes, const tuf::Trusted<tuf::Root>& root);
constexpr std::string_view kDrillType = "archive-drill";

}  // namespace rota::ceremony
