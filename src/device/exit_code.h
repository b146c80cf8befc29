// What a command came to, as a number for scripts (device.md 2). The only place these numbers are written.
#pragma once

namespace rota::device {

enum class Exit : int {
  ok = 0,
  failed = 1,         // unknown error, bad usage, lock held
  ok_from_store = 3,  // the server was not reachable
  check_in_failed = 4,
  no_target_for_device = 6,
  metadata_rejected = 11,  // and no valid stored set
  metadata_expired = 12,
  metadata_not_fetched = 13,
  new_version = 16,
  roll_back_to_install = 18,
  metadata_rejected_store_kept = 19,
  target_not_found = 20,
  no_roll_back_target = 21,
  install_in_progress = 30,
  nothing_pending = 40,
  download_failed = 50,
  no_space = 60,
  not_pulled = 80,
  reboot_needed = 100,
  rolled_back = 110,
};

// 0, 3, 16, 17, 18, 100 and the like: a script may go on.
constexpr bool is_success(Exit code) {
  return code == Exit::ok || code == Exit::ok_from_store || code == Exit::new_version ||
         code == Exit::roll_back_to_install || code == Exit::reboot_needed;
}

}  // namespace rota::device
