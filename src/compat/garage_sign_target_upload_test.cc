// targets upload against a service that forgets, refuses and is cut off.
#include <gmock/gmock.h>

#include <sstream>

#include "compat/garage_sign.h"
#include "crypto/hash.h"
#include "crypto/md5.h"
#include "sim/crash_files.h"
#include "sim/owner_archive.h"

namespace rota::compat {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kRepo = "/r/tufrepo", kSource = "/s/image.bin";
const std::string kApi = std::string(sim::Repository::kBase) + "/";

// Takes uploads in parts of `part_size`, like the service; everything else goes to the repository.
class UploadService final : public Fetcher {
 public:
  explicit UploadService(sim::Repository& repository) : repository_(repository) {}

  std::int64_t part_size = 4;
  std::vector<int> answers;           // of the next requests, instead of the right ones; 0: no answer
  std::optional<std::size_t> cut_at;  // from this request on there is no answer
  bool takes_parts = true;
  std::string address = "https://store.sim/put";
  std::string tag_of_file;  // what HEAD tells; empty: the right one
  std::map<int, Bytes> parts;
  std::optional<Bytes> file;
  std::string id;
  std::vector<std::string> log;
  std::vector<Headers> puts;  // of what went to addresses
  void forget() {
    id.clear();
    parts.clear();
  }

  Result<FetchReply> fetch(const FetchRequest& request) override {
    const bool is_put = request.url.starts_with(address.substr(0, address.find("put")));
    if (!is_put && !request.url.starts_with(kApi)) return repository_.fetch(request);
    const std::string rest = is_put ? request.url.substr(address.size()) : request.url.substr(kApi.size());
    log.push_back(request.method + " " + (is_put ? "part" : rest.substr(0, rest.find_first_of("?"))));
    if (cut_at && log.size() > *cut_at) return unavailable("the connection was cut");
    if (!answers.empty()) {
      const int status = answers.front();
      answers.erase(answers.begin());
      if (status == 0) return unavailable("the connection was cut");
      if (status != 200) return FetchReply{status, {}, R"({"code":"x"})"};
    }
    return is_put ? put(request, rest) : answer(request, rest);
  }

 private:
  FetchReply put(const FetchRequest& request, const std::string& rest) {
    puts.push_back(request.headers);
    if (!request.body_file.empty()) {
      file = "sent at once";
      return {200, {}, ""};
    }
    parts[std::stoi(rest.substr(1))] = request.body;
    EXPECT_EQ(header(request.headers, "Content-MD5"), base64(crypto::md5(request.body)));
    return {200, {{"ETag", "\"" + hex(crypto::md5(request.body)) + "\""}}, ""};
  }
  FetchReply answer(const FetchRequest& request, const std::string& rest) {
    if (rest.starts_with("multipart/initiate/")) return initiate();
    if (rest.starts_with("multipart/url/")) return url(rest);
    if (rest.starts_with("multipart/complete/")) return complete(request);
    if (rest.starts_with("uploads/")) return {302, {{"Location", address + "/0"}}, ""};
    if (request.method == "HEAD" && file)
      return {200, {{"ETag", "\"" + (tag_of_file.empty() ? crypto::sha256_hex(*file) : tag_of_file) + "\""}}, ""};
    return {404, {}, ""};
  }
  FetchReply initiate() {
    if (!takes_parts) return {501, {}, R"({"code":"not_implemented"})"};
    if (file)
      return {409, {}, R"({"code":"target_file_exists","sha256":")" + crypto::sha256_hex(*file) + R"(","length":)" +
                           std::to_string(file->size()) + "}"};
    id = "upload-" + std::to_string(++uploads_);
    return {200, {}, R"({"uploadId":")" + id + R"(","partSize":)" + std::to_string(part_size) + "}"};
  }
  FetchReply url(const std::string& rest) const {
    if (id.empty() || rest.find("uploadId=" + id) == std::string::npos) return {404, {}, R"({"code":"not_found"})"};
    const auto at = rest.find("part=") + 5;
    return {200, {}, R"({"uri":")" + address + "/" + rest.substr(at, rest.find('&', at) - at) + "\"}"};
  }
  FetchReply complete(const FetchRequest& request) {
    const Json body = parse_json(request.body).value();
    if (id.empty() || body.text_or("uploadId", "") != id) return {404, {}, R"({"code":"not_found"})"};
    EXPECT_THAT(*body.find("partETags")->if_array(), SizeIs(parts.size()));
    file = "";
    for (const auto& [number, bytes] : parts) *file += bytes;
    return {204, {}, ""};
  }
  sim::Repository& repository_;
  int uploads_ = 0;
};

struct Ending {
  int code;
  std::string out, err;
};

class TargetsUpload : public testing::Test {
 protected:
  void SetUp() override {
    repository_.require_bearer("b");
    const auto archive = sim::layout_a();
    for (const auto& [name, bytes] : archive.members()) put("/r/" + name, bytes.reveal());
    put(kSource, kBytes);
  }
  void put(const std::string& path, BytesView bytes) {
    make_folders(files_, folder_of(path), 0700).value();
    replace_file(files_, path, bytes, 0600).value();
  }
  Ending upload(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"targets", "upload", "-i", kSource, "--name", "image", "--version", "7", "--repo", kRepo};
    words.insert(words.end(), more.begin(), more.end());
    std::ostringstream out, err;
    GarageSignWorld world{files_, clock_, service_};
    if (patient_) world.pause = [this](Seconds wait) { waits_.push_back(wait.count()); };
    const int code = garage_sign(words, cli::Talk(out, err), world);
    return {code, out.str(), err.str()};
  }
  std::vector<std::string> states() {
    std::vector<std::string> names;
    const auto listed = files_.list(kRepo + "/uploads");
    if (listed)
      for (const auto& name : *listed)
        if (name.ends_with(".json")) names.push_back(name);
    return names;
  }
  int sent(const std::string& line) const { return static_cast<int>(std::ranges::count(service_.log, line)); }

  const Bytes kBytes = "0123456789";
  FixedClock clock_{parse_rfc3339("2027-01-01T00:00:00Z").value()};
  sim::CrashFiles files_;
  sim::Repository repository_{sim::new_factory_roots(), clock_.now()};
  UploadService service_{repository_};
  bool patient_ = false;
  std::vector<std::int64_t> waits_;
};

TEST_F(TargetsUpload, SendsAFileInParts) {
  const auto done = upload();
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(service_.file, kBytes);
  EXPECT_THAT(service_.parts, SizeIs(3));
  EXPECT_EQ(done.out, "") << "progress goes to stderr";
  EXPECT_THAT(done.err, HasSubstr("sent 3 of 3 parts (100 %)"));
  EXPECT_THAT(done.err, HasSubstr("10 bytes, SHA-256 " + crypto::sha256_hex(kBytes)));
  EXPECT_THAT(states(), IsEmpty());
}

TEST_F(TargetsUpload, SendsNoCredentialsToAnAddress) {
  ASSERT_EQ(upload().code, 0);
  ASSERT_THAT(service_.puts, SizeIs(3));
  for (const auto& headers : service_.puts) EXPECT_EQ(header(headers, "Authorization"), "");
}

TEST_F(TargetsUpload, GoesOnWhereItWasCutOff) {
  std::size_t cut = 0;
  for (; cut < 20; ++cut) {
    SCOPED_TRACE(cut);
    service_.forget();
    service_.file.reset();
    service_.log.clear();
    service_.cut_at = cut;
    const bool done = upload().code == 0;
    service_.cut_at.reset();
    if (done) break;
    const auto again = upload();
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(service_.file, kBytes);
    EXPECT_LE(sent("PUT part"), 4) << "only the part that was cut is sent again";
    EXPECT_THAT(states(), IsEmpty());
  }
  EXPECT_EQ(cut, 9u) << "initiate, three times url and part, complete, the look at it";
}

TEST_F(TargetsUpload, GoesOnAfterAPowerCutAtEachWrite) {
  for (int cut = 0; cut < 80; ++cut) {
    SCOPED_TRACE(cut);
    service_.forget();
    service_.file.reset();
    files_.cut_after(cut);
    (void)upload();
    const bool was_cut = files_.was_cut();
    files_.restart();
    const auto again = upload();
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(service_.file, kBytes);
    EXPECT_THAT(states(), IsEmpty());
    if (!was_cut) return;
  }
  FAIL() << "more writes than this test knows of";
}

TEST_F(TargetsUpload, BeginsAnewWhenTheServiceHasForgotten) {
  service_.cut_at = 4;
  EXPECT_EQ(upload().code, 3);
  EXPECT_THAT(states(), SizeIs(1));
  service_.forget();
  service_.cut_at.reset();
  const auto again = upload();
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(service_.file, kBytes);
}

TEST_F(TargetsUpload, BeginsAnewWhenTheFileIsAnother) {
  service_.cut_at = 4;
  EXPECT_EQ(upload().code, 3);
  service_.cut_at.reset();
  put(kSource, "abcdefghij");
  EXPECT_EQ(upload().code, 0);
  EXPECT_EQ(service_.file, "abcdefghij");
}

TEST_F(TargetsUpload, TriesAgainWithGrowingPauses) {
  patient_ = true;
  service_.answers = {503, 0, 200, 429, 200};
  EXPECT_EQ(upload().code, 0);
  EXPECT_THAT(waits_, ElementsAre(1, 2, 1));
  waits_.clear();
  service_.file.reset();
  service_.answers = std::vector<int>(7, 500);
  EXPECT_EQ(upload().code, 3);
  EXPECT_THAT(waits_, ElementsAre(1, 2, 4, 8, 16, 32));
  waits_.clear();
  service_.answers = {400};
  EXPECT_EQ(upload().code, 3);
  EXPECT_THAT(waits_, IsEmpty()) << "what was refused is not asked again";
}

TEST_F(TargetsUpload, SendsAllAtOnceWhereNoPartsAreTaken) {
  service_.takes_parts = false;
  service_.tag_of_file = "no digest";
  const auto done = upload();
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(service_.file, "sent at once");
  EXPECT_EQ(header(service_.puts.front(), "Authorization"), "");
}

TEST_F(TargetsUpload, KnowsAFileThatIsThereAlready) {
  service_.file = kBytes;
  const auto done = upload();
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("is there already"));
  service_.file = "another";
  const auto other = upload();
  EXPECT_EQ(other.code, 3);
  EXPECT_THAT(other.err, HasSubstr("another file has this name"));
}

TEST_F(TargetsUpload, RefusesAServiceThatHoldsOtherBytes) {
  service_.tag_of_file = crypto::sha256_hex("other");
  const auto done = upload();
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.err, HasSubstr("the service holds other bytes"));
}

TEST_F(TargetsUpload, RefusesWhatNoServiceShouldSay) {
  for (const std::int64_t size : {std::int64_t{0}, std::int64_t{-1}, (std::int64_t{100} << 20) + 1}) {
    service_.part_size = size;
    EXPECT_THAT(upload().err, HasSubstr("want parts of 1 byte to 100 MiB")) << size;
  }
  service_.part_size = 4;
  service_.address = "http://store.sim/put";
  EXPECT_THAT(upload().err, HasSubstr("want https"));
  EXPECT_THAT(service_.puts, IsEmpty());
}

TEST_F(TargetsUpload, RefusesACommandLineThatIsWrong) {
  EXPECT_EQ(upload({"--timeout", "0"}).code, 255);
  EXPECT_EQ(upload({"--timeout", "soon"}).code, 255);
  put(kSource, "");
  EXPECT_EQ(upload().code, 3);
  EXPECT_THAT(service_.log, IsEmpty());
}

TEST_F(TargetsUpload, SendsNothingInADryRun) {
  const auto dry = upload({"--dry-run"});
  EXPECT_EQ(dry.code, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("would send POST " + kApi + "multipart/initiate/image-7?fileSize=10"));
  EXPECT_THAT(service_.log, IsEmpty());
}

}  // namespace
}  // namespace rota::compat
