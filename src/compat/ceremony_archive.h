// keys archive prune, split and drill as both command lines have them, `rota` and `fioctl` (fioctl.md 11).
// In:    what was asked for, taken apart.
// Out:   the archives changed, or the drill filed; said to people or as JSON.
// Never: anything written before it was shown and agreed to.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/time.h"
#include "ceremony/anchor.h"
#include "cli/talk.h"
#include "compat/fleet.h"
#include "keys/archive_file.h"

namespace rota::compat {

struct ArchiveTask {
  const keys::ArchiveFile& file;
  keys::ArchiveUnlock& unlock;  // the one that `file` was made with
  const cli::Talk& talk;
  Time now = {};
  std::string output = {};                                      // of the second archive; empty: a name beside FILE
  std::function<Status(std::string_view question)> agree = {};  // Ok: go on
  std::optional<ceremony::Chain> trusted = {};                  // --trusted-root
  enum class Print { text, json } print = Print::text;
  enum class Run { real, dry } run = Run::real;
};

// Which root the devices trust. Empty: whoever runs this takes it on himself (--allow devices-behind).
using AskFleet = std::function<Result<Fleet>(const keys::Archive& archive)>;
// rejected while devices trust only a root older than the newest and keys would leave that only such roots name. Whether
// there are such devices is asked only then; not to know is an error.
Status prune_archive(const ArchiveTask& task, const AskFleet& fleet);
// bad_input unless `role` is "root" or "targets".
Status split_archive(const ArchiveTask& task, const std::string& role);

// The newest root that the server shows, verified from the archive; asked only without --trusted-root.
using NewestRoot = std::function<Result<ceremony::Chain>(const keys::Archive& archive)>;
// rejected, with the result filed all the same, when no key of the archive is a root key of the newest root.
Status drill_archive(const ArchiveTask& task, const NewestRoot& newest);

}  // namespace rota::compat
