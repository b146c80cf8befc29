#include "http/router.h"

#include <algorithm>
#include <cctype>

namespace rota::http {

namespace {

bool is_hex_digit(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

bool has_escape(std::string_view text) {
  for (std::size_t i = 0; i + 2 < text.size(); ++i)
    if (text[i] == '%' && is_hex_digit(text[i + 1]) && is_hex_digit(text[i + 2])) return true;
  return false;
}

bool is_forbidden(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f || c == '/' || c == '\\';
}

bool serves(const Route& route, std::string_view method) {
  return route.method == method || (method == "HEAD" && route.method == "GET");
}

void allow(std::string& methods, const std::string& method) {
  const std::vector<std::string> known = split(methods, ',');
  for (const std::string& m : known)
    if (trim(m) == method) return;
  if (!methods.empty()) methods += ", ";
  methods += method;
  if (method == "GET") methods += ", HEAD";
}

std::string joined(const std::vector<std::string>& segments, std::size_t from) {
  std::string out = segments[from];
  for (std::size_t i = from + 1; i < segments.size(); ++i) out += "/" + segments[i];
  return out;
}

}  // namespace

std::optional<std::string> clean_segment(std::string_view encoded) {
  std::string name(encoded);
  if (encoded.find('%') != std::string_view::npos) {
    auto decoded = percent_decoded(encoded);
    if (!decoded.ok() || has_escape(*decoded)) return std::nullopt;
    name = std::move(decoded).value();
  }
  if (name.empty() || name == "." || name == "..") return std::nullopt;
  if (std::any_of(name.begin(), name.end(), is_forbidden)) return std::nullopt;
  return name;
}

// Nullopt when one segment is not a clean name. A single '/' at the end is not a segment.
std::optional<Router::CleanPath> Router::clean_path(std::string_view path) {
  if (path.empty() || path.front() != '/') return std::nullopt;
  CleanPath out;
  path.remove_prefix(1);
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    auto segment = clean_segment(path.substr(0, slash));
    if (!segment) return std::nullopt;
    out.segments.push_back(std::move(*segment));
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
  out.end_slash = true;
  return out;
}

std::vector<Router::Segment> Router::compiled(std::string_view pattern) {
  if (pattern.empty() || pattern.front() != '/')
    abort_with("Router: a pattern starts with '/': " + std::string(pattern));
  std::vector<Segment> out;
  for (const std::string& part : split(pattern.substr(1), '/')) {
    if (!out.empty() && (out.back().kind == Segment::Kind::rest || out.back().kind == Segment::Kind::end_slash))
      abort_with("Router: nothing may follow: " + std::string(pattern));
    if (part.empty())
      out.push_back({Segment::Kind::end_slash, {}});
    else if (part.front() != '{')
      out.push_back({Segment::Kind::literal, part});
    else if (part.ends_with("...}"))
      out.push_back({Segment::Kind::rest, part.substr(1, part.size() - 5)});
    else
      out.push_back({Segment::Kind::one, part.substr(1, part.size() - 2)});
  }
  return out;
}

void Router::add(Route route) {
  patterns_.push_back(compiled(route.pattern));
  routes_.push_back(std::move(route));
}

bool Router::fits(const std::vector<Segment>& pattern, const CleanPath& path) {
  std::size_t at = 0;
  for (const Segment& segment : pattern) {
    if (segment.kind == Segment::Kind::end_slash) return path.end_slash && at == path.segments.size();
    if (at == path.segments.size()) return false;
    if (segment.kind == Segment::Kind::rest) return !path.end_slash;
    if (segment.kind == Segment::Kind::literal && segment.text != path.segments[at]) return false;
    ++at;
  }
  return at == path.segments.size() && !path.end_slash;
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  Match out;
  const auto clean = clean_path(path);
  if (!clean) return out;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    if (!fits(patterns_[i], *clean)) continue;
    if (!serves(routes_[i], method)) {
      out.status = 405;
      allow(out.allow, routes_[i].method);
      continue;
    }
    out.route = &routes_[i];
    for (std::size_t s = 0; s < patterns_[i].size(); ++s) {
      const Segment& segment = patterns_[i][s];
      if (segment.kind == Segment::Kind::one) out.params[segment.text] = clean->segments[s];
      if (segment.kind == Segment::Kind::rest) out.params[segment.text] = joined(clean->segments, s);
    }
    return out;
  }
  return out;
}

}  // namespace rota::http
