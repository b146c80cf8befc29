#include "runner/log_mask.h"

#include <algorithm>

namespace rota::runner {
namespace {

constexpr std::string_view kMask = "***";
constexpr std::size_t kLineWorthHiding = 8;

}  // namespace

LogMask::~LogMask() {
  for (auto& text : hidden_) crypto::SecretBytes::wipe(text);
  crypto::SecretBytes::wipe(held_);
}

void LogMask::hide_text(BytesView text) {
  if (text.empty()) return;
  hidden_.emplace_back(text);
  hidden_.push_back(base64(text));
  // `echo "$value" | base64`: with the line end inside; and the part that is the same whatever follows the value.
  hidden_.push_back(base64(Bytes(text) + "\n"));
  if (auto whole = text.size() / 3 * 3; whole >= kLineWorthHiding) hidden_.push_back(base64(text.substr(0, whole)));
}

void LogMask::hide(const crypto::SecretBytes& secret) {
  auto value = trim(secret.reveal());
  hide_text(value);
  if (value.find('\n') == BytesView::npos) return;
  for (const auto& line : split(value, '\n'))
    if (trim(line).size() >= kLineWorthHiding) hide_text(trim(line));
}

std::size_t LogMask::match_at(std::size_t at) const {
  std::size_t longest = 0;
  for (const auto& text : hidden_)
    if (held_.compare(at, text.size(), text) == 0) longest = std::max(longest, text.size());
  return longest;
}

bool LogMask::may_grow_at(std::size_t at) const {
  auto rest = BytesView(held_).substr(at);
  return std::any_of(hidden_.begin(), hidden_.end(),
                     [rest](const Bytes& text) { return text.size() > rest.size() && BytesView(text).starts_with(rest); });
}

Bytes LogMask::shown(bool at_end) {
  Bytes out;
  std::size_t at = 0;
  while (at < held_.size()) {
    if (!at_end && may_grow_at(at)) break;
    auto length = match_at(at);
    if (length > 0) out += kMask;
    else out += held_[at];
    at += std::max<std::size_t>(length, 1);
  }
  held_.erase(0, at);
  return out;
}

Bytes LogMask::add(BytesView bytes) {
  held_ += bytes;
  return shown(false);
}

Bytes LogMask::finish() { return shown(true); }

}  // namespace rota::runner
