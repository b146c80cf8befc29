// PKCS#11 URIs (RFC 7512): which token, which object, and how to get there.
// In:    text from a key file or a command line.
// Out:   the attributes, decoded; the same as text, ready for a key file.
// Never: a PIN.
#pragma once

#include <string>

#include "base/bytes.h"

namespace rota::keys {

constexpr std::size_t kMaxPkcs11Uri = 4096;

// Empty: not said, so anything fits.
struct Pkcs11Uri {
  std::string token, manufacturer, model, serial;  // of the token
  std::string object;                              // the object's label (CKA_LABEL)
  Bytes id;                                        // CKA_ID
  std::string slot_id;                             // decimal
  std::string module_path;                         // an absolute path
  std::string pin_source;                          // an absolute path, "file:" and its empty host taken away

  // bad_input: not RFC 7512, an attribute twice, a control character, a relative path, a type other than `private`; a PIN or a
  // program to ask for one inside the URI (pin-value, a pin-source starting with '|'); module-name, which names no one file.
  // Attributes about the library (library-…) and a vendor's (x-…) are left out.
  static Result<Pkcs11Uri> parse(std::string_view text);
  std::string text() const;  // always with type=private
  // Says which object of the token, by label or id.
  bool names_an_object() const { return !object.empty() || !id.empty(); }
};

}  // namespace rota::keys
