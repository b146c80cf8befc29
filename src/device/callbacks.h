// The program of the device's owner that is told about each phase (device.md 9). What it answers is only a notice.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace rota::device {

using Notice = std::function<void(std::string_view)>;  // one line for people

class Callbacks {
 public:
  // `program` empty: nobody is told.
  Callbacks(std::string program, std::string current_target_file, Notice notice)
      : program_(std::move(program)), current_target_file_(std::move(current_target_file)), notice_(std::move(notice)) {}

  struct Phase {
    std::string_view message;         // "install-pre"
    std::string_view current_target;  // names
    std::string_view install_target = "";
    std::string_view result = "";  // "OK", "FAILED: …", "NEEDS_COMPLETION"
  };
  // Runs the program with MESSAGE, CURRENT_TARGET, CURRENT_TARGET_NAME, INSTALL_TARGET_NAME and RESULT in its environment.
  void tell(const Phase& phase) const;

 private:
  std::string program_, current_target_file_;
  Notice notice_;
};

}  // namespace rota::device
