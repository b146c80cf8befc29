// Where a key file says that its key lives: PKCS#11 URIs, and the files around them. The first byte decides which. What is read
// is written back as one text, which reads the same; a PIN never gets through; paths are absolute.
#include "keys/key_file.h"
#include "keys/pkcs11_uri.h"
#include "must_hold.h"

using namespace rota;
using namespace rota::keys;
using rota::fuzz::must_hold;

namespace {

void read_uri(std::string_view text) {
  const auto uri = Pkcs11Uri::parse(text);
  if (!uri.ok()) {
    must_hold(uri.error().fault == Fault::bad_input, "a text is at fault");
    return;
  }
  must_hold(uri->text().find("pin-value=") == std::string::npos, "no PIN gets through");
  must_hold(uri->module_path.empty() || uri->module_path[0] == '/', "a module is named by an absolute path");
  must_hold(uri->pin_source.empty() || uri->pin_source[0] == '/', "so is a file with a PIN");
  const auto again = Pkcs11Uri::parse(uri->text());
  must_hold(again.ok() || uri->text().size() > kMaxPkcs11Uri, "what is written is read");
  if (!again.ok()) return;
  must_hold(again->text() == uri->text(), "and means the same");
  must_hold(again->id == uri->id && again->object == uri->object && again->token == uri->token, "attribute by attribute");
}

void read_key_file(std::string_view text) {
  const crypto::SecretBytes sec{Bytes(text)};
  const auto reference = reference_in(sec);
  if (!reference.ok() || !*reference) return;
  must_hold(!(*reference)->text.empty(), "a home has a text");
  must_hold(!read_private_key_file(sec).ok(), "a file holds a key, or says where it is");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0)
    read_uri(rest);
  else
    read_key_file(rest);
  return 0;
}
