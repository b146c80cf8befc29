#include <array>

#include "server/builds.h"

namespace rota::server {
namespace {

constexpr std::array kRunStates = {RunState::queued, RunState::running, RunState::uploading, RunState::cancelling,
                                   RunState::passed, RunState::failed,  RunState::skipped};
constexpr std::array kBuildStates = {BuildState::queued,     BuildState::running, BuildState::running_with_failures,
                                     BuildState::cancelling, BuildState::passed,  BuildState::failed,
                                     BuildState::promoted};

template <typename States>
auto named(const States& states, std::string_view name) -> std::optional<typename States::value_type> {
  for (auto state : states)
    if (name_of(state) == name) return state;
  return std::nullopt;
}

}  // namespace

std::string_view name_of(RunState state) {
  switch (state) {
    case RunState::queued: return "QUEUED";
    case RunState::running: return "RUNNING";
    case RunState::uploading: return "UPLOADING";
    case RunState::cancelling: return "CANCELLING";
    case RunState::passed: return "PASSED";
    case RunState::failed: return "FAILED";
    case RunState::skipped: return "SKIPPED";
  }
  abort_with("RunState: not one of its values");
}

std::string_view name_of(BuildState state) {
  switch (state) {
    case BuildState::queued: return "QUEUED";
    case BuildState::running: return "RUNNING";
    case BuildState::running_with_failures: return "RUNNING_WITH_FAILURES";
    case BuildState::cancelling: return "CANCELLING";
    case BuildState::passed: return "PASSED";
    case BuildState::failed: return "FAILED";
    case BuildState::promoted: return "PROMOTED";
  }
  abort_with("BuildState: not one of its values");
}

std::optional<RunState> run_state_named(std::string_view name) { return named(kRunStates, name); }
std::optional<BuildState> build_state_named(std::string_view name) { return named(kBuildStates, name); }

bool is_terminal(RunState state) {
  return state == RunState::passed || state == RunState::failed || state == RunState::skipped;
}

bool is_terminal(BuildState state) {
  return state == BuildState::passed || state == BuildState::failed || state == BuildState::promoted;
}

Result<RunKey> parse_run_key(std::string_view text) {
  auto parts = split(text, '/');
  if (parts.size() != 4 || !is_run_name(parts[3])) return bad_input("run: want factory/project/number/name");
  const auto number = TRY(decimal(parts[2]));
  return RunKey{{parts[0], parts[1], number}, parts[3]};
}

}  // namespace rota::server
