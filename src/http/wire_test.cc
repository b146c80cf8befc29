#include "http/wire.h"

#include <gtest/gtest.h>

namespace rota::http {
namespace {

struct Outcome {
  int refusal = 0;  // 0: read to the end
  std::string body;
  std::size_t used = 0;
};

// Gives the bytes in pieces of `step`, as a network would.
Outcome read_request(const std::string& bytes, std::size_t step, std::uint64_t max_body = 1000) {
  RequestReader reader;
  Outcome out;
  std::string pending;
  for (std::size_t at = 0; !reader.done();) {
    const bool before = reader.head_done();
    const auto used = reader.take(pending);
    if (!used.ok()) {
      out.refusal = reader.refusal();
      return out;
    }
    pending.erase(0, *used);
    out.used += *used;
    if (!before && reader.head_done()) {
      reader.body_to(max_body, [&out](BytesView piece) -> Status {
        out.body += piece;
        return {};
      });
      continue;
    }
    if (reader.done()) break;
    if (at == bytes.size()) {
      out.refusal = -1;  // wants more
      return out;
    }
    pending += bytes.substr(at, step);
    at += step;
    at = std::min(at, bytes.size());
  }
  return out;
}

const std::string kHost = "Host: x\r\n";

TEST(RequestReader, ReadsBodiesOfBothKindsInPiecesOfAnySize) {
  const std::string plain = "POST /a HTTP/1.1\r\n" + kHost + "Content-Length: 11\r\n\r\nhello world";
  const std::string chunked =
      "POST /a HTTP/1.1\r\n" + kHost +
      "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: t\r\n\r\n";
  for (const std::string& bytes : {plain, chunked}) {
    for (std::size_t step = 1; step <= bytes.size() + 7; ++step) {
      const Outcome out = read_request(bytes + "GET /", step);
      EXPECT_EQ(out.refusal, 0) << step;
      EXPECT_EQ(out.body, "hello world") << step;
      EXPECT_EQ(out.used, bytes.size()) << step;
    }
  }
}

TEST(RequestReader, RefusesWhatTwoServersCouldReadDifferently) {
  struct Row {
    const char* text;
    int refusal;
  };
  const Row rows[] = {
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 501},
      {"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: x\r\nA\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
      {"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 505},
      {"GET / x HTTP/1.1\r\nHost: x\r\n\r\n", 505},
      {"G\x01T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"\x16\x03\x01\x02\x00\x01\x00\x01", 400},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n", 400},
  };
  for (const Row& row : rows) EXPECT_EQ(read_request(row.text, 1000).refusal, row.refusal) << row.text;
}

TEST(RequestReader, RefusesALargeHead) {
  const std::string start = "GET / HTTP/1.1\r\n" + kHost;
  EXPECT_EQ(read_request(start + "A: " + std::string(15 * 1024, 'a') + "\r\n\r\n", 1000).refusal, 0);
  for (const std::size_t step : {100u, 100000u}) {
    EXPECT_EQ(read_request(start + "A: " + std::string(17 * 1024, 'a') + "\r\n\r\n", step).refusal, 431);
    EXPECT_EQ(read_request("GET /" + std::string(17 * 1024, 'a') + " HTTP/1.1\r\n" + kHost + "\r\n", step).refusal,
              431);
    EXPECT_EQ(
        read_request(start + "A: " + std::string(10 * 1024, 'a') + "\r\nB: " + std::string(10 * 1024, 'a') + "\r\n\r\n",
                     step)
            .refusal,
        431);
  }
}

TEST(RequestReader, RefusesAHundredAndFirstField) {
  std::string head = "GET / HTTP/1.1\r\n" + kHost;
  for (int i = 1; i < kMaxHeaders; ++i) head += "A: b\r\n";
  EXPECT_EQ(read_request(head + "\r\n", 1000).refusal, 0);
  EXPECT_EQ(read_request(head + "A: b\r\n\r\n", 1000).refusal, 431);
}

TEST(RequestReader, RefusesABodyOverItsLimit) {
  const std::string start = "POST / HTTP/1.1\r\n" + kHost;
  EXPECT_EQ(read_request(start + "Content-Length: 11\r\n\r\nhello world", 7, 11).refusal, 0);
  EXPECT_EQ(read_request(start + "Content-Length: 11\r\n\r\nhello world", 7, 10).refusal, 413);
  EXPECT_EQ(
      read_request(start + "Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n", 3, 10).refusal,
      413);
}

TEST(RequestReader, RefusesAChunkLineWithoutEnd) {
  const std::string start = "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(read_request(start + "5;" + std::string(40 * 1024, 'a'), 1000).refusal, 400);
  EXPECT_EQ(read_request(start + "0\r\nA: " + std::string(40 * 1024, 'a'), 1000).refusal, 400);
}

TEST(ResponseReader, KnowsACutAnswerFromAWholeOne) {
  struct Row {
    const char* text;
    bool whole;
  };
  const Row rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", false},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", false},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", true},
      {"HTTP/1.1 200 OK\r\nContent-Le", false},
      {"", false},
  };
  for (const Row& row : rows) {
    ResponseReader reader(ResponseReader::Body::expected);
    reader.body_to(1000, [](BytesView) -> Status { return {}; });
    std::string pending = row.text;
    for (int i = 0; i < 3 && !reader.done(); ++i) {
      const auto used = reader.take(pending);
      ASSERT_TRUE(used.ok()) << used.error().what;
      pending.erase(0, *used);
    }
    EXPECT_EQ(reader.end().ok(), row.whole) << row.text;
  }
}

}  // namespace
}  // namespace rota::http
