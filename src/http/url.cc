#include "http/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>

#include "base/bytes.h"

namespace rota::http {

namespace {

constexpr std::size_t kMaxUrl = 8 * 1024;

bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}
bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
}

struct Authority {
  std::string_view host, port;
  bool bracketed = false;
};

Result<Authority> split_authority(std::string_view text) {
  Authority out;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return bad_input("url: host: want ']', got its end");
    out.host = text.substr(1, end - 1);
    out.bracketed = true;
    text.remove_prefix(end + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    out.host = text.substr(0, colon);
    text.remove_prefix(colon);
  }
  if (text.empty()) return out;
  if (text.front() != ':') return bad_input("url: host: want ':' or '/' after it");
  out.port = text.substr(1);
  return out;
}

Status check_host(const Authority& authority) {
  if (authority.bracketed) {
    in6_addr address{};
    if (inet_pton(AF_INET6, std::string(authority.host).c_str(), &address) == 1) return {};
    return bad_input("url: host: want an IPv6 address in brackets");
  }
  const bool good = !authority.host.empty() && authority.host.size() <= 253 &&
                    std::all_of(authority.host.begin(), authority.host.end(), is_name_character);
  if (!good) return bad_input("url: host: want a name or an address, got '" + std::string(authority.host) + "'");
  return {};
}

}  // namespace

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const bool usual = port == (scheme == "https" ? 443 : 80);
  return usual ? name : name + ":" + std::to_string(port);
}

std::string Url::origin() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return scheme + "://" + name + ":" + std::to_string(port);
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kMaxUrl) return bad_input("url: want at most 8192 characters, got " + std::to_string(text.size()));
  if (!std::all_of(text.begin(), text.end(), is_visible))
    return bad_input("url: a blank, control or non-ASCII character");
  if (text.find('#') != std::string_view::npos) return bad_input("url: a fragment, which is never sent");
  const std::size_t colon = text.find("://");
  Url url{.scheme = lower(text.substr(0, std::min(colon, text.size())))};
  if (colon == std::string_view::npos || (url.scheme != "http" && url.scheme != "https"))
    return bad_input("url: want http:// or https://, got '" + std::string(text.substr(0, 40)) + "'");
  text.remove_prefix(colon + 3);
  const std::size_t path = std::min(text.find_first_of("/?"), text.size());
  const Authority authority = TRY(split_authority(text.substr(0, path)));
  TRY(check_host(authority));
  url.host = lower(authority.host);
  url.port = url.scheme == "https" ? 443 : 80;
  if (!authority.port.empty())
    url.port = static_cast<std::uint16_t>(TRY_IN("url: port", decimal(authority.port, 65535)));
  if (url.port == 0) return bad_input("url: port: want 1..65535, got 0");
  url.target = text.substr(path);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

Result<RequestTarget> parse_target(std::string_view text) {
  std::string from_url;
  if (!text.starts_with('/')) {
    from_url = TRY(parse_url(text)).target;
    text = from_url;
  }
  if (text.find('#') != std::string_view::npos) return bad_input("target: a fragment");
  const std::size_t mark = text.find('?');
  if (mark == std::string_view::npos) return RequestTarget{std::string(text), {}};
  return RequestTarget{std::string(text.substr(0, mark)), std::string(text.substr(mark + 1))};
}

}  // namespace rota::http
