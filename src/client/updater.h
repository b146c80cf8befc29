// A TUF client in four calls: open, refresh, find, download (TUF 5). The same workflow as the device agent's, over any store
// and any fetcher.
// In:    a repository that may lie, a store that somebody may have edited, one clock reading.
// Out:   a target's verified facts; its bytes in a file, whole or not at all.
// Never: a file outside `folder` written; bytes believed that were not hashed just now.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/fetcher.h"
#include "base/files.h"
#include "client/clock.h"
#include "client/limits.h"
#include "client/trust_store.h"

namespace rota::client {

class Updater {
 public:
  struct Options {
    std::string metadata_url;      // folder of N.root.json, timestamp.json, …; a '/' at its end changes nothing
    std::string targets_url = {};  // folder of the targets; likewise
    enum class TargetNames { hashed, plain } target_names = TargetNames::hashed;  // "<hash>.<name>" with consistent snapshots
    Limits limits = {};
    Time now;  // the one clock reading of this update (TUF 5.1); raised where the store knows better (clock.h)
    Time earliest = build_time();  // no clock reading before this is believed
  };

  // Verifies what is stored, starting from its oldest root (TUF 5.2). Asks for nothing. rejected: no root, or one that does
  // not verify. `fetcher`, `store` and `files` outlive the updater; one thread at a time.
  static Result<std::unique_ptr<Updater>> open(Fetcher& fetcher, TrustStore& store, Files& files, Options options);
  virtual ~Updater() = default;

  // TUF 5.3 to 5.6. Errors: unavailable, denied, rejected, expired, io.
  virtual Status refresh() = 0;
  // TUF 5.6.7. Nothing: no role offers it. Refreshes first when that has not been done. Asks for each delegated file at most
  // once in the life of this object, unless what came was refused. Errors as of refresh(); nothing of a refused role is kept.
  virtual Result<std::optional<tuf::Target>> find(const std::string& target_path) = 0;
  // TUF 5.7. The path of the file in `folder`, named by the percent-encoded target path. A file that is there already and has
  // the target's length and hashes is not fetched again. rejected: no known hash, other bytes, a path with dot segments;
  // bad_input: a name no file can have; conflict: it is on its way already.
  virtual Result<std::string> download(const tuf::Target& target, const std::string& folder) = 0;

  virtual const tuf::Root& root() const = 0;
};

}  // namespace rota::client
