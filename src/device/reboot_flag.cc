#include "device/reboot_flag.h"

namespace rota::device {

Result<BootFacts::RebootFlag> RebootFlag::state() const {
  return TRY(files_.facts(path_)).exists() ? BootFacts::RebootFlag::stands : BootFacts::RebootFlag::gone;
}

Status RebootFlag::raise() {
  if (TRY(state()) == BootFacts::RebootFlag::stands) return {};
  TRY(make_folders(files_, folder_of(path_), 0755));
  return files_.create(path_, "", 0644);
}

Status RebootFlag::clear() {
  if (TRY(state()) == BootFacts::RebootFlag::gone) return {};
  return files_.remove(path_);
}

}  // namespace rota::device
