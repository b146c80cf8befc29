// The paths of an archive-z2 repository that a device may read (gateway.md 7).
#pragma once

#include <optional>
#include <string_view>

namespace rota::server {

// The content type of `path` (decoded, clean segments joined by '/'), or nullopt when it is no such path.
std::optional<std::string_view> ostree_content_type(std::string_view path);

}  // namespace rota::server
