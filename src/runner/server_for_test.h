// A server in memory that answers as told, for *_test.cc only.
#pragma once

#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <vector>

#include "base/fetcher.h"
#include "runner/run_definition.h"

namespace rota::runner::test {

// Every request, with the file it sent read into its body.
class FakeServer final : public Fetcher {
 public:
  using Answer = std::function<Result<FetchReply>(const FetchRequest&)>;
  explicit FakeServer(Answer answer) : answer_(std::move(answer)) {}

  Result<FetchReply> fetch(const FetchRequest& request) override {
    auto whole = request;
    if (!request.body_file.empty()) {
      std::ifstream in(request.body_file, std::ios::binary);
      whole.body.assign(std::istreambuf_iterator<char>(in), {});
    }
    std::lock_guard lock(mutex_);
    requests.push_back(whole);
    return answer_(whole);
  }
  std::vector<FetchRequest> requests;

 private:
  std::mutex mutex_;
  Answer answer_;
};

inline Json told_run() {
  return parse_json(R"({"run":"acme/foo/763/build","run-url":"https://api/projects/acme/foo/builds/763/runs/build/",
    "run-key":"k3y-of-the-run","timeout":60,"log-size":0,"env":{"A":"b","OTA_LITE_TAG":"main"},"secrets":{"token":"hush-hush"},
    "script":"./build.sh","git":{"url":"https://api/source/acme/foo-os.git","sha":"0f6a","ref":"refs/heads/main"},
    "publish":{"machine":"foo","tree":"tree"},"persistent-volumes":{"sstate":"/var/cache/sstate"}})").value();
}

inline RunDefinition a_run() {
  auto told = told_run();
  return read_run_definition(told).value();
}

}  // namespace rota::runner::test
