// TOML as text: the only code that includes the TOML library.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rota::server {

// `text` with the values of keys named pass, pin, password, secret or token (any case, any depth) replaced by "***".
// bad_input: not TOML.
Result<std::string> masked_toml(std::string_view text);

// `text` read as exactly one TOML value and written anew: "'a' # b" -> "\"a\"". bad_input: none, more than one, or
// anything beside it but a comment.
Result<std::string> one_toml_value(std::string_view text);
// `text` as a TOML string.
std::string toml_string(std::string_view text);

}  // namespace rota::server
