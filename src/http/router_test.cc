#include "http/router.h"

#include <gtest/gtest.h>

namespace rota::http {
namespace {

Handler named(std::string name) {
  return [name](const Request&) { return text_response(200, name); };
}

std::string answer(const Router& router, std::string_view method, std::string_view path) {
  const Router::Match match = router.match(method, path);
  if (match.route == nullptr) return std::to_string(match.status);
  return match.route->handler(Request{}).body;
}

Router example() {
  Router router;
  router.add("GET", "/repo/{file}", named("file"));
  router.add("GET", "/repo/delegations/{name}", named("delegation"));
  router.add("GET", "/ostree/{path...}", named("object"));
  router.add("GET", "/device", named("device"));
  router.add("PATCH", "/device", named("patch"));
  router.add("POST", "/ota/devices/", named("register"));
  router.add("GET", "/", named("top"));
  return router;
}

TEST(Router, MatchesLiteralsParametersAndRests) {
  const Router router = example();
  EXPECT_EQ(answer(router, "GET", "/repo/1.root.json"), "file");
  EXPECT_EQ(answer(router, "HEAD", "/repo/1.root.json"), "file");
  EXPECT_EQ(answer(router, "GET", "/repo/delegations/a.json"), "delegation");
  EXPECT_EQ(answer(router, "GET", "/ostree/objects/00/11.filez"), "object");
  EXPECT_EQ(answer(router, "PATCH", "/device"), "patch");
  EXPECT_EQ(answer(router, "POST", "/ota/devices/"), "register");
  EXPECT_EQ(answer(router, "GET", "/"), "top");
  EXPECT_EQ(answer(router, "GET", "/r%65po/%31.root.json"), "file");
  EXPECT_EQ(router.match("GET", "/repo/%31.root.json").params.at("file"), "1.root.json");
  EXPECT_EQ(router.match("GET", "/ostree/a/b%20c").params.at("path"), "a/b c");
}

TEST(Router, RefusesOtherPathsWith404) {
  const Router router = example();
  for (const char* path : {"", "/repo", "/repo/", "/repo/a/b", "/device/", "/ota/devices", "/ota/devices//", "/ostree",
                           "/ostree/", "/ostree/a/", "device", "/Device", "//", "/other"})
    EXPECT_EQ(answer(router, "GET", path), "404") << path;
}

TEST(Router, RefusesAnotherMethodWith405AndSaysWhichItHas) {
  const Router router = example();
  const Router::Match match = router.match("DELETE", "/device");
  EXPECT_EQ(match.status, 405);
  EXPECT_EQ(match.allow, "GET, HEAD, PATCH");
  EXPECT_EQ(answer(router, "GET", "/ota/devices/"), "405");
  EXPECT_EQ(answer(router, "head", "/device"), "405");
}

// gateway.md 1.3: every violation, in every kind of segment.
TEST(Router, RefusesSegmentsThatAreNoCleanNames) {
  const Router router = example();
  for (const char* segment :
       {"",    ".",    "..",   "%2e",   "%2e%2e",     ".%2E",  "a%2fb",  "a%2Fb", "a\\b", "a%5cb", "%00", "a%00.json",
        "%01", "a%0a", "a%7f", "%252e", "%252e%252e", "%252f", "a%2541", "%",     "%2",   "%zz",   "a%"}) {
    for (const std::string& path : {"/repo/" + std::string(segment), "/ostree/" + std::string(segment) + "/config",
                                    "/ostree/objects/" + std::string(segment), std::string(segment).insert(0, "/")}) {
      if (path == "/") continue;
      EXPECT_EQ(answer(router, "GET", path), "404") << path;
    }
  }
}

TEST(CleanSegment, DecodesExactlyOnce) {
  EXPECT_EQ(clean_segment("a%2Db"), "a-b");
  EXPECT_EQ(clean_segment("100%25"), "100%");
  EXPECT_EQ(clean_segment("a+b"), "a+b");
  EXPECT_EQ(clean_segment("..."), "...");
  EXPECT_EQ(clean_segment("%c3%a4"), "\xc3\xa4");
  EXPECT_EQ(clean_segment("%2541"), std::nullopt);
}

TEST(Request, ReadsQueryValues) {
  Request request;
  request.query = "a=1&b=x%20y+z&empty=&flag&bad=%zz&a=2&%63=d";
  EXPECT_EQ(request.query_value("a"), "1");
  EXPECT_EQ(request.query_value("b"), "x y z");
  EXPECT_EQ(request.query_value("empty"), "");
  EXPECT_EQ(request.query_value("flag"), "");
  EXPECT_EQ(request.query_value("c"), "d");
  EXPECT_EQ(request.query_value("bad"), std::nullopt);
  EXPECT_EQ(request.query_value("other"), std::nullopt);
}

TEST(Request, TellsAnEmptyHeaderFromNone) {
  Request request;
  request.headers = {{"X-Ats-Tags", ""}};
  EXPECT_EQ(request.header_if("x-ats-tags"), "");
  EXPECT_EQ(request.header_if("x-ats-target"), std::nullopt);
}

}  // namespace
}  // namespace rota::http
