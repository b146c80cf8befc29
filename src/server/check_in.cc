#include "server/check_in.h"

namespace rota::server {
namespace {

constexpr std::size_t kMaxTarget = 253, kMaxAgent = 200, kMaxTags = 32, kMaxApps = 256;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool made_of(std::string_view text, std::string_view also, std::size_t least, std::size_t most) {
  return text.size() >= least && text.size() <= most && std::all_of(text.begin(), text.end(), [&](char c) {
           return is_letter_or_digit(c) || also.find(c) != std::string_view::npos;
         });
}

bool is_dots(std::string_view text) {
  return text == "." || text == "..";
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

std::vector<std::string> listed(std::string_view text) {
  std::vector<std::string> items;
  if (trim(text).empty()) return items;
  for (const auto& item : split(text, ',')) items.emplace_back(trim(item));
  return items;
}

Result<std::optional<std::vector<std::string>>> read_tags(const http::Request& request) {
  const auto header = request.header_if("x-ats-tags");
  if (!header) return std::optional<std::vector<std::string>>();
  auto tags = listed(*header);
  if (tags.size() > kMaxTags) return bad_input("x-ats-tags: more than 32 tags");
  for (const auto& tag : tags)
    if (!is_tag(tag)) return bad_input("x-ats-tags: a tag is 1 to 64 of A-Z a-z 0-9 _ . + -");
  return std::optional(std::move(tags));
}

}  // namespace

bool is_device_uuid(std::string_view text) {
  return made_of(text, "-", 8, 64);
}
bool is_device_name(std::string_view text) {
  return made_of(text, "_.-", 1, 64) && !is_dots(text);
}
bool is_tag(std::string_view text) {
  return made_of(text, "_.+-", 1, 64) && !is_dots(text);
}

bool is_factory_name(std::string_view text) {
  return made_of(text, "-", 1, 48) && text.front() != '-' &&
         std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

Result<CheckIn> read_check_in(const http::Request& request) {
  CheckIn said;
  said.tags = TRY(read_tags(request));
  if (auto target = request.header_if("x-ats-target"); target && target->size() <= kMaxTarget && is_printable(*target))
    said.target = std::move(target);
  if (auto hash = request.header_if("x-ats-ostreehash"); hash && (hash->empty() || is_sha256_hex(lower(*hash))))
    said.ostree_hash = lower(*hash);
  if (const auto header = request.header_if("x-ats-dockerapps")) {
    auto apps = listed(*header);
    if (apps.size() <= kMaxApps && std::all_of(apps.begin(), apps.end(), is_device_name)) said.apps = std::move(apps);
  }
  if (auto agent = request.header_if("User-Agent"); agent && agent->size() <= kMaxAgent && is_printable(*agent))
    said.agent = std::move(agent);
  return said;
}

}  // namespace rota::server
