// How a device joins a factory: its key is made here and stays here, the factory signs a certificate for it.
// In:    a token that may create devices, from a file.
// Out:   pkey.pem, client.pem, root.crt, sota.toml in the sota folder, each 0600.
// Never: the private key in a request; a key the server knows of that is not durable here first.
#pragma once

#include <optional>
#include <string>

#include "base/fetcher.h"
#include "base/files.h"
#include "crypto/secret.h"

namespace rota::device {

struct Registration {
  std::string api;  // "https://factory:8080"
  crypto::SecretBytes token;
  std::string factory, name, hardware_id, group, tags;
  std::string sota_folder;
  std::string sysroot, os;  // empty: the defaults
};

// The device's uuid. conflict: the folder holds a registration already, or the name is taken; bad_input: what the server
// says is wrong; denied: the token. A registration that broke off is taken up again with the same key.
Result<std::string> register_device(Files& files, Fetcher& server, const Registration& wish);

}  // namespace rota::device
