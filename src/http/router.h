// A table of routes. Every path segment is matched against its grammar after exactly one percent-decoding; a segment
// that is not a clean name (empty, ".", "..", containing '/', '\', NUL, a control character or a second-level escape)
// is 404.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http/message.h"

namespace rota::http {

using Handler = std::function<Response(const Request&)>;

struct Route {
  // spool: to a temporary file, for large bodies. unread: the handler answers by the head alone, where body_size is what was
  // announced; the body is never stored, and the connection ends with it.
  enum class Body { buffer, spool, unread };
  enum class Run { here, worker };    // here: on the network thread, must not block; worker: on a pool
  std::string method;                 // "GET" also serves HEAD
  // "/repo/{name}": segments are literal, "{name}" (one clean segment) or "{name...}" (one or more clean segments, at
  // the end; joined with '/'). A pattern that ends with '/' matches only paths that do.
  std::string pattern;
  Handler handler;
  std::uint64_t max_body = 100 * 1024;  // more is 413
  Body body = Body::buffer;
  Run run = Run::worker;
};

class Router {
 public:
  // First match in order of addition. A later route of another method on the same path makes 405 instead of 404.
  void add(Route route);
  void add(std::string method, std::string pattern, Handler handler) {
    add(Route{std::move(method), std::move(pattern), std::move(handler)});
  }
  const std::vector<Route>& routes() const { return routes_; }

  struct Match {
    const Route* route = nullptr;
    std::map<std::string, std::string, std::less<>> params;
    int status = 404;   // when route is null: 404 or 405
    std::string allow;  // with 405: the methods this path has, for the Allow header
  };
  // `path` as sent, percent-encoded, without the query. The route lives as long as the router and until the next add().
  Match match(std::string_view method, std::string_view path) const;

 private:
  struct Segment {
    enum class Kind { literal, one, rest, end_slash };
    Kind kind;
    std::string text;  // the literal, or the parameter's name
  };
  struct CleanPath {
    std::vector<std::string> segments;  // decoded
    bool end_slash = false;
  };
  static std::vector<Segment> compiled(std::string_view pattern);
  static std::optional<CleanPath> clean_path(std::string_view path);
  static bool fits(const std::vector<Segment>& pattern, const CleanPath& path);

  std::vector<Route> routes_;
  std::vector<std::vector<Segment>> patterns_;  // beside routes_
};

// The decoded segment when it is a clean name.
std::optional<std::string> clean_segment(std::string_view encoded);

}  // namespace rota::http
