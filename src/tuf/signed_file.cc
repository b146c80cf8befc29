#include "tuf/signed_file.h"

#include <algorithm>

#include "tuf/canonical_reader.h"
#include "tuf/form.h"
#include "tuf/target_reader.h"

namespace rota::tuf {
namespace {

// One pass over a file that is canonical as it stands. Whatever is odd ends it without a word: read_whole then says
// what.
class Streaming {
 public:
  Streaming(const FileBytes& bytes, const Wanted* wanted) : bytes_(bytes), reader_(bytes.bytes()), wanted_(wanted) {}

  std::optional<SignedFile> read() {
    if (!envelope()) return std::nullopt;
    file_.bytes = bytes_;
    file_.dialect = form::dialect_of(file_.body);
    file_.covered->is_device_form = !reader_.has_non_ascii();
    file_.covered->is_olpc_form = !reader_.has_white_escapes();
    if (!signatures()) return std::nullopt;
    return std::move(file_);
  }

 private:
  bool envelope() {
    reader_.enter_object();
    const bool signed_first = reader_.peek() == '"' && bytes_.bytes().compare(1, 9, "\"signed\":") == 0;
    const bool read = signed_first ? signed_part("\"signed\":") && signatures_part(",\"signatures\":")
                                   : signatures_part("\"signatures\":") && signed_part(",\"signed\":");
    return read && reader_.literal("}") && only_white_space_follows();
  }

  bool only_white_space_follows() const {
    return bytes_.bytes().find_first_not_of(" \t\r\n", reader_.at()) == Bytes::npos;
  }

  bool signatures_part(std::string_view name) {
    if (!reader_.literal(name) || reader_.peek() != '[') return false;
    auto json = reader_.tree();
    if (!json) return false;
    listed_ = std::move(*json->if_array());
    return true;
  }

  bool signed_part(std::string_view name) {
    if (!reader_.literal(name) || reader_.peek() != '{') return false;
    const std::size_t from = reader_.at();
    if (!(wanted_ == nullptr ? whole_body() : body_with_entries())) return false;
    file_.covered = {.text = BytesView(bytes_).substr(from, reader_.at() - from)};
    return true;
  }

  bool whole_body() {
    auto body = reader_.tree();
    if (body) file_.body = *std::move(body);
    return body.has_value();
  }

  bool body_with_entries() {
    CanonicalReader::Members members;
    reader_.enter_object();
    while (const auto* name = reader_.next_member(members)) {
      if (name->is("targets"))
        file_.entries = read_entries(reader_, *wanted_);
      else if (is_read(*name))
        file_.body[name->raw] = reader_.tree().value_or(nullptr);
      else
        reader_.skip();
    }
    return file_.entries.has_value();
  }

  // The members of targets files that decide anything.
  static bool is_read(const CanonicalReader::Text& name) {
    constexpr std::string_view kRead[] = {"_type", "delegations", "expires", "spec_version", "version"};
    return std::ranges::any_of(kRead, [&](std::string_view read) { return name.is(read); });
  }

  bool signatures() {
    for (const Json& json : listed_) {
      auto signature = form::signature_of(json, file_.dialect);
      if (!signature.ok()) return false;
      file_.signatures.push_back(std::move(signature).value());
    }
    return form::ids_once(file_.signatures).ok();
  }

  const FileBytes& bytes_;
  CanonicalReader reader_;
  const Wanted* wanted_;  // of a targets file
  Json::Array listed_;
  SignedFile file_;
};

const std::vector<CanonicalForm>& forms_of(Dialect dialect) {
  static const std::vector<CanonicalForm> kUptane = {CanonicalForm::uptane, CanonicalForm::device, CanonicalForm::olpc};
  static const std::vector<CanonicalForm> kTuf = {CanonicalForm::olpc};
  return dialect == Dialect::tuf ? kTuf : kUptane;
}

bool is_in_form(const SignedBytes::Found& found, CanonicalForm form) {
  switch (form) {
    case CanonicalForm::uptane:
      return true;
    case CanonicalForm::device:
      return found.is_device_form;
    case CanonicalForm::olpc:
      return found.is_olpc_form;
  }
  abort_with("CanonicalForm: not one of its values");
}

// Canonical text with LF, CR and TAB as they are; a backslash stands nowhere but in text.
Bytes in_olpc_form(BytesView text) {
  Bytes out;
  out.reserve(text.size());
  for (std::size_t at = 0;;) {
    const std::size_t end = std::min(text.find('\\', at), text.size());
    out.append(text, at, end - at);
    at = end + 2;
    if (end == text.size()) return out;
    const char c = text[end + 1];
    if (c == 'n' || c == 'r' || c == 't')
      out.push_back(c == 'n' ? '\n' : c == 'r' ? '\r' : '\t');
    else
      out.append(text, end, 2);
  }
}

}  // namespace

SignedBytes::SignedBytes(const Json& body, const std::optional<Found>& found, Dialect dialect)
    : SignedBytes(found.value_or(Found{}), dialect) {
  body_ = &body;
}

SignedBytes::SignedBytes(const Found& found, Dialect dialect) : found_(found.text) {
  for (const CanonicalForm form : forms_of(dialect)) {
    const bool here = !found_.empty() && is_in_form(found, form);
    if (here && !forms_.empty()) continue;  // the same bytes again
    forms_.push_back({form, here ? std::optional(found_) : std::nullopt, {}});
  }
}

BytesView SignedBytes::text_of(Form& form) {
  if (form.found) return *form.found;
  if (!form.made) form.made = made(form.form);
  return *form.made;
}

Bytes SignedBytes::made(CanonicalForm form) const {
  if (!found_.empty() && form == CanonicalForm::olpc) return in_olpc_form(found_);
  return canonical(body_ != nullptr ? *body_ : CanonicalReader(found_).tree().value(), form);
}

BytesView SignedBytes::text() {
  return text_of(forms_.front());
}

bool SignedBytes::verifies(const crypto::PublicKey& key, crypto::Scheme scheme, BytesView signature) {
  for (std::size_t i = 0; i < forms_.size(); ++i) {
    const BytesView message = text_of(forms_[i]);
    const auto same = [&](Form& earlier) { return text_of(earlier) == message; };
    if (std::any_of(forms_.begin(), forms_.begin() + static_cast<std::ptrdiff_t>(i), same)) continue;
    if (key.verifies(scheme, message, signature)) return true;
  }
  return false;
}

bool SignedBytes::verified_by(const crypto::PublicKey& key, crypto::Scheme scheme, BytesView signature) {
  const auto [verdict, first] = verdicts_.try_emplace({key.spki_der(), scheme, Bytes(signature)}, false);
  if (first) verdict->second = verifies(key, scheme, signature);
  return verdict->second;
}

std::optional<SignedFile> read_streamed(const FileBytes& bytes) {
  return Streaming(bytes, nullptr).read();
}

std::optional<SignedFile> read_streamed(const FileBytes& bytes, const Wanted& wanted) {
  return Streaming(bytes, &wanted).read();
}

Result<SignedFile> read_whole(const FileBytes& bytes, std::size_t max_bytes) {
  Envelope envelope = TRY(parse_envelope(bytes, max_bytes));
  SignedFile file;
  file.bytes = bytes;
  file.dialect = envelope.dialect;
  file.signatures = std::move(envelope.signatures);
  file.body = std::move(envelope.body);
  return file;
}

Result<SignedFile> read_signed(FileBytes bytes, std::size_t max_bytes) {
  if (bytes.size() <= max_bytes) {
    if (auto file = read_streamed(bytes)) return *std::move(file);
  }
  return read_whole(bytes, max_bytes);
}

Result<SignedFile> read_signed_targets(FileBytes bytes, std::size_t max_bytes, const Wanted& wanted) {
  if (bytes.size() <= max_bytes) {
    if (auto file = read_streamed(bytes, wanted)) return *std::move(file);
  }
  return read_whole(bytes, max_bytes);
}

}  // namespace rota::tuf
