#include "http/url.h"

#include <gtest/gtest.h>

namespace rota::http {
namespace {

TEST(ParseUrl, AcceptsNamesAddressesAndPorts) {
  struct Row {
    const char *text, *origin, *authority, *target;
  };
  const Row rows[] = {
      {"https://gw.example", "https://gw.example:443", "gw.example", "/"},
      {"HTTPS://GW.Example:8443/repo/1.root.json", "https://gw.example:8443", "gw.example:8443", "/repo/1.root.json"},
      {"http://127.0.0.1:80/a?b=c", "http://127.0.0.1:80", "127.0.0.1", "/a?b=c"},
      {"http://localhost?x", "http://localhost:80", "localhost", "/?x"},
      {"http://[::1]:8080/", "http://[::1]:8080", "[::1]:8080", "/"},
  };
  for (const Row& row : rows) {
    const auto url = parse_url(row.text);
    ASSERT_TRUE(url.ok()) << url.error().what;
    EXPECT_EQ(url->origin(), row.origin);
    EXPECT_EQ(url->authority(), row.authority);
    EXPECT_EQ(url->target, row.target);
  }
}

TEST(ParseUrl, RefusesWhatCouldBeReadInTwoWays) {
  for (const char* text :
       {"", "gw.example/x", "ftp://gw.example/", "http://", "http:///x", "https://user@host/", "https://user:pw@host/",
        "http://host:0/", "http://host:65536/", "http://host:8o/", "http://host/a b", "http://host/a\r\nX: y",
        "http://host/#f", "http://[::1/", "http://[nonsense]/", "http://[::1]x/", "http://h\\ost/",
        "http://host\xc3\xa4/", "http://ho%73t/"})
    EXPECT_FALSE(parse_url(text).ok()) << text;
  EXPECT_FALSE(parse_url("http://host/" + std::string(9000, 'a')).ok());
}

TEST(ParseTarget, AcceptsPathsAndAbsoluteUrls) {
  EXPECT_EQ(parse_target("/a/b?c=d?e")->path, "/a/b");
  EXPECT_EQ(parse_target("/a/b?c=d?e")->query, "c=d?e");
  EXPECT_EQ(parse_target("http://gw.example:1/a?b")->path, "/a");
}

TEST(ParseTarget, RefusesOtherForms) {
  for (const char* text : {"", "*", "gw.example:443", "/a#b", "a/b"}) EXPECT_FALSE(parse_target(text).ok()) << text;
}

}  // namespace
}  // namespace rota::http
