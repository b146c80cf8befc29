// Which roots of a factory this machine believes, and what it remembers of them (fioctl.md 7.1, 7.2). Private to fioctl*.cc.
#pragma once

#include "ceremony/anchor.h"
#include "ceremony/plan.h"
#include "compat/fioctl_access.h"
#include "compat/fioctl_run.h"

namespace rota::compat::fio {

// The newest roots of both chains, verified from the first anchor that applies: --trusted-root, the archive, the memory, or the
// operator's word. A first-time run starts the trust and needs no word.
enum class FirstUse { ask, agreed };
Result<ceremony::NewestRoots> believed_roots(const Run& run, const Access& access, const keys::Archive& archive,
                                             FirstUse first_use = FirstUse::ask);

// Remembers what was verified; a failure is a warning.
void remember_roots(const Run& run, const Access& access, const ceremony::NewestRoots& roots);

// "root 3 with the root keys …".
std::string described(const tuf::Root& root);

}  // namespace rota::compat::fio
