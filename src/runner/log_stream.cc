#include "runner/log_stream.h"

namespace rota::runner {
namespace {

constexpr std::size_t kChunk = 64 * 1024;
constexpr auto kLongestWait = std::chrono::seconds(1);

}  // namespace

LogStream::LogStream(RunLink& link, const RunDefinition& run) : link_(link), offset_(run.log_size) {
  for (const auto& [name, value] : run.secrets) mask_.hide(value);
  mask_.hide(run.key);
}

Status LogStream::add(BytesView bytes) {
  waiting_ += mask_.add(bytes);
  return waiting_.size() >= kChunk ? send() : Status{};
}

Status LogStream::tick() {
  if (waiting_.empty() || std::chrono::steady_clock::now() - sent_ < kLongestWait) return {};
  return send();
}

Status LogStream::finish() {
  waiting_ += mask_.finish();
  return waiting_.empty() ? Status{} : send();
}

Status LogStream::send() {
  offset_ = TRY(link_.append_log(offset_, waiting_));
  waiting_.clear();
  sent_ = std::chrono::steady_clock::now();
  return {};
}

}  // namespace rota::runner
