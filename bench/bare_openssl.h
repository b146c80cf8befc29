// The limit: what OpenSSL alone takes for signatures and hashes, everything else done beforehand.
#pragma once

#include <memory>
#include <vector>

#include "made_repository.h"

namespace rota::bench {

class BareOpenSsl {
 public:
  BareOpenSsl();
  ~BareOpenSsl();
  void add_signature(const Check& check);  // its key is made here, before the clock starts
  void add_sha256(const Bytes& bytes);     // outlives this object
  void run() const;                        // all of it; aborts when a signature does not verify
  void run_with_new_keys() const;          // the same; a key that was not that of the signature before is made on the way

 private:
  struct Insides;
  std::unique_ptr<Insides> insides_;
};

}  // namespace rota::bench
