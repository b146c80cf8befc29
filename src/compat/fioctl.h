// fioctl: the operator's command line for factories (fioctl.md). Exit codes: 0 done, 1 usage and anything else, 2
// refused by a safety check, 3 local file or archive, 4 conflict, 5 not authorised, 6 outcome unknown.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fetcher.h"
#include "base/files.h"
#include "base/time.h"
#include "cli/talk.h"
#include "crypto/secret.h"

namespace rota::compat {

// The doors a run goes through.
struct FioctlWorld {
  Files& files;
  const Clock& clock;
  Fetcher& fetcher;
  std::function<std::optional<std::string>(const std::string&)> env;
  // Asks the person at the terminal; empty when there is none.
  std::function<bool(std::string_view question)> ask = {};
  // Ask for a passphrase without echo; empty when there is nobody to ask.
  std::function<Result<crypto::SecretBytes>(std::string_view what)> passphrase = {};
  std::function<Result<crypto::SecretBytes>(std::string_view what)> fresh_passphrase = {};
  // One line from the person, without its end; a secret one is not shown. Empty when nobody can be asked.
  enum class Echo { on, off };
  std::function<Result<crypto::SecretBytes>(std::string_view prompt, Echo echo)> line = {};
  // Waits before a request is tried again; empty: no request is.
  std::function<void(Seconds)> pause = {};
  // Asks for the PIN of a token or TPM without echo; empty when there is nobody to ask.
  std::function<Result<crypto::SecretBytes>(std::string_view what)> pin = {};
};

// `args` without the program's name.
int fioctl(const std::vector<std::string>& args, const cli::Talk& talk, const FioctlWorld& world);
// With the real files, clock, network, environment and terminal.
int fioctl_main(const std::vector<std::string>& args, const cli::Talk& talk);

}  // namespace rota::compat
