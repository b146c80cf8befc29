#include "keys/pkcs11_module.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/files.h"

namespace rota::keys {
namespace {

constexpr const char* kProxy = "p11-kit-proxy.so";
constexpr mode_t kOthersMayWrite = S_IWGRP | S_IWOTH;

// A key file may name a module, and key files travel; a module that anybody could have put there is not run.
Status nobody_else_writes(const std::string& path) {
  for (std::string at = path;; at = folder_of(at)) {
    struct stat st {};
    if (::stat(at.c_str(), &st) != 0) return not_found("PKCS#11 module '" + path + "': there is no such file");
    const bool owned = st.st_uid == 0 || st.st_uid == ::geteuid();
    const bool shared = (st.st_mode & kOthersMayWrite) != 0 && !(S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX) != 0);
    if (!owned || shared)
      return denied("PKCS#11 module '" + path + "': others may write '" + at + "'", "let root own it, writable by nobody else");
    if (at == "/") return {};
  }
}

Result<std::string> real_path(const std::string& path) {
  char* const found = ::realpath(path.c_str(), nullptr);
  if (found == nullptr) return not_found("PKCS#11 module '" + path + "': there is no such file");
  const std::string real(found);
  std::free(found);
  return real;
}

Result<std::string> trusted_path(const std::string& path) {
  if (path.empty()) return std::string(kProxy);  // found by the loader among the system's libraries
  const std::string real = TRY(real_path(path));
  TRY(nobody_else_writes(real));
  return real;
}

}  // namespace

Result<std::shared_ptr<const Pkcs11Module>> Pkcs11Module::load(const std::string& path) {
  const std::string real = TRY(trusted_path(path));
  // Never unloaded: modules leave threads and exit handlers behind.
  void* const library = ::dlopen(real.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    const char* why = ::dlerror();
    return io_error("PKCS#11 module '" + real + "': " + (why == nullptr ? "not loaded" : why),
                    path.empty() ? "install p11-kit, or name a module with module-path" : "");
  }
  std::shared_ptr<Pkcs11Module> module(new Pkcs11Module(library));
  TRY(module->initialise(real));
  return std::shared_ptr<const Pkcs11Module>(std::move(module));
}

Status Pkcs11Module::initialise(const std::string& path) {
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library_, "C_GetFunctionList"));
  if (get == nullptr) return io_error("PKCS#11 module '" + path + "': it is none: no C_GetFunctionList");
  if (const CK_RV answer = get(&functions_); answer != CKR_OK || functions_ == nullptr)
    return io_error("PKCS#11 module '" + path + "': C_GetFunctionList: " + name_of_answer(answer));
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  const CK_RV answer = functions_->C_Initialize(&arguments);
  ours_to_finalise_ = answer == CKR_OK;
  if (answer == CKR_OK || answer == CKR_CRYPTOKI_ALREADY_INITIALIZED) return {};
  return io_error("PKCS#11 module '" + path + "': C_Initialize: " + name_of_answer(answer));
}

Pkcs11Module::~Pkcs11Module() {
  if (ours_to_finalise_) functions_->C_Finalize(nullptr);
  ::dlclose(library_);
}

std::string name_of_answer(CK_RV answer) {
  switch (answer) {
    case CKR_HOST_MEMORY: return "CKR_HOST_MEMORY";
    case CKR_SLOT_ID_INVALID: return "CKR_SLOT_ID_INVALID";
    case CKR_GENERAL_ERROR: return "CKR_GENERAL_ERROR";
    case CKR_FUNCTION_FAILED: return "CKR_FUNCTION_FAILED";
    case CKR_DEVICE_ERROR: return "CKR_DEVICE_ERROR";
    case CKR_DEVICE_MEMORY: return "CKR_DEVICE_MEMORY";
    case CKR_DEVICE_REMOVED: return "CKR_DEVICE_REMOVED";
    case CKR_FUNCTION_NOT_SUPPORTED: return "CKR_FUNCTION_NOT_SUPPORTED";
    case CKR_KEY_TYPE_INCONSISTENT: return "CKR_KEY_TYPE_INCONSISTENT";
    case CKR_KEY_FUNCTION_NOT_PERMITTED: return "CKR_KEY_FUNCTION_NOT_PERMITTED";
    case CKR_MECHANISM_INVALID: return "CKR_MECHANISM_INVALID";
    case CKR_MECHANISM_PARAM_INVALID: return "CKR_MECHANISM_PARAM_INVALID";
    case CKR_PIN_INCORRECT: return "CKR_PIN_INCORRECT";
    case CKR_PIN_INVALID: return "CKR_PIN_INVALID";
    case CKR_PIN_LEN_RANGE: return "CKR_PIN_LEN_RANGE";
    case CKR_PIN_EXPIRED: return "CKR_PIN_EXPIRED";
    case CKR_PIN_LOCKED: return "CKR_PIN_LOCKED";
    case CKR_SESSION_CLOSED: return "CKR_SESSION_CLOSED";
    case CKR_TEMPLATE_INCONSISTENT: return "CKR_TEMPLATE_INCONSISTENT";
    case CKR_ATTRIBUTE_VALUE_INVALID: return "CKR_ATTRIBUTE_VALUE_INVALID";
    case CKR_TOKEN_NOT_PRESENT: return "CKR_TOKEN_NOT_PRESENT";
    case CKR_TOKEN_WRITE_PROTECTED: return "CKR_TOKEN_WRITE_PROTECTED";
    case CKR_USER_NOT_LOGGED_IN: return "CKR_USER_NOT_LOGGED_IN";
    case CKR_USER_PIN_NOT_INITIALIZED: return "CKR_USER_PIN_NOT_INITIALIZED";
    default: break;
  }
  char text[24];
  std::snprintf(text, sizeof text, "0x%lx", static_cast<unsigned long>(answer));
  return text;
}

}  // namespace rota::keys
