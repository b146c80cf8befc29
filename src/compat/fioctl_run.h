// What the commands of fioctl share. Private to fioctl*.cc.
#pragma once

#include "compat/fioctl.h"
#include "compat/fioctl_arguments.h"

namespace rota::compat::fio {

constexpr int kDone = 0;
// fioctl.md 4.
int exit_code(Fault fault);

struct Run {
  const Asked& asked;
  const cli::Talk& talk;
  const FioctlWorld& world;

  bool json() const { return asked.has("--json"); }
  // A progress line, "= …", on stdout; nothing with --json.
  void progress(std::string_view line) const {
    if (!json()) talk.out() << "= " << line << '\n';
  }
};

// keys rotate FILE: done, or the error that decides the exit code.
Status keys_rotate(const Run& run);

}  // namespace rota::compat::fio
