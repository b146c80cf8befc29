#include "crypto/md5.h"

#include "crypto/openssl.h"

namespace rota::crypto {

struct Md5::State {
  DigestHandle context{EVP_MD_CTX_new()};
};

Md5::Md5() : state_(std::make_unique<State>()) {
  if (EVP_DigestInit_ex2(state_->context.get(), EVP_md5(), nullptr) != 1) abort_with("MD5: " + openssl_reason());
}
Md5::~Md5() = default;

void Md5::add(BytesView bytes) {
  if (EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) != 1) abort_with("MD5: " + openssl_reason());
}

Bytes Md5::finish() {
  Bytes out(16, '\0');
  if (EVP_DigestFinal_ex(state_->context.get(), bytes_of(out), nullptr) != 1) abort_with("MD5: " + openssl_reason());
  return out;
}

Bytes md5(BytesView bytes) {
  Md5 sum;
  sum.add(bytes);
  return sum.finish();
}

}  // namespace rota::crypto
