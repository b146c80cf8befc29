// What the server tells a worker of one run (docs/formats/builds.md, "run definition").
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/time.h"
#include "crypto/secret.h"

namespace rota::runner {

struct Publish {
  std::string machine, tree;
};

struct RunDefinition {
  std::string id;              // "acme/foo/763/build"
  std::string factory, project, number, name;  // of the id
  std::string url;             // of the run, with a final slash: log, create_signed, result
  crypto::SecretBytes key;
  Seconds timeout{};
  std::map<std::string, std::string> env;
  std::map<std::string, crypto::SecretBytes> secrets;
  std::string script;                                       // its text, or empty
  std::string script_clone_url, script_git_ref, script_path;  // instead of `script`
  std::string git_url, git_sha;
  std::string container;
  bool privileged = false, greps_tests = false;
  std::map<std::string, std::string> volumes;
  std::optional<Publish> publish;
  std::int64_t log_size = 0;

  std::string build_url() const;  // without a final slash
};

// rejected: a member missing or of another type, a name or path that is not clean. `told` is wiped of its secrets.
Result<RunDefinition> read_run_definition(Json& told);

}  // namespace rota::runner
