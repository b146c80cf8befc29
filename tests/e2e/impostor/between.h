// A man in the middle between the owner's tools and the real service. He holds the service's certificate, passes on what he is
// asked, and tells the lie of the moment.
#pragma once

#include <cstdint>

#include "crypto/tls.h"
#include "impostor/lies.h"

namespace rota::impostor {

struct Between {
  std::string lie;  // file, read at each request: "NAME [PATTERN]", the lie and which names it is told about (a shell pattern;
                    // all when left out). Missing or empty: the truth
  std::string log;  // a line per request: "PUT root/updates 200 forwarded signed", "GET root.json 200 lie"
};

// Listens on 127.0.0.1:`port` (0: any), prints the port on stdout, serves until it is killed.
Status stand_between(const Between& between, Truth& truth, const crypto::TlsContext& tls, std::uint16_t port);

}  // namespace rota::impostor
