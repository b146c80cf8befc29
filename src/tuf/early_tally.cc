#include "tuf/early_tally.h"

#include <new>
#include <system_error>

#include "tuf/canonical_reader.h"
#include "tuf/form.h"
#include "tuf/tally.h"

namespace rota::tuf {
namespace {

constexpr std::size_t kLarge = 1u << 20;

// Of a text that is in the first form of the dialect.
bool is_met(const Authority& by, const std::vector<Signature>& signatures, BytesView text) {
  SignedBytes covered({.text = text, .is_device_form = true, .is_olpc_form = true}, by.dialect);
  return tally(by, {by.dialect, signatures, covered}).met();
}

}  // namespace

EarlyTally::EarlyTally(const Authority& by, const FileBytes& bytes) : dialect_(by.dialect) {
  if (bytes.size() < kLarge) return;
  opening_ = opening_of(bytes, by.dialect);
  if (!opening_) return;
  try {
    counting_ = std::jthread([&by, this] { count(by); });
  } catch (const std::system_error&) {  // no thread to be had: it is counted when the file is read
  }
}

std::optional<EarlyTally::Opening> EarlyTally::opening_of(BytesView bytes, Dialect dialect) {
  CanonicalReader reader(bytes);
  if (!reader.enter_object() || !reader.literal("\"signatures\":") || reader.peek() != '[') return std::nullopt;
  const auto listed = reader.tree();
  if (!reader.literal(",\"signed\":")) return std::nullopt;
  const BytesView rest = bytes.substr(reader.at());
  Opening opening{{}, rest.substr(0, rest.find_last_not_of(" \t\r\n"))};  // without the closing bracket
  for (const Json& json : *listed->if_array()) {
    auto signature = form::signature_of(json, dialect);
    if (!signature.ok()) return std::nullopt;
    opening.signatures.push_back(std::move(signature).value());
  }
  return opening;
}

void EarlyTally::count(const Authority& by) {
  try {
    met_ = is_met(by, opening_->signatures, opening_->text);
  } catch (const std::bad_alloc&) {  // then it is counted again, where the caller sees what happens
  }
}

bool EarlyTally::is_of(const SignedFile& file) const {
  if (!opening_ || !file.covered) return false;
  if (file.dialect != dialect_) return false;
  if (file.dialect == Dialect::tuf && !file.covered->is_olpc_form) return false;
  const BytesView text = file.covered->text;
  return text.data() == opening_->text.data() && text.size() == opening_->text.size() &&
         file.signatures == opening_->signatures;
}

bool EarlyTally::met(const SignedFile& file) {
  if (!is_of(file)) return false;
  if (counting_.joinable()) counting_.join();
  return met_;
}

}  // namespace rota::tuf
