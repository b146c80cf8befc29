#include "device/callbacks.h"

#include <algorithm>

#include "base/child.h"

namespace rota::device {
namespace {

constexpr Seconds kTimeout{300};

// An environment value ends at the first NUL; everything else arrives as it is.
std::string value_of(std::string_view text) { return std::string(text.substr(0, text.find('\0'))); }

}  // namespace

void Callbacks::tell(const Phase& phase) const {
  if (program_.empty()) return;
  Command command{.argv = {program_}};
  command.environment = {{"MESSAGE", value_of(phase.message)},
                         {"CURRENT_TARGET", current_target_file_},
                         {"CURRENT_TARGET_NAME", value_of(phase.current_target)}};
  if (!phase.install_target.empty()) command.environment.emplace_back("INSTALL_TARGET_NAME", value_of(phase.install_target));
  if (!phase.result.empty()) command.environment.emplace_back("RESULT", value_of(phase.result));
  command.timeout = kTimeout;
  const auto ended = run(command);
  if (!ended.ok()) return notice_("callback '" + std::string(phase.message) + "': " + ended.error().what);
  if (!ended->well()) notice_("callback '" + std::string(phase.message) + "': exit status " + std::to_string(ended->code));
}

}  // namespace rota::device
