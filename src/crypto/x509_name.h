// Subjects between our struct and the library's names. Private to this folder.
#pragma once

#include "crypto/openssl.h"
#include "crypto/x509.h"

namespace rota::crypto {

// bad_input when one of the attributes we use is there twice: two readers could take different ones.
Result<Subject> subject_of(const X509_NAME* name);
// CN, OU, businessCategory in this order, without the empty ones. bad_input for one that X.520 does not allow.
Result<NameHandle> name_of(const Subject& subject);

}  // namespace rota::crypto
