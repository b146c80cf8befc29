// What is installed and what is about to be, in the store. Each transition is one transaction together with the event that
// reports it, so that nothing happens unreported and nothing is reported twice.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "device/event_queue.h"
#include "device/selection.h"

namespace rota::device {

constexpr const char* kInitialTarget = "Initial Target";

// The one change of the operating system that may be under way.
struct Change {
  enum class Phase {
    intent,   // written before deploying: the deployment may or may not be there
    pending,  // deployed, a reboot is owed or was done
  };
  Phase phase = Phase::intent;
  DeviceTarget target;
  std::string previous_hash;  // what ran when it began
  std::string correlation_id;
};

class InstallLog {
 public:
  InstallLog(store::Database& db, EventQueue& events) : db_(db), events_(events) {}

  Result<std::optional<DeviceTarget>> current() const;
  Result<std::optional<Change>> change() const;
  // With "Initial Target" of an empty hash when nothing is recorded yet.
  Result<History> history() const;

  // First boot: "Initial Target", version -1, with the hash that runs. Later, while nothing is under way: when another
  // image known here runs than the current one (a roll-back was cut off, and the bad one booted), that is current now.
  Status note_running(const std::string& booted_hash);
  // Replaces no other change: conflict when one is under way.
  Status intend(const Change& change);
  // A person says that `bad`, pending or current, is bad: it is marked so, and `change` takes the place of its change.
  Status intend_instead_of(const DeviceTarget& bad, const Change& change);
  Status drop_intent(const Event& said);
  Status pend(const Event& said);
  // The change (or, without one, `target`) is what runs now; what ran before becomes an earlier, good one.
  Status confirm(const DeviceTarget& target, const Event& said);
  // The change's target is bad and never offered again; what ran before stays current.
  Status fail(const Event& said);

 private:
  Status write_row(const DeviceTarget& target, const char* state, int failing);
  Status follow_what_runs(const std::string& booted_hash);
  Status write_change(const Change& change);
  Status clear_change();
  store::Database& db_;
  EventQueue& events_;
};

}  // namespace rota::device
