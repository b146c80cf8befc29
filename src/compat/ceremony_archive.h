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

Status prune_archive(const ArchiveTask& task);
// bad_input unless `role` is "root" or "targets".
Status split_archive(const ArchiveTask& task, const std::string& role);

// The newest root that the server shows, verified from the archive; asked only without --trusted-root.
using NewestRoot = std::function<Result<ceremony::Chain>(const keys::Archive& archive)>;
// rejected, with the result filed all the same, when no key of the archive is a root key of the newest root.
Status drill_archive(const ArchiveTask& task, const NewestRoot& newest);

}  // namespace rota::compat
