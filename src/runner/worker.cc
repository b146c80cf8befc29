#include "runner/worker.h"

#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <thread>

namespace rota::runner {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxDefinition = 4u << 20;
constexpr std::uint64_t kMaxToken = 4096;
constexpr const char* kWait = "30";

// A script may have taken away its own right to look into its folders; give it back, then remove.
void remove_tree(const std::string& path) {
  std::error_code none;
  if (fs::symlink_status(path, none).type() == fs::file_type::directory) {
    fs::permissions(path, fs::perms::owner_all, fs::perm_options::add, none);
    for (const auto& entry : fs::directory_iterator(path, none)) remove_tree(entry.path().string());
  }
  fs::remove(path, none);
}

Result<std::string> fresh_folder(Files& files, const std::string& parent) {
  TRY(make_folders(files, parent, 0700));
  auto name = parent + "/XXXXXX";
  if (!mkdtemp(name.data())) return io_error(name + ": " + std::strerror(errno));
  return name;
}

}  // namespace

FetchRequest Worker::as_worker(const std::string& method, const std::string& path) const {
  FetchRequest request;
  request.method = method;
  request.url = options_.server + "/workers/" + percent_encoded(options_.name) + path;
  request.headers = {{"Authorization", "Token " + std::string(key_.reveal())}};
  request.max_body = kMaxDefinition;
  return request;
}

Status Worker::start() {
  TRY(make_folders(files_, options_.work_folder, 0700));
  lock_ = TRY_IN("work folder", files_.lock(options_.work_folder + "/lock", Seconds(0)));
  remove_tree(options_.work_folder + "/runs");
  auto kept = files_.read(options_.work_folder + "/worker.key", kMaxToken);
  if (!kept.ok()) return enrol();
  key_ = crypto::SecretBytes(std::move(*kept));
  auto known = answered(*server_, as_worker("GET", "/next?wait=0"), {3, std::chrono::milliseconds(500)});
  if (!known.ok() && known.error().fault == Fault::denied) return enrol();
  return {};
}

Status Worker::enrol() {
  auto token = crypto::SecretBytes(std::string(trim(TRY_IN("token file", files_.read(options_.token_file, kMaxToken)))));
  Json tags = Json::Array{};
  for (const auto& tag : options_.host_tags) tags.push_back(tag);
  auto request = as_worker("POST", "/");
  request.headers.clear();
  Json body = Json::Object{{"enlistment-token", token.reveal()}, {"host-tags", tags}, {"concurrency", 1},
                           {"cpu", static_cast<std::int64_t>(std::thread::hardware_concurrency())}};
  request.body = to_json(body);
  auto reply = TRY_IN("enrolment", answered(*server_, request));
  key_ = crypto::SecretBytes(TRY(TRY_IN("enrolment", parse_json(reply.body)).text("api_key")));
  return replace_file(files_, options_.work_folder + "/worker.key", key_.reveal(), 0600);
}

Result<Worker::Did> Worker::turn() {
  auto reply = TRY(answered(*server_, as_worker("GET", std::string("/next?wait=") + kWait), {1, {}}));
  if (reply.status == 204) return Did::nothing;
  auto told = TRY_IN("run definition", parse_json(reply.body));
  auto run = TRY(read_run_definition(told));
  crypto::SecretBytes::wipe(reply.body);
  say("run " + run.id);
  auto done = perform(run);
  say("run " + run.id + ": " + (done.ok() ? "reported" : "lost: " + done.error().what));
  return Did::a_run;
}

Status Worker::perform(const RunDefinition& run) {
  if (stop_ == Stop::cancelled) stop_ = Stop::none;
  auto folder = TRY(fresh_folder(files_, options_.work_folder + "/runs"));
  std::atomic<bool> over = false;
  std::thread heart([&] { beat(run, over); });
  Status done;
  {
    Job job({*server_, files_, options_.ca_file, options_.work_folder + "/volumes", stop_}, run, folder);
    done = job.perform();
  }
  over = true;
  heart.join();
  remove_tree(folder);
  return done;
}

// Keeps the lease, and hears of cancellation. A missed beat is made up by the next.
void Worker::beat(const RunDefinition& run, const std::atomic<bool>& over) {
  auto server = connect_();
  auto due = std::chrono::steady_clock::now();
  while (!over && stop_ == Stop::none) {
    if (std::chrono::steady_clock::now() >= due) {
      auto request = as_worker("POST", "/");
      request.body = to_json(Json::Object{{"active-runs", Json::Array{run.id}}});
      request.timeout = options_.heartbeat_every;
      auto reply = server->fetch(request);
      auto answer = reply.ok() && reply->status == 200 ? parse_json(reply->body) : Result<Json>(Json());
      const auto* cancel = answer.ok() ? answer->find("cancel") : nullptr;
      auto none = Stop::none;
      if (cancel && cancel->if_array() && !cancel->if_array()->empty()) stop_.compare_exchange_strong(none, Stop::cancelled);
      due = std::chrono::steady_clock::now() + options_.heartbeat_every;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace rota::runner
