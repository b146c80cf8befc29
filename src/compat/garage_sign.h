// garage-sign, also uptane-sign: the command line that scripts of ten years rely on, with safe defaults
// (garage-sign.md). Exit codes: 0, 1 explained refusal, 2 lost race, 3 everything else, 255 the command line itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/fetcher.h"
#include "base/files.h"
#include "base/time.h"
#include "cli/talk.h"
#include "compat/repo_service.h"

namespace rota::compat {

// The doors a run goes through.
struct GarageSignWorld {
  Files& files;
  const Clock& clock;
  Fetcher& fetcher;
  bool strict = false;  // ROTA_STRICT_COMPAT=1
  Connect connect = {};  // for repositories whose service wants a client certificate
  // Asks for the PIN of a token or TPM without echo; empty when there is nobody to ask.
  std::function<Result<crypto::SecretBytes>(std::string_view what)> pin = {};
  // Waits before a request is tried again; empty: no request is.
  std::function<void(Seconds)> pause = {};
};

// `args` without the program's name.
int garage_sign(const std::vector<std::string>& args, const cli::Talk& talk, const GarageSignWorld& world);
// With the real files, clock and network.
int garage_sign_main(const std::vector<std::string>& args, const cli::Talk& talk);

}  // namespace rota::compat
