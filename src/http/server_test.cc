#include "http/server.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <stdexcept>

#include "http/client.h"
#include "sim/raw_peer.h"

namespace rota::http {
namespace {

using sim::RawPeer;
using sim::RawReply;

int count_files(const std::string& folder) {
  int count = 0;
  DIR* open = opendir(folder.c_str());
  while (const dirent* entry = readdir(open))
    if (entry->d_name[0] != '.') ++count;
  closedir(open);
  return count;
}

// A text that is given out 1000 bytes at a time.
struct InPieces final : ComposedBody {
  explicit InPieces(std::string t) : text(std::move(t)) {}
  std::uint64_t size() const override { return text.size(); }
  std::size_t compose(std::uint64_t offset, std::span<char> out) const override {
    return text.copy(out.data(), std::min<std::size_t>(out.size(), 1000), static_cast<std::size_t>(offset));
  }
  std::string text;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    char name[] = "/tmp/rota-http-XXXXXX";
    folder_ = mkdtemp(name);
    options_.spool_folder = folder_ + "/spool";
    mkdir(options_.spool_folder.c_str(), 0700);
    write_file("object", "0123456789");
    big_ = std::string(3'000'000, 'x');
    for (std::size_t i = 0; i < big_.size(); ++i) big_[i] = static_cast<char>('a' + i % 23);
    write_file("big", big_);
    add_routes();
  }
  ~ServerTest() override {
    server_.reset();
    EXPECT_EQ(count_files(options_.spool_folder), 0);
    for (const char* name : {"object", "big", "once"}) unlink((folder_ + "/" + name).c_str());
    rmdir(options_.spool_folder.c_str());
    rmdir(folder_.c_str());
  }

  void write_file(const std::string& name, const std::string& bytes) { std::ofstream(folder_ + "/" + name) << bytes; }

  void add_routes() {
    router_.add("GET", "/name/{name}", [](const Request& r) { return text_response(200, r.param("name")); });
    router_.add(Route{"GET", "/here", [](const Request& r) { return text_response(200, r.query); }, 0,
                      Route::Body::buffer, Route::Run::here});
    router_.add("POST", "/echo", [](const Request& r) { return text_response(200, r.body); });
    router_.add("GET", "/object", [this](const Request&) { return file("object"); });
    router_.add("GET", "/big", [this](const Request&) { return file("big"); });
    router_.add("GET", "/composed", [this](const Request& r) {
      const auto size = static_cast<std::size_t>(decimal(r.query).value());
      return Response{.composed = std::make_shared<InPieces>(big_.substr(0, size))};
    });
    router_.add("GET", "/gone", [this](const Request&) { return file("none"); });
    router_.add("GET", "/folder", [this](const Request&) { return file(""); });
    router_.add("GET", "/nothing", [](const Request&) { return Response{.status = 204}; });
    router_.add("GET", "/throws", [](const Request&) -> Response { throw std::runtime_error("a bug"); });
    router_.add("GET", "/split", [](const Request&) {
      return Response{.headers = {{"X-A", "b\r\nX-Injected: c"}, {"Content-Length", "999"}}, .body = "x"};
    });
    router_.add(Route{"PUT", "/unread/{name}",
                      [](const Request& r) {
                        return text_response(200, r.param("name") + " " + std::to_string(r.body_size) + " " + r.body + r.body_file);
                      },
                      4 << 20, Route::Body::unread});
    router_.add(Route{"PUT", "/spool", [](const Request& r) { return spooled(r); }, 4 << 20, Route::Body::spool});
  }

  Response file(const std::string& name) { return Response{.file = folder_ + "/" + name}; }

  // What a handler sees of a spooled body: its mode, size and last byte.
  static Response spooled(const Request& request) {
    struct stat facts {};
    if (stat(request.body_file.c_str(), &facts) != 0) return text_response(500, "no file");
    std::ifstream in(request.body_file);
    in.seekg(-1, std::ios::end);
    return text_response(200, std::to_string(facts.st_mode & 0777) + " " + std::to_string(facts.st_size) + " " +
                                  std::to_string(request.body_size) + " " + static_cast<char>(in.get()));
  }

  RawPeer connected() {
    if (!server_) {
      server_.emplace(options_);
      listen_.router = &router_;
      const auto port = server_->listen(listen_);
      if (!port.ok()) abort_with(port.error().what);
      port_ = *port;
      server_->start();
    }
    return RawPeer::connect(port_);
  }

  RawReply ask(const std::string& request) {
    RawPeer peer = connected();
    peer.say(request);
    return peer.hear_reply();
  }
  static std::string get(const std::string& path, const std::string& fields = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
  }

  std::string folder_, big_;
  Router router_;
  ServerOptions options_;
  ListenOptions listen_;
  std::optional<Server> server_;
  std::uint16_t port_ = 0;
};

TEST_F(ServerTest, AnswersSeveralRequestsOnOneConnection) {
  RawPeer peer = connected();
  for (const char* name : {"one", "two", "three"}) {
    peer.say(get("/name/" + std::string(name)));
    const RawReply reply = peer.hear_reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, name);
    EXPECT_EQ(reply.field("Connection"), "keep-alive");
    EXPECT_EQ(reply.field("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(reply.field("Date").size(), 29u);
  }
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  RawPeer peer = connected();
  peer.say(get("/name/a") + "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody" + get("/here?q") +
           get("/name/d"));
  for (const char* body : {"a", "body", "q", "d"}) EXPECT_EQ(peer.hear_reply().body, body);
}

TEST_F(ServerTest, ReadsARequestByteByByte) {
  RawPeer peer = connected();
  for (const char c :
       "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + std::string())
    peer.say({&c, 1});
  EXPECT_EQ(peer.hear_reply().body, "abc");
}

TEST_F(ServerTest, ClosesWhenTheClientAsksForIt) {
  for (const char* request :
       {"GET /name/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "GET /name/a HTTP/1.0\r\n\r\n"}) {
    RawPeer peer = connected();
    peer.say(request);
    const RawReply reply = peer.hear_reply();
    EXPECT_EQ(reply.body, "a");
    EXPECT_EQ(reply.field("Connection"), "close");
    EXPECT_TRUE(peer.ended());
  }
}

// gateway.md A10.
TEST_F(ServerTest, EchoesAGoodRequestIdAndReplacesABadOne) {
  EXPECT_EQ(ask(get("/here", "X-Request-ID: r-1\r\n")).field("X-Request-ID"), "r-1");
  EXPECT_EQ(ask(get("/here", "X-Request-ID: " + std::string(128, 'i') + "\r\n")).field("X-Request-ID"),
            std::string(128, 'i'));
  for (const std::string& bad : {std::string(129, 'i'), std::string("a\xc3\xa4"), std::string()}) {
    const std::string id = ask(get("/here", "X-Request-ID: " + bad + "\r\n")).field("X-Request-ID");
    EXPECT_NE(id, bad);
    EXPECT_GE(id.size(), 12u);
  }
  EXPECT_NE(ask(get("/here")).field("X-Request-ID"), ask(get("/here")).field("X-Request-ID"));
}

// gateway.md 1.3, C13, C17.
TEST_F(ServerTest, RefusesUncleanPathsWith404) {
  for (const char* segment :
       {"..", ".", "%2e%2e", "%252e%252e", "", "a//b", "%00", "a%5cb", "a\\b", "a%2fb", "%0d%0a"}) {
    const RawReply reply = ask(get("/name/" + std::string(segment)));
    EXPECT_EQ(reply.status, 404) << segment;
  }
  EXPECT_EQ(ask(get("/name/../../etc/passwd")).status, 404);
}

TEST_F(ServerTest, RefusesOtherMethodsWith405AndBadTargetsWith400) {
  const RawReply reply = ask("DELETE /echo HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.field("Allow"), "POST");
  EXPECT_EQ(ask("GET * HTTP/1.1\r\nHost: x\r\n\r\n").status, 400);
  EXPECT_EQ(ask("GET http://x/name/a HTTP/1.1\r\nHost: x\r\n\r\n").body, "a");
}

TEST_F(ServerTest, RefusesMalformedRequestsAndCloses) {
  struct Row {
    std::string text;
    int status;
  };
  const Row rows[] = {
      {"nonsense\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"GET /here HTTP/1.1\r\nHost: x\r\nA: " + std::string(17000, 'a') + "\r\n\r\n", 431},
      {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
      {"GET /here HTTP/1.1\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: more\r\n\r\nx", 417},
  };
  for (const Row& row : rows) {
    RawPeer peer = connected();
    peer.say(row.text);
    const RawReply reply = peer.hear_reply();
    EXPECT_EQ(reply.status, row.status) << row.text.substr(0, 60);
    EXPECT_EQ(reply.field("Connection"), "close");
    peer.finish_saying();
    EXPECT_TRUE(peer.ended());
  }
}

// gateway.md A9: the client sees the answer although it has sent more than is read.
TEST_F(ServerTest, RefusesALargeBodyWith413) {
  for (const char* framing : {"Content-Length: 204800\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n32000\r\n"}) {
    RawPeer peer = connected();
    peer.say("POST /echo HTTP/1.1\r\nHost: x\r\n" + std::string(framing));
    peer.say(std::string(204800, 'x'));
    EXPECT_EQ(peer.hear_reply().status, 413) << framing;
  }
  EXPECT_EQ(
      ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 102400\r\n\r\n" + std::string(102400, 'x')).body.size(),
      102400u);
}

TEST_F(ServerTest, SaysContinueOnlyWhenTheBodyIsWanted) {
  RawPeer peer = connected();
  peer.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.hear_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.say("abc");
  EXPECT_EQ(peer.hear_reply().body, "abc");
  RawPeer other = connected();
  other.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(other.hear_reply().status, 413);
}

TEST_F(ServerTest, AnswersByTheHeadAloneWhereTheBodyIsNotRead) {
  RawPeer waiting = connected();
  waiting.say("PUT /unread/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(waiting.hear_reply().body, "a 3000000 ") << "before a byte of it was sent";
  RawPeer sending = connected();
  sending.say("PUT /unread/b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(sending.hear_reply().body, "b 3 ");
  RawPeer none = connected();
  none.say("PUT /unread/c HTTP/1.1\r\nHost: x\r\n\r\n" + get("/name/after"));
  EXPECT_EQ(none.hear_reply().body, "c 0 ");
  EXPECT_EQ(none.hear_reply().body, "after") << "without a body the connection goes on";
  RawPeer large = connected();
  large.say("PUT /unread/d HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n");
  EXPECT_EQ(large.hear_reply().status, 413);
}

TEST_F(ServerTest, ServesHeadWithoutABody) {
  RawPeer peer = connected();
  peer.say("HEAD /object HTTP/1.1\r\nHost: x\r\n\r\n" + get("/name/after"));
  const RawReply reply = peer.hear_head();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("Content-Length"), "10");
  EXPECT_EQ(peer.hear_reply().body, "after");
}

TEST_F(ServerTest, ServesRangesOfFilesAndBodies) {
  struct Row {
    const char *path, *range;
    int status;
    const char *body, *content_range;
  };
  const Row rows[] = {
      {"/object", "bytes=2-4", 206, "234", "bytes 2-4/10"},    {"/object", "bytes=-1", 206, "9", "bytes 9-9/10"},
      {"/object", "bytes=10-", 416, "", "bytes */10"},         {"/object", "bytes=0-1,4-5", 200, "0123456789", ""},
      {"/name/abcdef", "bytes=1-2", 206, "bc", "bytes 1-2/6"},
  };
  for (const Row& row : rows) {
    const RawReply reply = ask(get(row.path, "Range: " + std::string(row.range) + "\r\n"));
    EXPECT_EQ(reply.status, row.status) << row.range;
    EXPECT_EQ(reply.body, row.body) << row.range;
    EXPECT_EQ(reply.field("Content-Range"), row.content_range);
    EXPECT_EQ(reply.field("Accept-Ranges"), "bytes");
  }
  EXPECT_EQ(ask(get("/object", "Range: bytes=2-4\r\nIf-Range: \"other\"\r\n")).status, 200);
}

TEST_F(ServerTest, ServesLargeFilesWholeAndInPart) {
  EXPECT_EQ(ask(get("/big")).body, big_);
  EXPECT_EQ(ask(get("/big", "Range: bytes=1000000-2999998\r\n")).body, big_.substr(1000000, 1999999));
}

TEST_F(ServerTest, ServesComposedBodiesWholeAndInPart) {
  for (const std::size_t size : {0, 1, 1000, 16 * 1024, 16 * 1024 + 1, 200'000, 3'000'000}) {
    const std::string path = "/composed?" + std::to_string(size);
    RawPeer peer = connected();
    peer.say(get(path) + "HEAD " + path + " HTTP/1.1\r\nHost: x\r\n\r\n" + get("/name/after"));
    EXPECT_TRUE(peer.hear_reply().body == big_.substr(0, size)) << size;
    EXPECT_EQ(peer.hear_head().field("Content-Length"), std::to_string(size));
    EXPECT_EQ(peer.hear_reply().body, "after");
  }
  EXPECT_EQ(ask(get("/composed?1000", "Range: bytes=10-12\r\n")).body, big_.substr(10, 3));
  EXPECT_EQ(ask(get("/composed?3000000", "Range: bytes=1000000-2999998\r\n")).body, big_.substr(1000000, 1999999));
  EXPECT_EQ(ask(get("/composed?3000000", "Range: bytes=3000000-\r\n")).status, 416);
}

TEST_F(ServerTest, AnswersAMissingFileWith404) {
  EXPECT_EQ(ask(get("/gone")).status, 404);
  EXPECT_EQ(ask(get("/folder")).status, 404);
}

TEST_F(ServerTest, RemovesAFileThatIsServedOnce) {
  write_file("once", std::string(100'000, 'o'));
  router_.add("GET", "/once", [this](const Request&) {
    Response response = file("once");
    response.remove_file_after = true;
    return response;
  });
  EXPECT_EQ(ask(get("/once")).body.size(), 100'000u);
  EXPECT_EQ(ask(get("/once")).status, 404);
}

TEST_F(ServerTest, AnswersAnExceptionWith500AndTellsTheOperator) {
  std::string told_id, told_what;
  options_.on_exception = [&](const std::string& id, std::string_view what) {
    told_id = id;
    told_what = what;
  };
  const RawReply reply = ask(get("/throws", "X-Request-ID: r-7\r\n"));
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(parse_json(reply.body)->text_or("errorId", ""), "r-7");
  EXPECT_EQ(reply.body.find("a bug"), std::string::npos);
  EXPECT_EQ(told_id, "r-7");
  EXPECT_EQ(told_what, "a bug");
}

TEST_F(ServerTest, LetsNoHandlerBreakTheFraming) {
  const RawReply reply = ask(get("/split"));
  EXPECT_EQ(reply.field("X-Injected"), "");
  EXPECT_EQ(reply.field("Content-Length"), "1");
  EXPECT_EQ(ask(get("/nothing")).field("Content-Length"), "");
}

TEST_F(ServerTest, AsksTheGateBeforeTheBody) {
  listen_.gate = [](const Request& request) -> std::optional<Response> {
    if (request.header("X-Who") == "friend") return std::nullopt;
    return error_response(request, 403, "forbidden", "who are you");
  };
  listen_.always = {{"Strict-Transport-Security", "max-age=1"}};
  EXPECT_EQ(ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n").status, 403);
  const RawReply reply = ask("POST /echo HTTP/1.1\r\nHost: x\r\nX-Who: friend\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(reply.body, "abc");
  EXPECT_EQ(reply.field("Strict-Transport-Security"), "max-age=1");
  EXPECT_EQ(ask(get("/no/such/path")).status, 403);
}

TEST_F(ServerTest, SpoolsLargeBodiesToAPrivateFileAndRemovesIt) {
  const std::string size = std::to_string(big_.size());
  const RawReply reply = ask("PUT /spool HTTP/1.1\r\nHost: x\r\nContent-Length: " + size + "\r\n\r\n" + big_);
  EXPECT_EQ(reply.body, "384 " + size + " " + size + " " + big_.back());  // 0600
  EXPECT_EQ(count_files(options_.spool_folder), 0);
  RawPeer cut = connected();
  cut.say("PUT /spool HTTP/1.1\r\nHost: x\r\nContent-Length: " + size + "\r\n\r\nhalf");
  cut.finish_saying();
  EXPECT_TRUE(cut.ended());
}

TEST_F(ServerTest, AnswersAFullSpoolFolderWith507) {
  options_.on_exception = [](const std::string&, std::string_view) {};
  const std::string folder = std::exchange(options_.spool_folder, folder_ + "/missing");
  EXPECT_EQ(ask("PUT /spool HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx").status, 507);
  options_.spool_folder = folder;
}

TEST_F(ServerTest, ServesOthersWhileClientsAreSlow) {
  options_.io_threads = 1;
  std::vector<RawPeer> slow;
  for (const char* start : {"GET /na", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
                            "GET /big HTTP/1.1\r\nHost: x\r\n\r\n",
                            "GET /composed?3000000 HTTP/1.1\r\nHost: x\r\n\r\n", ""}) {
    slow.push_back(connected());
    slow.back().say(start);
  }
  EXPECT_EQ(ask(get("/name/quick")).body, "quick");
  slow[0].say("me/late HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(slow[0].hear_reply().body, "late");
}

TEST_F(ServerTest, ClosesClientsThatTakeTooLong) {
  options_.header_timeout = Seconds(1);
  options_.idle_timeout = Seconds(1);
  options_.body_timeout = Seconds(1);
  RawPeer silent = connected(), half_head = connected(), half_body = connected(), idle = connected();
  half_head.say("GET /na");
  half_body.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  idle.say(get("/name/a"));
  EXPECT_EQ(idle.hear_reply().status, 200);
  EXPECT_TRUE(silent.ended());
  EXPECT_TRUE(half_head.ended());
  EXPECT_TRUE(half_body.ended());
  EXPECT_TRUE(idle.ended());
}

TEST_F(ServerTest, TurnsAwayMoreConnectionsThanItMay) {
  options_.max_connections = 2;
  RawPeer one = connected(), two = connected();
  one.say(get("/name/a"));
  two.say(get("/name/b"));
  EXPECT_EQ(one.hear_reply().status, 200);
  EXPECT_EQ(two.hear_reply().status, 200);
  RawPeer three = connected();
  const RawReply reply = three.hear_reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.field("Retry-After"), "1");
}

TEST_F(ServerTest, RefusesAPortThatIsTaken) {
  connected();
  Server second{ServerOptions{}};
  const auto port = second.listen({.port = port_, .router = &router_});
  ASSERT_FALSE(port.ok());
  EXPECT_EQ(port.error().fault, Fault::io);
}

TEST_F(ServerTest, FinishesRunningHandlersWhenItStops) {
  std::mutex mutex;
  std::condition_variable changed;
  bool running = false;
  Server* server = nullptr;
  router_.add("GET", "/last", [&](const Request&) {
    std::unique_lock lock(mutex);
    running = true;
    changed.notify_all();
    changed.wait(lock, [&] { return !running; });  // until the stop is on its way
    return text_response(200, "done");
  });
  RawPeer peer = connected();
  server = &*server_;
  RawPeer idle = connected();
  peer.say(get("/last"));
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return running; });
  std::thread stopping([&] { server->stop(); });
  lock.unlock();
  EXPECT_TRUE(idle.ended());  // the stop has reached the loops
  lock.lock();
  running = false;
  changed.notify_all();
  lock.unlock();
  EXPECT_EQ(peer.hear_reply().body, "done");
  EXPECT_TRUE(peer.ended());
  stopping.join();
}

TEST_F(ServerTest, ServesManyClientsOnSeveralThreads) {
  options_.io_threads = 2;
  connected();
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([this, &good] {
      Client client{ClientOptions{}};
      for (int i = 0; i < 50; ++i) {
        const auto reply =
            client.fetch({.url = "http://127.0.0.1:" + std::to_string(port_) + "/name/n" + std::to_string(i)});
        if (reply.ok() && reply->body == "n" + std::to_string(i)) ++good;
      }
      if (client.connections_made() != 1) good = -1000;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 200);
}

}  // namespace
}  // namespace rota::http
