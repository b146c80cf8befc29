// Target files that people upload: the acceptance case E15 of repo-api.md, and what may go wrong between its requests.
#include "crypto/hash.h"
#include "crypto/md5.h"
#include "server/installation_for_test.h"
#include "server/target_uploads.h"

namespace rota::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kRepo = "/ota/repo/acme/api/v1/user_repo";

class UploadApi : public test::Installed {
 protected:
  void SetUp() override {
    Installed::SetUp();
    serve_api();
  }
  void serve_api() {
    ServiceOptions options;
    options.api_groups = {add_repo_routes};
    service_ = Service::start(app(), options).value();
    client_ = client_of(nullptr);
  }
  FetchReply call(const std::string& method, const std::string& rest, const std::string& body = "") {
    return send_to(method, app().settings.api_url + kRepo + rest, body, {{"OSF-TOKEN", owner_token_}});
  }
  FetchReply send_to(const std::string& method, const std::string& url, const std::string& body, const Headers& headers = {}) {
    FetchRequest request{.method = method, .url = url, .headers = headers, .body = body};
    request.max_body = 64 << 20;
    return client_->fetch(request).value();
  }
  static std::string tag_of(BytesView bytes) { return hex(crypto::md5(bytes)); }

  std::string initiate(const std::string& file, std::size_t size) {
    const auto reply = call("POST", "/multipart/initiate/" + file + "?fileSize=" + std::to_string(size));
    EXPECT_EQ(reply.status, 200) << reply.body;
    const Json json = parse_json(reply.body).value();
    EXPECT_EQ(json.integer_or("partSize", 0), kUsualPart);
    return json.text_or("uploadId", "");
  }
  FetchReply url_reply(const std::string& file, const std::string& id, int part, const Bytes& bytes) {
    return call("GET", "/multipart/url/" + file + "?part=" + std::to_string(part) + "&uploadId=" + id +
                           "&md5=" + percent_encoded(base64(crypto::md5(bytes))) + "&contentLength=" + std::to_string(bytes.size()));
  }
  std::string url_of(const std::string& file, const std::string& id, int part, const Bytes& bytes) {
    const auto reply = url_reply(file, id, part, bytes);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return parse_json(reply.body).value().text_or("uri", "");
  }
  void put_part(const std::string& file, const std::string& id, int part, const Bytes& bytes) {
    const auto put = send_to("PUT", url_of(file, id, part, bytes), bytes, {{"Content-MD5", base64(crypto::md5(bytes))}});
    EXPECT_EQ(put.status, 200) << put.body;
    EXPECT_EQ(header(put.headers, "ETag"), "\"" + tag_of(bytes) + "\"");
  }
  FetchReply complete(const std::string& file, const std::string& id, const std::vector<std::pair<int, std::string>>& tags) {
    Json body(Json::Object{{"uploadId", id}, {"partETags", Json(Json::Array{})}});
    for (const auto& [part, tag] : tags)
      body["partETags"].push_back(Json(Json::Object{{"part", Json(part)}, {"eTag", "\"" + tag + "\""}}));
    return call("PUT", "/multipart/complete/" + file, to_json(body));
  }
  FetchReply upload(const std::string& file, const Bytes& bytes) {
    const auto id = initiate(file, bytes.size());
    put_part(file, id, 1, bytes);
    return complete(file, id, {{1, tag_of(bytes)}});
  }
  std::vector<std::string> blobs() {
    auto keys = app().blobs.list("uploads/").value();
    for (const auto& key : app().blobs.list("targets/").value()) keys.push_back(key);
    return keys;
  }
  const Bytes first_ = Bytes(static_cast<std::size_t>(kUsualPart), 'a'), last_ = Bytes(1000, 'b');
  std::unique_ptr<http::Client> client_;
};

TEST_F(UploadApi, E15StoresAFileFromItsParts) {
  const auto id = initiate("image-7", first_.size() + last_.size());
  put_part("image-7", id, 2, last_);
  put_part("image-7", id, 1, first_);
  const auto done = complete("image-7", id, {{1, tag_of(first_)}, {2, tag_of(last_)}});
  EXPECT_EQ(done.status, 204) << done.body;
  const auto file = call("GET", "/targets/image-7");
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(file.body, first_ + last_);
  EXPECT_EQ(header(file.headers, "ETag"), "\"" + crypto::sha256_hex(first_ + last_) + "\"");
  EXPECT_THAT(blobs(), ElementsAre("targets/" + id)) << "the parts are gone";
  EXPECT_EQ(complete("image-7", id, {}).status, 204) << "said twice";
}

TEST_F(UploadApi, E15RefusesWhatIsTooLongOrHasNoName) {
  EXPECT_EQ(call("POST", "/multipart/initiate/image-7?fileSize=3000000001").status, 413);
  for (const char* size : {"", "0", "-1", "1e9", "99999999999999999999"})
    EXPECT_EQ(call("POST", std::string("/multipart/initiate/image-7?fileSize=") + size).status, 400) << size;
  EXPECT_EQ(call("POST", "/multipart/initiate/a..b?fileSize=1").status, 400);
  EXPECT_EQ(call("POST", "/multipart/initiate/" + std::string(254, 'a') + "?fileSize=1").status, 400);
  EXPECT_EQ(call("POST", "/multipart/initiate/../x?fileSize=1").status, 404);
}

TEST_F(UploadApi, E15RefusesToCompleteWithoutEveryPart) {
  const auto id = initiate("image-7", first_.size() + last_.size());
  const auto nothing = complete("image-7", id, {});
  EXPECT_EQ(nothing.status, 400);
  EXPECT_THAT(nothing.body, HasSubstr("want 16778216 bytes in all, got 0"));
  put_part("image-7", id, 2, last_);
  struct {
    std::vector<std::pair<int, std::string>> tags;
    const char* reason;
  } const rows[] = {
      {{{1, tag_of(first_)}, {2, tag_of(last_)}}, "1 is missing; 1 was never stored"},
      {{{2, tag_of(last_)}}, "1 is missing"},
      {{{2, tag_of("other")}}, "2: want eTag"},
      {{}, "2 is not listed"},
  };
  for (const auto& row : rows) {
    const auto reply = complete("image-7", id, row.tags);
    EXPECT_EQ(reply.status, 400) << row.reason;
    EXPECT_THAT(reply.body, HasSubstr(row.reason));
  }
  put_part("image-7", id, 1, last_);
  EXPECT_THAT(complete("image-7", id, {{1, tag_of(last_)}, {2, tag_of(last_)}}).body, HasSubstr("bytes in all"));
  EXPECT_THAT(complete("image-7", id, {{1, tag_of(last_)}, {1, tag_of(last_)}, {2, tag_of(last_)}}).body,
              HasSubstr("listed twice"));
  EXPECT_EQ(call("GET", "/targets/image-7").status, 404);
}

TEST_F(UploadApi, E15RefusesAPartThatIsNotWhatWasAnnounced) {
  const auto id = initiate("image-7", last_.size());
  const std::string url = url_of("image-7", id, 1, last_);
  const Bytes other(last_.size(), 'c');
  EXPECT_EQ(send_to("PUT", url, other).status, 400) << "another MD5";
  EXPECT_EQ(send_to("PUT", url, last_, {{"Content-MD5", base64(crypto::md5(other))}}).status, 400);
  EXPECT_EQ(send_to("PUT", url, last_ + "x").status, 403) << "another length";
  EXPECT_EQ(complete("image-7", id, {{1, tag_of(last_)}}).status, 400) << "nothing was stored";
  EXPECT_THAT(blobs(), IsEmpty());
}

TEST_F(UploadApi, E15RefusesAnUploadThatItDoesNotKnow) {
  const auto id = initiate("image-7", last_.size());
  EXPECT_EQ(url_reply("image-7", std::string(32, '0'), 1, last_).status, 404);
  EXPECT_EQ(url_reply("image-8", id, 1, last_).status, 404) << "of another file";
  EXPECT_EQ(complete("image-7", std::string(32, '0'), {}).status, 404);
  EXPECT_EQ(url_reply("image-7", id, 2, last_).status, 400) << "there is one part only";
  EXPECT_EQ(url_reply("image-7", id, 0, last_).status, 400);
  EXPECT_EQ(url_reply("image-7", id, 1, first_ + "x").status, 400) << "longer than a part";
}

TEST_F(UploadApi, LetsNobodyPutElsewhereThanWhereHeMay) {
  const auto id = initiate("image-7", last_.size());
  const std::string url = url_of("image-7", id, 1, last_);
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"/1?", "/2?"}, {"size=1000", "size=1001"},
                                 {"expires=", "expires=9"}, {"/uploads/acme/", "/uploads/other/"}, {"md5=", "md5=0"}}) {
    std::string altered = url;
    altered.replace(altered.find(from), from.size(), to);
    EXPECT_EQ(send_to("PUT", altered, last_).status, 403) << altered;
  }
  EXPECT_EQ(send_to("PUT", app().settings.api_url + "/uploads/acme/x", last_).status, 403);
  EXPECT_EQ(send_to("PUT", app().settings.api_url + "/uploads/", last_).status, 403);
  clock_.pass(std::chrono::hours(1));
  EXPECT_EQ(send_to("PUT", url, last_).status, 403) << "expired";
  const Headers reader = {{"OSF-TOKEN", token_with({"targets:read"})}};
  const std::string base = app().settings.api_url + kRepo;
  EXPECT_EQ(send_to("POST", base + "/multipart/initiate/image-8?fileSize=1", "", reader).status, 403);
  EXPECT_EQ(send_to("GET", base + "/targets/image-8", "", reader).status, 404);
  EXPECT_EQ(send_to("POST", base + "/multipart/initiate/image-8?fileSize=1", "").status, 401);
}

TEST_F(UploadApi, KeepsThePartThatWasSentLast) {
  const auto id = initiate("image-7", last_.size());
  put_part("image-7", id, 1, Bytes(last_.size(), 'c'));
  put_part("image-7", id, 1, last_);
  put_part("image-7", id, 1, last_);
  EXPECT_EQ(blobs().size(), 1u);
  EXPECT_EQ(complete("image-7", id, {{1, tag_of(last_)}}).status, 204);
  EXPECT_EQ(call("GET", "/targets/image-7").body, last_);
}

TEST_F(UploadApi, GivesAWholeFileAnAddressOfItsOwn) {
  const auto asked = call("PUT", "/uploads/lib/image-7", last_);
  EXPECT_EQ(asked.status, 302) << asked.body;
  EXPECT_EQ(call("GET", "/targets/lib/image-7").status, 404) << "not there yet";
  const std::string url(header(asked.headers, "Location"));
  EXPECT_EQ(send_to("PUT", url, last_).status, 200);
  EXPECT_EQ(call("GET", "/targets/lib/image-7").body, last_);
  EXPECT_EQ(send_to("PUT", url, last_).status, 409) << "once";
  EXPECT_EQ(call("PUT", "/uploads/lib/image-7", last_).status, 409);
}

TEST_F(UploadApi, ReplacesNoFile) {
  ASSERT_EQ(upload("image-7", last_).status, 204);
  const auto again = call("POST", "/multipart/initiate/image-7?fileSize=1000");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(parse_json(again.body)->text_or("sha256", ""), crypto::sha256_hex(last_));
  EXPECT_EQ(call("DELETE", "/targets/image-7").status, 204);
  EXPECT_EQ(call("DELETE", "/targets/image-7").status, 404);
  EXPECT_THAT(blobs(), IsEmpty());
  const Bytes other(10, 'o');
  const auto one = initiate("image-7", last_.size()), two = initiate("image-7", other.size()), three = initiate("image-7", last_.size());
  put_part("image-7", one, 1, last_);
  put_part("image-7", two, 1, other);
  put_part("image-7", three, 1, last_);
  EXPECT_EQ(complete("image-7", one, {{1, tag_of(last_)}}).status, 204);
  EXPECT_EQ(complete("image-7", two, {{1, tag_of(other)}}).status, 409) << "another file";
  EXPECT_EQ(complete("image-7", three, {{1, tag_of(last_)}}).status, 204) << "the same file";
  EXPECT_EQ(call("GET", "/targets/image-7").body, last_);
}

TEST_F(UploadApi, KeepsAFileThatThePublishedTargetsName) {
  ASSERT_EQ(upload("image-7", last_).status, 204);
  const tuf::Target target{.name = "image-7",
                           .hashes = {{"sha256", crypto::sha256_hex(last_)}},
                           .length = 1000,
                           .custom = R"({"hardwareIds":["pi"],"name":"image","version":"7","targetFormat":"BINARY"})"};
  ASSERT_TRUE(app().repos.add_targets("acme", {target}).ok());
  EXPECT_EQ(call("DELETE", "/targets/image-7").status, 409);
  EXPECT_EQ(call("GET", "/targets/image-7").status, 200);
}

TEST_F(UploadApi, OpensNoMoreThanAFewAtOnce) {
  for (int i = 0; i < kMostOpenUploads; ++i) initiate("image-" + std::to_string(i), 1);
  EXPECT_EQ(call("POST", "/multipart/initiate/image?fileSize=1").status, 503);
}

TEST_F(UploadApi, ForgetsWhatNobodyGoesOnWith) {
  const auto old = initiate("old-1", last_.size());
  put_part("old-1", old, 1, last_);
  clock_.pass(kUploadLife);
  const auto young = initiate("young-1", last_.size());
  put_part("young-1", young, 1, last_);
  ASSERT_EQ(upload("done-1", last_).status, 204);
  clock_.pass(Seconds(1));
  ASSERT_TRUE(app().blobs.put("targets/" + std::string(32, 'e'), "nobody's").ok());
  ASSERT_TRUE(forget_uploads(app()).ok());
  EXPECT_EQ(url_reply("old-1", old, 1, last_).status, 404);
  EXPECT_EQ(blobs().size(), 2u);
  EXPECT_EQ(complete("young-1", young, {{1, tag_of(last_)}}).status, 204);
  EXPECT_EQ(call("GET", "/targets/done-1").status, 200);
}

TEST_F(UploadApi, GoesOnAfterARestart) {
  const auto id = initiate("image-7", first_.size() + last_.size());
  put_part("image-7", id, 1, first_);
  service_.reset();
  installation_.reset();
  open();
  serve_api();
  put_part("image-7", id, 2, last_);
  EXPECT_EQ(complete("image-7", id, {{1, tag_of(first_)}, {2, tag_of(last_)}}).status, 204);
}

}  // namespace
}  // namespace rota::server
