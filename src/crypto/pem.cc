#include "crypto/pem.h"

#include <algorithm>

namespace rota::crypto {
namespace {

constexpr std::size_t kMaxText = 1u << 20;
constexpr std::size_t kColumns = 64;
constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";

Result<SecretBytes> decoded(std::string_view body) {
  if (body.find(':') != std::string_view::npos)
    return bad_input("PEM: the block has headers", "remove the passphrase first, with `openssl pkey`");
  Bytes joined;
  joined.reserve(body.size());
  const auto is_white = [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; };
  for (auto at = body.begin(); at != body.end();) {
    const auto end = std::find_if(at, body.end(), is_white);
    joined.append(at, end);
    at = std::find_if_not(end, body.end(), is_white);
  }
  const SecretBytes text(std::move(joined));
  return SecretBytes(TRY_IN("PEM", unbase64(text.reveal())));
}

// Takes the first block off the front of `text`.
Result<PemBlock> next_block(std::string_view& text) {
  text.remove_prefix(text.find(kBegin) + kBegin.size());
  const std::size_t label_size = text.find(kDashes);
  if (label_size == std::string_view::npos || label_size > 40) return bad_input("PEM: broken BEGIN line");
  const std::string label(text.substr(0, label_size));
  text.remove_prefix(label_size + kDashes.size());
  const std::string end_line = std::string(kEnd) + label + std::string(kDashes);
  const std::size_t end = text.find(end_line);
  if (end == std::string_view::npos) return bad_input("PEM: '" + label + "' has no END line");
  SecretBytes der =
      TRY(decoded(text.substr(0, end)));  // before the aggregate: an early return inside it leaks the label
  PemBlock block{label, std::move(der)};
  text.remove_prefix(end + end_line.size());
  return block;
}

}  // namespace

Result<std::vector<PemBlock>> pem_blocks(std::string_view text) {
  if (text.size() > kMaxText) return bad_input("PEM: more than 1 MiB of text");
  std::vector<PemBlock> blocks;
  while (text.find(kBegin) != std::string_view::npos) blocks.push_back(TRY(next_block(text)));
  if (blocks.empty()) return bad_input("PEM: no BEGIN line");
  return blocks;
}

Result<SecretBytes> only_pem_block(std::string_view text, std::string_view label) {
  auto blocks = TRY(pem_blocks(text));
  if (blocks.size() != 1) return bad_input("PEM: want one block, got " + std::to_string(blocks.size()));
  if (blocks[0].label != label)
    return bad_input("PEM: want '" + std::string(label) + "', got '" + blocks[0].label + "'");
  return std::move(blocks[0].der);
}

SecretBytes secret_pem_text(std::string_view label, BytesView der) {
  const SecretBytes body(base64(der));
  std::string_view rest = body.reveal();
  Bytes text;
  text.reserve(rest.size() + rest.size() / kColumns + 2 * label.size() + 64);  // a growing string would leave copies
  text.append(kBegin).append(label).append(kDashes).push_back('\n');
  for (; !rest.empty(); rest.remove_prefix(std::min(kColumns, rest.size())))
    text.append(rest.substr(0, kColumns)).push_back('\n');
  text.append(kEnd).append(label).append(kDashes).push_back('\n');
  return SecretBytes(std::move(text));
}

std::string pem_text(std::string_view label, BytesView der) {
  return std::string(secret_pem_text(label, der).reveal());
}

}  // namespace rota::crypto
