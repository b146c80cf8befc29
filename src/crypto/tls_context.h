// What a TlsContext holds. Private to this folder.
#pragma once

#include "crypto/openssl.h"
#include "crypto/tls.h"

namespace rota::crypto {

using ContextHandle = std::unique_ptr<SSL_CTX, FreedBy<SSL_CTX_free>>;
using WireMethodHandle = std::unique_ptr<BIO_METHOD, FreedBy<BIO_meth_free>>;

// The caller's descriptor as the library's BIO sees it. Ours instead of BIO_s_socket, which raises SIGPIPE.
struct Wire {
  int fd = -1;
  bool ended = false;  // the peer closed its side
  int error = 0;       // errno of the last call, 0 when it went well
};
WireMethodHandle wire_method();
BIO* bio_over(const BIO_METHOD* method, Wire& wire);

enum class TlsSide { server, client };

struct TlsContext::Impl {
  TlsSide side;
  WireMethodHandle method;
  ContextHandle context;
};

}  // namespace rota::crypto
