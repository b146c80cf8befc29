// The door to other programs: started by argument vector, never through a shell, and never left running.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace rota {

struct Command {
  enum class GoOn { yes, no };
  enum class Errors { apart, with_output };  // with_output: stderr goes where stdout goes, in order

  std::vector<std::string> argv;  // argv[0] is looked up in /usr/local/bin, /usr/bin and /bin when it has no '/'
  std::vector<std::pair<std::string, std::string>> environment = {};  // all of it: nothing is inherited but PATH
  std::string folder = {};                                            // works there; empty: here
  std::string input_file = {};                                        // stdin; empty: `input`
  Bytes input = {};                                                   // stdin without a file; not for secrets
  // When set, stdout goes here piece by piece and Ended::output stays empty; an error of it ends the program.
  std::function<Status(BytesView)> sink = {};
  std::uint64_t max_output = 1 << 20;  // of stdout; one byte more ends the program (rejected)
  Errors errors = Errors::apart;
  Seconds timeout = Seconds(60);
  // Asked about four times a second while the program runs; `no` ends it.
  std::function<GoOn()> watch = {};
};

struct Ended {
  enum class How { exited, killed, timed_out, stopped };  // killed: by a signal; stopped: `watch` said no
  How how = How::exited;
  int code = 0;  // the exit status, or the signal's number
  std::string output = {};
  std::string errors = {};  // the last 16 KiB of stderr
  bool well() const { return how == How::exited && code == 0; }
};

// Starts the program in a process group of its own with no descriptor but 0, 1 and 2, and waits for it. When it ends, for
// whatever reason, the whole group is killed: no grandchild survives. SIGPIPE and the signal mask are reset for it.
// Errors: not_found (no such program), io (no process, no pipe), rejected (too much output), or the sink's own.
// A program that fails is not an error: look at Ended.
Result<Ended> run(const Command& command);

// As run, and an end other than exit status 0 is the error `fault`: "git: fetch failed: <last line of stderr>".
Result<std::string> output_of(const Command& command, Fault fault = Fault::io);

}  // namespace rota
