#include "http/client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "sim/raw_peer.h"

namespace rota::http {
namespace {

using sim::RawPeer;
using sim::RawServer;

// Answers each request on each connection with the same bytes, then ends the connection.
RawServer answering(std::string bytes) {
  return RawServer([bytes](RawPeer& peer) {
    peer.hear_until("\r\n\r\n");
    peer.say(bytes);
  });
}

std::string ok_with(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

Result<FetchReply> fetch(const RawServer& server, FetchRequest request = {}) {
  Client client{ClientOptions{}};
  request.url = server.url("/file?token=secret");
  return client.fetch(request);
}

TEST(Client, ReadsAnswersOfEveryFraming) {
  for (const char* bytes :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello"}) {
    const auto server = answering(bytes);
    const auto reply = fetch(server);
    ASSERT_TRUE(reply.ok()) << reply.error().what;
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->body, "hello");
    EXPECT_EQ(header(reply->headers, "x-a"), "b");
  }
}

TEST(Client, RefusesEachLieWithItsOwnFault) {
  struct Row {
    const char* name;
    std::string bytes;
    Fault fault;
    const char* text;
  };
  const Row rows[] = {
      {"nothing", "", Fault::unavailable, "closed before it began"},
      {"cut head", "HTTP/1.1 200 O", Fault::unavailable, "cut short"},
      {"cut body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", Fault::unavailable, "cut short"},
      {"cut chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", Fault::unavailable,
       "cut short"},
      {"not HTTP", "SSH-2.0-OpenSSH\r\n", Fault::rejected, ""},
      {"large head", "HTTP/1.1 200 OK\r\nA: " + std::string(17000, 'a') + "\r\n\r\n", Fault::rejected, ""},
      {"announced", ok_with(std::string(1001, 'x')), Fault::rejected, "want at most 1000 bytes, got 1001"},
      {"unannounced", "HTTP/1.0 200 OK\r\n\r\n" + std::string(1001, 'x'), Fault::rejected,
       "want at most 1000 bytes, got at least 1001"},
      {"large chunks",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x') + "\r\n0\r\n\r\n",
       Fault::rejected, "want at most 1000 bytes"},
      {"unclear length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello",
       Fault::rejected, ""},
      {"switching", "HTTP/1.1 101 Switching Protocols\r\n\r\n", Fault::rejected, "101"},
  };
  for (const Row& row : rows) {
    const auto server = answering(row.bytes);
    const auto reply = fetch(server, {.max_body = 1000});
    ASSERT_FALSE(reply.ok()) << row.name;
    EXPECT_EQ(reply.error().fault, row.fault) << row.name << ": " << reply.error().what;
    EXPECT_NE(reply.error().what.find(row.text), std::string::npos) << row.name << ": " << reply.error().what;
    EXPECT_NE(reply.error().what.find("GET http://127.0.0.1:"), std::string::npos);
    EXPECT_EQ(reply.error().what.find("secret"), std::string::npos) << "a query may hold a token";
  }
}

TEST(Client, AcceptsABodyOfExactlyItsLimit) {
  const auto server = answering(ok_with(std::string(1000, 'x')));
  EXPECT_EQ(fetch(server, {.max_body = 1000})->body.size(), 1000u);
}

TEST(Client, RefusesAnEndlessBodyAfterItsLimit) {
  const RawServer server([](RawPeer& peer) {
    peer.hear_until("\r\n\r\n");
    peer.say("HTTP/1.1 200 OK\r\n\r\n");
    while (peer.say(std::string(10000, 'x'))) {
    }
  });
  const auto reply = fetch(server, {.max_body = 100'000});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().fault, Fault::rejected);
}

TEST(Client, RefusesInterimAnswersWithoutEnd) {
  const RawServer server([](RawPeer& peer) {
    peer.hear_until("\r\n\r\n");
    while (peer.say("HTTP/1.1 100 Continue\r\n\r\n")) {
    }
  });
  EXPECT_EQ(fetch(server).error().fault, Fault::rejected);
}

TEST(Client, GivesUpWhenAnAnswerStalls) {
  const RawServer server([](RawPeer& peer) {
    peer.hear_until("\r\n\r\n");
    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\na few bytes");
    peer.hear_to_end();
  });
  Client slow(ClientOptions{.speed_window = Seconds(1)});
  const auto too_slow = slow.fetch({.url = server.url("/")});
  ASSERT_FALSE(too_slow.ok());
  EXPECT_EQ(too_slow.error().fault, Fault::unavailable);
  EXPECT_NE(too_slow.error().what.find("too slow"), std::string::npos) << too_slow.error().what;
  const auto timed_out = fetch(server, {.timeout = Seconds(1)});
  ASSERT_FALSE(timed_out.ok());
  EXPECT_EQ(timed_out.error().fault, Fault::unavailable);
  EXPECT_NE(timed_out.error().what.find("timed out"), std::string::npos) << timed_out.error().what;
}

TEST(Client, GivesUpWhenNoAnswerBegins) {
  const RawServer server([](RawPeer& peer) { peer.hear_to_end(); });
  EXPECT_EQ(fetch(server, {.timeout = Seconds(1)}).error().fault, Fault::unavailable);
}

TEST(Client, ReturnsOtherStatusesAsRepliesAndCutsTheirBodies) {
  const auto server = answering("HTTP/1.1 404 Not Found\r\nContent-Length: 200000\r\n\r\n" + std::string(200'000, 'x'));
  const auto reply = fetch(server, {.max_body = 10});
  ASSERT_TRUE(reply.ok()) << reply.error().what;
  EXPECT_EQ(reply->status, 404);
  EXPECT_LE(reply->body.size(), 64u * 1024);
}

TEST(Client, FollowsNoRedirect) {
  const auto server = answering("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(fetch(server)->status, 302);
  EXPECT_EQ(server.connections(), 1);
}

TEST(Client, StreamsAGoodBodyToTheSinkAndKeepsItsError) {
  const auto server = answering(ok_with(std::string(300'000, 'x')));
  std::size_t got = 0;
  const auto reply = fetch(server, {.max_body = 300'000, .sink = [&got](BytesView piece) -> Status {
                                      got += piece.size();
                                      return {};
                                    }});
  ASSERT_TRUE(reply.ok()) << reply.error().what;
  EXPECT_EQ(got, 300'000u);
  EXPECT_TRUE(reply->body.empty());
  const auto full =
      fetch(server, {.max_body = 300'000, .sink = [](BytesView) -> Status { return io_error("disk: full"); }});
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().fault, Fault::io);
}

TEST(Client, SendsAnErrorBodyToTheReplyAlthoughThereIsASink) {
  const auto server = answering("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
  EXPECT_EQ(fetch(server, {.sink = [](BytesView) -> Status { return io_error("not called"); }})->body, "none");
}

TEST(Client, ReusesItsConnection) {
  const RawServer server([](RawPeer& peer) {
    while (peer.hear_until("\r\n\r\n").size() > 4) peer.say(ok_with("again"));
  });
  Client client{ClientOptions{}};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.fetch({.url = server.url("/")})->body, "again");
  EXPECT_EQ(client.connections_made(), 1);
}

// The server takes the second request of a connection and closes without a word, as after an idle time-out.
RawServer closing_on_reuse() {
  return RawServer([](RawPeer& peer) {
    peer.hear_until("\r\n\r\n");
    peer.say(ok_with("once"));
    peer.hear_until("\r\n\r\n");
  });
}

TEST(Client, RepeatsAnUnansweredGetOnANewConnection) {
  const RawServer server = closing_on_reuse();
  Client client{ClientOptions{}};
  EXPECT_EQ(client.fetch({.url = server.url("/")})->body, "once");
  EXPECT_EQ(client.fetch({.url = server.url("/")})->body, "once");
  EXPECT_EQ(client.connections_made(), 2);
}

TEST(Client, RepeatsNoPost) {
  const RawServer server = closing_on_reuse();
  Client client{ClientOptions{}};
  EXPECT_EQ(client.fetch({.url = server.url("/")})->body, "once");
  const auto reply = client.fetch({.method = "POST", .url = server.url("/"), .body = "x"});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().fault, Fault::unavailable);
  EXPECT_EQ(client.connections_made(), 1);
}

TEST(Client, ReportsNoServerAsUnavailable) {
  std::string url;
  {
    const RawServer server([](RawPeer&) {});
    url = server.url("/");
  }
  Client client{ClientOptions{}};
  EXPECT_EQ(client.fetch({.url = url}).error().fault, Fault::unavailable);
}

TEST(Client, DeniesAnotherOriginBeforeConnecting) {
  const auto server = answering(ok_with("x"));
  Client client(ClientOptions{.only_origin = "https://gw.example:8443/ignored"});
  EXPECT_EQ(client.fetch({.url = server.url("/")}).error().fault, Fault::denied);
  EXPECT_EQ(server.connections(), 0);
  Client same(ClientOptions{.only_origin = server.url("")});
  EXPECT_TRUE(same.fetch({.url = server.url("/")}).ok());
}

TEST(Client, RefusesFieldsThatWouldBreakTheRequest) {
  const auto server = answering(ok_with("x"));
  EXPECT_EQ(fetch(server, {.headers = {{"X-A", "b\r\nX-B: c"}}}).error().fault, Fault::bad_input);
  EXPECT_EQ(server.connections(), 0);
}

TEST(Client, SendsItsFieldsAndBody) {
  std::string heard;
  {
    const RawServer server([&heard](RawPeer& peer) {
      heard = peer.hear_until("hello");
      peer.say(ok_with(""));
    });
    Client client(ClientOptions{.always = {{"x-ats-tags", "main"}}});
    EXPECT_TRUE(
        client.fetch({.method = "POST", .url = server.url("/a?b=c"), .headers = {{"X-A", "b"}}, .body = "hello"}).ok());
  }
  EXPECT_TRUE(heard.starts_with("POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:"));
  for (const char* field :
       {"\r\nx-ats-tags: main\r\n", "\r\nX-A: b\r\n", "\r\nContent-Length: 5\r\n", "\r\nUser-Agent: rota/"})
    EXPECT_NE(heard.find(field), std::string::npos) << field;
}

class UploadTest : public testing::Test {
 protected:
  UploadTest() {
    char name[] = "/tmp/rota-upload-XXXXXX";
    close(mkstemp(name));
    path_ = name;
    std::ofstream(path_) << std::string(2'000'000, 'u');
  }
  ~UploadTest() override { unlink(path_.c_str()); }
  std::string path_;
};

TEST_F(UploadTest, SendsAFileOnceTheServerAgrees) {
  std::size_t received = 0;
  {
    const RawServer server([&received](RawPeer& peer) {
      const std::string head = peer.hear_until("\r\n\r\n");
      if (head.find("Expect: 100-continue") == std::string::npos) return;
      peer.say("HTTP/1.1 100 Continue\r\n\r\n");
      received = peer.hear_bytes(2'000'000).size();
      peer.say(ok_with("stored"));
    });
    Client client{ClientOptions{}};
    const auto reply = client.fetch({.method = "PUT", .url = server.url("/"), .body_file = path_});
    ASSERT_TRUE(reply.ok()) << reply.error().what;
    EXPECT_EQ(reply->body, "stored");
  }
  EXPECT_EQ(received, 2'000'000u);
}

TEST_F(UploadTest, ReturnsARefusalWithoutSendingTheFile) {
  const auto server = answering("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
  Client client{ClientOptions{}};
  const auto reply = client.fetch({.method = "PUT", .url = server.url("/"), .body_file = path_});
  ASSERT_TRUE(reply.ok()) << reply.error().what;
  EXPECT_EQ(reply->status, 413);
}

TEST_F(UploadTest, ReportsAMissingFileAsIo) {
  const auto server = answering(ok_with(""));
  Client client{ClientOptions{}};
  EXPECT_EQ(client.fetch({.method = "PUT", .url = server.url("/"), .body_file = path_ + "x"}).error().fault, Fault::io);
}

}  // namespace
}  // namespace rota::http
