// Absolute http and https URLs, read strictly: what is refused here is never sent anywhere.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace rota::http {

struct Url {
  std::string scheme = {};  // "http" or "https"
  std::string host = {};    // lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string target = {};  // path and query, at least "/"

  std::string authority() const;  // "host:port", without a default port: the Host header
  std::string origin() const;     // "https://host:443", always with the port: what is compared
};

// bad_input: another scheme, user information, a fragment, a blank or control character, a host that is neither a name
// nor an address, a port outside 1..65535, more than 8 KiB.
Result<Url> parse_url(std::string_view text);

struct RequestTarget {
  std::string path;   // still percent-encoded, starts with '/'
  std::string query;  // without '?'
};

// RFC 9112 3.2.1 and 3.2.2: "/path?query" or an absolute URL. bad_input: any other form, a fragment.
Result<RequestTarget> parse_target(std::string_view text);

}  // namespace rota::http
