// How every program speaks at the terminal: stdout carries the result and nothing else, stderr carries the talk
// ("error:", "warning:", "hint:", lower case, no final stop).
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rota::cli {

// What is said may quote a stranger: of control characters only line ends and tabs reach the terminal.
class Talk {
 public:
  Talk(std::ostream& out, std::ostream& err) : out_(&out), err_(&err) {}
  static Talk standard();  // std::cout and std::cerr

  std::ostream& out() const { return *out_; }
  std::ostream& err() const { return *err_; }
  void say(std::string_view line) const;      // progress, stderr
  void warn(std::string_view line) const;     // "warning: …"
  void hint(std::string_view line) const;     // "hint: …"
  void error(const Error& error) const;       // "error: …" and its hint

 private:
  std::ostream* out_;
  std::ostream* err_;
};

// Columns padded by two spaces, for a terminal.
std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);

// The exit code of programs that have no table of their own: bad_input 2, everything else 1.
int exit_code(Fault fault);

}  // namespace rota::cli
