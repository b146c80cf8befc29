#include "tuf/root_chain.h"

#include <algorithm>

namespace rota::tuf {

Bytes root_chain_frame(BytesView root) { return (std::to_string(root.size()) + "\n").append(root).append("\n"); }

std::size_t root_chain_frame_size(std::size_t root_size) { return std::to_string(root_size).size() + root_size + 2; }

Status RootChainReader::add(BytesView piece) {
  while (!error_ && !piece.empty())
    if (auto added = add_some(piece); !added.ok()) error_ = std::move(added).error();
  return error_ ? Status(*error_) : Status();
}

Status RootChainReader::end() const {
  if (error_) return *error_;
  if (part_ != Part::length || !digits_.empty()) return broken("cut short");
  if (taken_ == 0) return rejected("root chain: want at least one root, got none");
  return {};
}

Status RootChainReader::add_some(BytesView& piece) {
  if (part_ == Part::length) return add_length(piece);
  if (part_ == Part::line_end) return close_root(piece);
  add_root(piece);
  return {};
}

// No more digits are kept than the largest length has.
Status RootChainReader::add_length(BytesView& piece) {
  const char c = piece.front();
  piece.remove_prefix(1);
  if (c == '\n') return open_root();
  const bool fits = digits_.size() < std::to_string(max_root_).size();
  if (c < '0' || c > '9' || !fits || (c == '0' && digits_.empty()))
    return broken("length: want 1 to " + std::to_string(max_root_) + " in plain decimal and a line end");
  digits_.push_back(c);
  return {};
}

Status RootChainReader::open_root() {
  const auto size = decimal(digits_, static_cast<std::int64_t>(max_root_));
  if (!size.ok()) return broken("length: want 1 to " + std::to_string(max_root_) + ", got '" + digits_ + "'");
  if (taken_ == kMaxChainRoots) return broken("want no more than " + std::to_string(kMaxChainRoots) + " roots");
  digits_.clear();
  root_size_ = static_cast<std::size_t>(*size);
  root_.reserve(root_size_);
  part_ = Part::root;
  return {};
}

void RootChainReader::add_root(BytesView& piece) {
  const std::size_t more = std::min(piece.size(), root_size_ - root_.size());
  root_.append(piece.substr(0, more));
  piece.remove_prefix(more);
  if (root_.size() == root_size_) part_ = Part::line_end;
}

Status RootChainReader::close_root(BytesView& piece) {
  if (piece.front() != '\n') return broken("want a line end after " + std::to_string(root_size_) + " bytes");
  piece.remove_prefix(1);
  part_ = Part::length;
  ++taken_;
  return take_(std::exchange(root_, {}));
}

Error RootChainReader::broken(std::string_view what) const {
  return rejected("root chain: root " + std::to_string(taken_ + 1) + " of the file: " + std::string(what));
}

}  // namespace rota::tuf
