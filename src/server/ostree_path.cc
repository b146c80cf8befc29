#include "server/ostree_path.h"

#include <algorithm>

#include "base/bytes.h"

namespace rota::server {
namespace {

constexpr std::string_view kBytes = "application/octet-stream", kText = "text/plain; charset=utf-8",
                           kJson = "application/json";
constexpr std::size_t kPrefix = 2, kObjectRest = 62, kDeltaRest = 41, kDeltaTo = 43;

bool all(std::string_view text, bool (*allowed)(char)) {
  return std::all_of(text.begin(), text.end(), allowed);
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_ref(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
}
// OSTree's base64 with '_' for '/'.
bool is_delta(char c) {
  return is_letter(c) || is_digit(c) || c == '+' || c == '_' || c == '-';
}

// objects/<2 hex>/<62 hex>.<kind>
bool is_object(const std::vector<std::string>& parts) {
  if (parts.size() != 3 || parts[1].size() != kPrefix || !all(parts[1], is_hex)) return false;
  const std::string_view name = parts[2];
  if (name.size() <= kObjectRest || !all(name.substr(0, kObjectRest), is_hex)) return false;
  const std::string_view kind = name.substr(kObjectRest);
  return kind == ".commit" || kind == ".commitmeta" || kind == ".dirtree" || kind == ".dirmeta" || kind == ".filez";
}

bool is_ref_path(const std::vector<std::string>& parts) {
  return parts.size() >= 3 && parts[1] == "heads" &&
         std::all_of(parts.begin() + 2, parts.end(), [](const std::string& part) {
           return !part.empty() && part != "." && part != ".." && all(part, is_ref);
         });
}

// deltas/<2>/<41>[-<43>]/(superblock|<part number>). The names may hold '-' themselves, so it is lengths that tell.
bool is_delta_part(const std::vector<std::string>& parts) {
  if (parts.size() != 4 || parts[1].size() != kPrefix || !all(parts[1], is_delta) || !all(parts[2], is_delta))
    return false;
  const std::string& name = parts[2];
  const bool from_to = name.size() == kDeltaRest + 1 + kDeltaTo && name[kDeltaRest] == '-';
  if (name.size() != kDeltaRest && !from_to) return false;
  return parts[3] == "superblock" || (!parts[3].empty() && parts[3].size() <= 9 && all(parts[3], is_digit));
}

// delta-indexes/<2>/<41>.index
bool is_delta_index(const std::vector<std::string>& parts) {
  return parts.size() == 3 && parts[1].size() == kPrefix && all(parts[1], is_delta) &&
         parts[2].size() == kDeltaRest + std::string_view(".index").size() && parts[2].ends_with(".index") &&
         all(std::string_view(parts[2]).substr(0, kDeltaRest), is_delta);
}

}  // namespace

std::optional<std::string_view> ostree_content_type(std::string_view path) {
  const auto parts = split(path, '/');
  const std::string& top = parts.front();
  if (path == "config") return kText;
  if (path == "summary" || path == "summary.sig") return kBytes;
  if (top == "objects" && is_object(parts)) return kBytes;
  if (top == "refs" && is_ref_path(parts)) return kText;
  if (top == "deltas" && is_delta_part(parts)) return kBytes;
  if (top == "delta-indexes" && is_delta_index(parts)) return kBytes;
  if (top == "delta-stats" && parts.size() == 2 && is_sha256_hex(parts[1])) return kJson;
  return std::nullopt;
}

}  // namespace rota::server
