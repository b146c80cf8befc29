// A PKCS#11 module, loaded and initialised: what a vendor ships for its tokens. Private to this folder.
#pragma once

#include <p11-kit/pkcs11.h>

#include <memory>
#include <string>

#include "base/bytes.h"

namespace rota::keys {

class Pkcs11Module {
 public:
  // `path` empty: p11-kit's proxy, which reaches every module that the machine's configuration names. denied: the file or a
  // folder above it may be written by others than root and this person, and what it holds would run as this person. not_found, io: it cannot be
  // loaded.
  static Result<std::shared_ptr<const Pkcs11Module>> load(const std::string& path);
  ~Pkcs11Module();
  Pkcs11Module(const Pkcs11Module&) = delete;
  Pkcs11Module& operator=(const Pkcs11Module&) = delete;

  CK_FUNCTION_LIST& call() const { return *functions_; }

 private:
  explicit Pkcs11Module(void* library) : library_(library) {}
  Status initialise(const std::string& path);
  void* library_;
  CK_FUNCTION_LIST* functions_ = nullptr;
  bool ours_to_finalise_ = false;
};

// "CKR_PIN_INCORRECT" and the like, "0x…" for those without a name here.
std::string name_of_answer(CK_RV answer);

}  // namespace rota::keys
