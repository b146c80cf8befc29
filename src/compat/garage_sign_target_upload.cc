// targets upload (garage-sign.md 6, 7.5): a binary goes to the service in parts, or at once where it takes no parts.
#include <algorithm>

#include "compat/garage_sign_target.h"
#include "crypto/hash.h"
#include "crypto/md5.h"

namespace rota::compat::garage {
namespace {

constexpr Seconds kWaits[] = {Seconds(1), Seconds(2), Seconds(4), Seconds(8), Seconds(16), Seconds(32)};
constexpr int kTryAgain[] = {429, 500, 502, 503, 504};
constexpr std::int64_t kMaxPart = 100ll << 20, kMostParts = 10'000, kDefaultTimeout = 3600;
constexpr std::size_t kMaxState = 1u << 20;
constexpr std::string_view kFormat = "rota-upload/1";

bool is_worth_another_try(const Result<FetchReply>& reply) {
  if (!reply) return reply.error().fault == Fault::unavailable;
  return std::ranges::find(kTryAgain, reply->status) != std::end(kTryAgain);
}

// How far an upload has come, so that a later run goes on with it.
struct Progress {
  std::string id;
  std::int64_t part_size = 0;
  std::map<std::int64_t, std::string> tags = {};  // of the parts that are there
};

class Upload {
 public:
  Upload(const Run& run, const TufRepo& repo, std::string file, Uploaded facts)
      : run_(run), file_(std::move(file)), facts_(std::move(facts)), folder_(repo.folder() + "/uploads"),
        state_(folder_ + "/" + crypto::sha256_hex(file_).substr(0, 16) + ".json") {}

  // Ok: the service holds the file.
  Status carry_out(RepoService service, const std::string& source) {
    service_.emplace(std::move(service));
    source_ = source;
    TRY(make_folders(run_.world.files, folder_, 0700));
    const auto lock = TRY(run_.world.files.lock(state_ + ".lock", Seconds(0)));
    for (int left = 1;; --left) {
      auto progress = TRY(kept());
      if (!progress) progress = TRY(initiate());
      if (!progress) return {};  // there already, or sent at once
      const Status sent = send_parts(*progress);
      if (sent) return forget();
      if (sent.error().fault != Fault::not_found || left == 0) return sent;
      run_.say("the service has forgotten this upload: it begins anew");
      TRY(forget());
    }
  }

  // What the service says it holds, where it says that.
  Status is_whole() {
    const auto reply = TRY(service_->call("HEAD", "targets/" + name()));
    std::string tag(header(reply.headers, "ETag"));
    std::erase(tag, '"');
    if (reply.status != 200 || !is_sha256_hex(tag) || tag == facts_.sha256) return {};
    return rejected("'" + file_ + "': the service holds other bytes: want SHA-256 " + facts_.sha256 + ", got " + tag,
                    "did the file change while it was sent?");
  }

 private:
  std::string name() const { return percent_encoded(file_, "/"); }

  template <typename Ask>
  Result<FetchReply> patient(Ask ask) {
    auto reply = ask();
    for (const auto wait : kWaits) {
      if (!is_worth_another_try(reply) || !run_.world.pause) break;
      run_.say("the service does not answer: trying again in " + std::to_string(wait.count()) + " s");
      run_.world.pause(wait);
      reply = ask();
    }
    return reply;
  }

  // nullopt: nothing was begun, or another file under this name.
  Result<std::optional<Progress>> kept() {
    if (!TRY(run_.world.files.facts(state_)).exists()) return std::optional<Progress>();
    const auto json = parse_json(TRY(run_.world.files.read(state_, kMaxState)));
    if (!json || json->text_or("format", "") != kFormat || json->text_or("sha256", "") != facts_.sha256 ||
        json->integer_or("length", -1) != facts_.length)
      return std::optional<Progress>();
    Progress progress{json->text_or("uploadId", ""), json->integer_or("partSize", 0)};
    if (const Json* tags = json->find("parts"); tags != nullptr && tags->if_object() != nullptr)
      for (const auto& [part, tag] : *tags->if_object())
        if (const auto number = decimal(part, kMostParts); number && tag.if_text() != nullptr)
          progress.tags[*number] = *tag.if_text();
    TRY(check(progress));
    run_.say("going on with an upload that was cut off: " + std::to_string(progress.tags.size()) + " of " +
             std::to_string(count(progress)) + " parts are there");
    return std::optional(std::move(progress));
  }

  Status keep(const Progress& progress) {
    Json parts{Json::Object{}};
    for (const auto& [part, tag] : progress.tags) parts[std::to_string(part)] = Json(tag);
    const Json json(Json::Object{{"format", kFormat}, {"file", file_}, {"sha256", facts_.sha256}, {"length", Json(facts_.length)},
                                 {"uploadId", progress.id}, {"partSize", Json(progress.part_size)}, {"parts", std::move(parts)}});
    return replace_file(run_.world.files, state_, to_json(json), 0600);
  }

  Status forget() {
    if (!TRY(run_.world.files.facts(state_)).exists()) return {};
    TRY(run_.world.files.remove(state_));
    return run_.world.files.sync_folder(folder_);
  }

  Status check(const Progress& progress) const {
    const bool fits = !progress.id.empty() && progress.part_size >= 1 && progress.part_size <= kMaxPart;
    if (fits && count(progress) <= kMostParts) return {};
    return rejected("multipart upload: want parts of 1 byte to 100 MiB, at most 10000, got parts of " +
                    std::to_string(progress.part_size) + " bytes");
  }
  std::int64_t count(const Progress& progress) const { return (facts_.length + progress.part_size - 1) / progress.part_size; }

  Result<std::optional<Progress>> initiate() {
    const auto reply = TRY(patient([&] {
      return service_->call("POST", "multipart/initiate/" + name() + "?fileSize=" + std::to_string(facts_.length));
    }));
    const auto refusal = refusal_in(reply);
    if (reply.status == 409 && is_there_already(reply)) return std::optional<Progress>();
    if (reply.status == 501 || refusal.code == "not_implemented") {
      TRY(send_at_once());
      return std::optional<Progress>();
    }
    if (reply.status != 200) return failed("initiate", reply);
    const Json json = TRY_IN("multipart/initiate", parse_json(reply.body));
    Progress progress;
    progress.id = TRY_IN("multipart/initiate", json.text("uploadId"));
    progress.part_size = TRY_IN("multipart/initiate", json.integer("partSize"));
    TRY(check(progress));
    TRY(keep(progress));
    return std::optional(std::move(progress));
  }

  bool is_there_already(const FetchReply& reply) const {
    const auto json = parse_json(reply.body);
    const bool same = json && json->text_or("sha256", "") == facts_.sha256 && json->integer_or("length", -1) == facts_.length;
    if (same) run_.say("'" + file_ + "' is there already");
    return same;
  }

  // not_found: the service has forgotten the upload.
  Error failed(std::string_view what, const FetchReply& reply) const {
    const std::string text = "upload '" + file_ + "': " + std::string(what) + ": " + refusal_in(reply).text();
    if (reply.status == 404) return not_found(text);
    if (reply.status == 409) return conflict(text, "another file has this name: give another --version");
    return unavailable(text);
  }

  Status send_parts(Progress& progress) {
    const std::int64_t parts = count(progress);
    for (std::int64_t part = 1; part <= parts; ++part) {
      if (progress.tags.contains(part)) continue;
      progress.tags[part] = TRY(send_part(progress, part));
      TRY(keep(progress));
      const auto tenths = [&](std::int64_t sent) { return sent * 10 / parts; };
      const auto sent = static_cast<std::int64_t>(progress.tags.size());
      if (tenths(sent) != tenths(sent - 1))
        run_.say("sent " + std::to_string(sent) + " of " + std::to_string(parts) + " parts (" + std::to_string(sent * 100 / parts) + " %)");
    }
    return complete(progress);
  }

  Result<std::string> send_part(const Progress& progress, std::int64_t part) {
    const auto offset = static_cast<std::uint64_t>((part - 1) * progress.part_size);
    const auto most = static_cast<std::size_t>(std::min(progress.part_size, facts_.length - (part - 1) * progress.part_size));
    const Bytes bytes = TRY(run_.world.files.read_part(source_, offset, most));
    if (bytes.size() != most) return io_error("'" + source_ + "': became shorter while it was sent");
    const std::string sum = base64(crypto::md5(bytes));
    const std::string question = "?part=" + std::to_string(part) + "&uploadId=" + percent_encoded(progress.id) +
                                 "&md5=" + percent_encoded(sum) + "&contentLength=" + std::to_string(bytes.size());
    std::string tag;
    const auto put = TRY(patient([&]() -> Result<FetchReply> {
      auto where = TRY(service_->call("GET", "multipart/url/" + name() + question));
      if (where.status != 200) return where;
      const Json json = TRY_IN("multipart/url", parse_json(where.body));
      auto reply = TRY(service_->put_to(TRY_IN("multipart/url", json.text("uri")), {.headers = {{"Content-MD5", sum}}, .body = bytes}));
      if (reply.status / 100 == 2) tag = std::string(header(reply.headers, "ETag"));
      return reply;
    }));
    if (put.status / 100 != 2) return failed("part " + std::to_string(part), put);
    if (tag.empty()) return rejected("upload '" + file_ + "': part " + std::to_string(part) + ": the answer has no ETag");
    return tag;
  }

  Status complete(const Progress& progress) {
    Json body(Json::Object{{"uploadId", progress.id}, {"partETags", Json(Json::Array{})}});
    for (const auto& [part, tag] : progress.tags)
      body["partETags"].push_back(Json(Json::Object{{"part", Json(part)}, {"eTag", tag}}));
    const auto reply = TRY(patient([&] { return service_->call("PUT", "multipart/complete/" + name(), to_json(body)); }));
    return reply.status / 100 == 2 ? Status() : Status(failed("complete", reply));
  }

  // The address comes as a redirect, which is followed with the same PUT and without the credentials.
  Status send_at_once() {
    const auto asked = TRY(service_->put_file("uploads/" + name(), source_));
    if (asked.status / 100 == 2) return {};
    if (asked.status != 302) return failed("upload", asked);
    const auto put = TRY(service_->put_to(std::string(header(asked.headers, "Location")), {.body_file = source_}));
    return put.status / 100 == 2 ? Status() : Status(failed("upload", put));
  }

  const Run& run_;
  const std::string file_;
  const Uploaded facts_;
  const std::string folder_, state_;
  std::string source_;
  std::optional<RepoService> service_;
};

}  // namespace

Result<int> targets_upload(const Run& run) {
  const auto timeout = decimal(run.asked.value_if("--timeout").value_or(std::to_string(kDefaultTimeout)), 86'400);
  if (!timeout || *timeout < 1) return run.refuse(kUsage, bad_input("option --timeout: want 1 to 86400 seconds"));
  const std::string file = run.asked.value("--name") + "-" + run.asked.value("--version");
  if (const auto name = check_filename(file); !name) return run.refuse(kUsage, name.error());
  const TufRepo repo = run.repo();
  const std::string source = run.asked.value("--input");
  const auto facts = TRY(uploaded_file(run, source));
  if (facts.length == 0) return bad_input("'" + source + "': is empty");
  auto service = TRY(run.service(repo));
  service.give_time(Seconds(*timeout));
  if (run.asked.has("--dry-run")) {  // what comes after this depends on its answer
    TRY(service.call("POST", "multipart/initiate/" + percent_encoded(file, "/") + "?fileSize=" + std::to_string(facts.length)));
    return kDone;
  }
  Upload upload(run, repo, file, facts);
  TRY(upload.carry_out(std::move(service), source));
  TRY(upload.is_whole());
  run.say("uploaded '" + file + "': " + std::to_string(facts.length) + " bytes, SHA-256 " + facts.sha256);
  return kDone;
}

}  // namespace rota::compat::garage
