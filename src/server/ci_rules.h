// What a job file must be as a whole, after each of its parts was read: names, references, secrets, circles.
#pragma once

#include <optional>
#include <string>

#include "server/ci_file.h"

namespace rota::server {

struct JobFault {
  std::size_t trigger;  // its place in JobFile::triggers
  std::string what;
};

// The first thing wrong with the file, or nothing.
std::optional<JobFault> first_fault(const JobFile& file);

bool is_param_name(std::string_view name);    // [A-Za-z_][A-Za-z0-9_]{0,63}, none that Rota or the loader gives a meaning
bool is_machine_name(std::string_view name);  // [A-Za-z0-9_.-]{1,64}, not "." or ".."

}  // namespace rota::server
