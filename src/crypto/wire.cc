#include <sys/socket.h>

#include <cerrno>

#include "crypto/tls_context.h"

namespace rota::crypto {
namespace {

bool is_not_ready(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

int wire_read(BIO* bio, char* buffer, int size) {
  auto& wire = *static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  ssize_t n = 0;
  do n = ::recv(wire.fd, buffer, static_cast<std::size_t>(size), 0);
  while (n < 0 && errno == EINTR);
  wire.ended = n == 0;
  wire.error = n < 0 && !is_not_ready(errno) ? errno : 0;
  if (n < 0 && is_not_ready(errno)) BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

int wire_write(BIO* bio, const char* bytes, int size) {
  auto& wire = *static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  ssize_t n = 0;
  do n = ::send(wire.fd, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  wire.error = n < 0 && !is_not_ready(errno) ? errno : 0;
  if (n < 0 && is_not_ready(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

long wire_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return static_cast<Wire*>(BIO_get_data(bio))->ended ? 1 : 0;
  return 0;
}

}  // namespace

WireMethodHandle wire_method() {
  WireMethodHandle method(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "descriptor"));
  BIO_meth_set_read(method.get(), wire_read);
  BIO_meth_set_write(method.get(), wire_write);
  BIO_meth_set_ctrl(method.get(), wire_control);
  return method;
}

BIO* bio_over(const BIO_METHOD* method, Wire& wire) {
  BIO* const bio = BIO_new(method);
  if (!bio) abort_with("BIO: " + openssl_reason());
  BIO_set_data(bio, &wire);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace rota::crypto
