// The command line of rota-tuf-conformance: the protocol of the public conformance suite of TUF clients.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace rota::conformance {

struct Arguments {
  enum class Command { init, refresh, download };
  Command command = Command::refresh;
  std::string trusted_root = {};               // init: the file to start from
  std::string metadata_dir = {};               // where trusted metadata is kept
  std::string metadata_url = {};               // refresh, download: folder of timestamp.json
  std::vector<std::string> target_names = {};  // download: in the order given
  std::string target_base_url = {};            // download: folder of the artifacts
  std::string target_dir = {};                 // download: where they go
};

// Options may stand before and after the command; the word after an option is its value, whatever it looks like.
// bad_input: an unknown word, an option without its value, no command, or one without the options it needs.
Result<Arguments> read_arguments(const std::vector<std::string>& words);

}  // namespace rota::conformance
