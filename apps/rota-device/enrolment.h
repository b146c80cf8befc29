// rota-device register.
#pragma once

#include "arguments.h"
#include "cli/talk.h"

namespace rota::device_app {

// The exit code.
int run_register(const Arguments& arguments, const cli::Talk& talk);

}  // namespace rota::device_app
