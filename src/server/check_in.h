// The headers in which a device says what it is (gateway.md 2).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/message.h"

namespace rota::server {

// nullopt: the header was missing or outside its grammar; the stored value stays. Present but empty: cleared.
struct CheckIn {
  std::optional<std::string> target = {}, ostree_hash = {}, agent = {};
  std::optional<std::vector<std::string>> tags = {}, apps = {};
};

// bad_input: a tag outside the grammar, or more than 32; then nothing of the request may be stored.
Result<CheckIn> read_check_in(const http::Request& request);

// [A-Za-z0-9-]{8,64}
bool is_device_uuid(std::string_view text);
// [A-Za-z0-9_.-]{1,64}, not "." or ".."
bool is_device_name(std::string_view text);
// [a-z0-9][a-z0-9-]{0,47}
bool is_factory_name(std::string_view text);
// [A-Za-z0-9_.+-]{1,64}, not "." or ".."
bool is_tag(std::string_view text);

}  // namespace rota::server
