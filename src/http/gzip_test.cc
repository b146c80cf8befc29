#include "http/gzip.h"

#include <zlib.h>

#include <gtest/gtest.h>

namespace rota::http {
namespace {

Bytes gzipped(BytesView plain) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes out(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// Answers with what it was given, and remembers what it was asked.
class Canned final : public Fetcher {
 public:
  explicit Canned(FetchReply reply) : reply_(std::move(reply)) {}
  Result<FetchReply> fetch(const FetchRequest& request) override {
    asked = request;
    if (request.sink) TRY(request.sink(reply_.body));
    return reply_;
  }
  FetchRequest asked;

 private:
  FetchReply reply_;
};

FetchReply packed_reply(Bytes body) { return {200, {{"content-encoding", "GZIP"}}, std::move(body)}; }

TEST(Gunzipped, GivesWhatWasPackedUpToTheLimit) {
  for (const std::size_t size : {0u, 1u, 16'384u, 16'385u, 100'000u}) {
    const Bytes plain(size, 'x');
    EXPECT_EQ(gunzipped(gzipped(plain), size).value(), plain) << size;
  }
}

TEST(Gunzipped, RefusesOneByteMoreThanTheLimit) {
  for (const std::size_t size : {1u, 16'384u, 100'000u}) {
    const auto got = gunzipped(gzipped(Bytes(size, 'x')), size - 1);
    ASSERT_FALSE(got.ok()) << size;
    EXPECT_EQ(got.error().fault, Fault::rejected) << size;
  }
}

TEST(Gunzipped, RefusesWhatIsNoWholeGzipMember) {
  const Bytes good = gzipped("some text");
  Bytes damaged = good;
  damaged[damaged.size() - 8] ^= 1;  // the CRC
  const std::pair<const char*, Bytes> rows[] = {{"nothing", ""},
                                                {"plain", "some text"},
                                                {"cut short", good.substr(0, good.size() - 1)},
                                                {"damaged", damaged},
                                                {"more follows", good + "x"},
                                                {"a second member", good + good}};
  for (const auto& [name, bytes] : rows) {
    const auto got = gunzipped(bytes, 1000);
    ASSERT_FALSE(got.ok()) << name;
    EXPECT_EQ(got.error().fault, Fault::bad_input) << name;
  }
}

TEST(WantsGzip, ReadsTheFieldOfARequest) {
  const std::pair<const char*, bool> rows[] = {
      {"", false},           {"gzip", true},         {"GZIP", true},          {"deflate, gzip", true},
      {"br,gzip;q=0.5", true}, {"gzip;q=0", false},    {"gzip; q=0.000", false}, {"identity", false},
      {"*", true},           {"*;q=0", false},       {"*, gzip;q=0", false},  {"gzip;q=1.0, *;q=0", true},
      {"x-gzip", true},      {"gzipped", false},     {";;,,", false},         {"*;q=0, deflate", false},
  };
  for (const auto& [field, wanted] : rows) EXPECT_EQ(wants_gzip(field), wanted) << field;
}

TEST(GzipFetcher, AsksForGzipAndUnpacksIt) {
  Canned server(packed_reply(gzipped("{}")));
  const auto reply = GzipFetcher(server).fetch({.url = "http://a/b", .max_body = 100});
  EXPECT_EQ(reply.value().body, "{}");
  EXPECT_EQ(header(server.asked.headers, "Accept-Encoding"), "gzip");
}

TEST(GzipFetcher, PassesOnAnAnswerThatIsNotPacked) {
  const Bytes body = gzipped("a file that happens to be gzip");
  Canned server({200, {}, body});
  EXPECT_EQ(GzipFetcher(server).fetch({.url = "http://a/b", .max_body = 100}).value().body, body);
}

TEST(GzipFetcher, PassesOnWhatGoesToASinkAsItIs) {
  Bytes taken;
  Canned server({200, {}, "piece"});
  const auto keep = [&](BytesView piece) { return taken += piece, Status(); };
  EXPECT_TRUE(GzipFetcher(server).fetch({.url = "http://a/b", .sink = keep}).ok());
  EXPECT_EQ(taken, "piece");
  EXPECT_EQ(header(server.asked.headers, "Accept-Encoding"), "");
}

TEST(GzipFetcher, PassesOnAnAnswerOutside2xxWhateverItsBody) {
  Canned server({404, {{"Content-Encoding", "gzip"}}, gzipped(Bytes(5000, 'x')).substr(0, 20)});
  EXPECT_EQ(GzipFetcher(server).fetch({.url = "http://a/b", .max_body = 1000}).value().status, 404);
}

TEST(GzipFetcher, RefusesAPackedAnswerThatIsLongerThanTheLimitOrBroken) {
  for (const Bytes& body : {gzipped(Bytes(1001, 'x')), Bytes("no gzip")}) {
    Canned server(packed_reply(body));
    const auto reply = GzipFetcher(server).fetch({.url = "http://a/b", .max_body = 1000});
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.error().fault, Fault::rejected);
  }
}

}  // namespace
}  // namespace rota::http
