// One end of a TLS connection that waits, and the door where such connections come in, one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "crypto/tls.h"

namespace rota::impostor {

class Talker {
 public:
  static Result<Talker> accept(const crypto::TlsContext& tls, int fd);

  // Reads on until `request` holds a whole head. False: the connection is over, or the head has no end.
  bool read_request(std::string& request);
  // Reads on until `bytes` holds that many.
  bool read_up_to(std::string& bytes, std::size_t size);
  bool write(BytesView bytes);

 private:
  Talker(crypto::TlsSession session, int fd) : session_(std::move(session)), fd_(fd) {}
  bool read_more(std::string& bytes);
  bool until_done(const std::function<crypto::TlsProgress()>& step);
  bool wait(short events) const;

  crypto::TlsSession session_;
  int fd_;
};

// Listens on 127.0.0.1:`port` (0: any), prints the port on stdout, talks to whoever comes until the process is killed.
Status listen_and(const crypto::TlsContext& tls, std::uint16_t port, const std::function<void(Talker&)>& talk);

}  // namespace rota::impostor
