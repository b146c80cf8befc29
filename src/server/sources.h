// Source repositories: bare git repositories of a factory, and the builds that pushes to them start (ci.md 1, 2).
// In:    what `git` says the refs are now; what this database saw last.
// Out:   one build for each matching trigger of each ref that moved, in the transaction that remembers the new refs.
// Never: a push without its build because the process ended in between (docs/formats/builds.md, "from a push to a build").
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/child.h"
#include "base/files.h"
#include "server/builds.h"

namespace rota::server {

struct Source {
  std::int64_t id = 0;
  std::string factory, name, project;
};

struct NewSource {
  std::string factory, name;               // [a-z0-9][a-z0-9_.-]{0,63}, not ending in ".git"
  std::string project = "lmp";             // same grammar
  std::optional<std::int64_t> first_build = {};
};

struct SourceDoors {
  store::Database& db;
  Files& files;
  const Clock& clock;
};

// Threads may share it.
class Sources {
 public:
  // `git_folder`: DIR/git, holding <factory>/<name>.git.
  Sources(const SourceDoors& doors, std::string git_folder)
      : doors_(doors), builds_(doors.db, doors.clock), git_folder_(std::move(git_folder)) {}

  // bad_input: a name outside its grammar; conflict: it exists, or the project has passed that first build.
  Result<Source> create(const NewSource& order);
  Result<Source> find(const std::string& factory, const std::string& name);  // not_found
  Result<std::vector<Source>> list(const std::string& factory);
  std::string folder(const Source& source) const;
  const std::string& git_folder() const { return git_folder_; }

  // Held by a push from before git starts until its builds are noticed, so that no two pushes are taken for one.
  std::unique_lock<std::mutex> turn(const Source& source);
  // Compares the refs with those seen last and queues the builds of those that moved.
  Result<std::vector<BuildKey>> notice(const Source& source);
  // For a start after a cut: notice on every repository.
  Status notice_all();

 private:
  struct Moved {
    std::string ref, commit, old_commit;  // commit empty: the ref is gone
  };
  Result<std::vector<Source>> select(const std::string& where, const std::vector<store::Value>& values);
  Status make_repository(const std::string& path);
  Result<std::vector<Moved>> moved_refs(const Source& source);
  Result<std::vector<NewBuild>> builds_of(const Source& source, const Moved& moved);
  Result<std::optional<std::string>> job_file_at(const Source& source, const std::string& commit);
  Status remember(const Source& source, const Moved& moved);

  SourceDoors doors_;
  Builds builds_;
  std::string git_folder_;
  std::mutex mutex_;
  std::map<std::int64_t, std::mutex> turns_;
};

// `git` with these arguments and nobody's configuration but the repository's.
Command git_command(std::vector<std::string> arguments);
bool is_source_name(std::string_view name);

}  // namespace rota::server
