// A service that holds a valid certificate and lies. One connection at a time, no mercy for the protocol.
#pragma once

#include <cstdint>
#include <string>

#include "crypto/tls.h"

namespace rota::impostor {

struct FalseService {
  std::string files;     // folder: what GET /repo/<name> answers; a name that is not there is 404
  std::string log;       // one line per request: "GET /repo/timestamp.json 200"
  std::string cut;       // this file is promised whole and sent half
  std::string endless;   // this file never ends
};

// Listens on 127.0.0.1:`port` (0: any), prints the port on stdout, serves until it is killed.
Status serve(const FalseService& service, const crypto::TlsContext& tls, std::uint16_t port);

}  // namespace rota::impostor
