#include "device/gateway.h"

#include <algorithm>

namespace rota::device {
namespace {

constexpr int kRetries = 2;
constexpr std::chrono::milliseconds kBetween{1000};
constexpr std::size_t kMaxHeader = 253;

std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return text.substr(0, kMaxHeader);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : ",") + part;
  return out;
}

// Not when the sink may have had a part of it.
bool is_worth_another_try(const FetchRequest& request, const Result<FetchReply>& reply) {
  if (request.sink) return false;
  return reply.ok() ? reply->status >= 500 : reply.error().fault == Fault::unavailable;
}

}  // namespace

Headers check_in_headers(const PackageSettings& package, const DeviceTarget& current, const std::string& booted_hash) {
  Headers headers = {{"x-ats-tags", printable(joined(package.tags))},
                     {"x-ats-target", printable(current.name)},
                     {"x-ats-ostreehash", booted_hash}};
  if (!package.with_apps()) return headers;
  std::vector<std::string> names;
  for (const auto& app : apps_of(current)) names.push_back(app.name);
  headers.emplace_back("x-ats-dockerapps", printable(joined(names)));
  return headers;
}

void Gateway::identify(Headers headers) {
  const std::lock_guard turn(turn_);
  headers_ = std::move(headers);
}

bool Gateway::is_down() const {
  const std::lock_guard turn(turn_);
  return down_;
}

Result<FetchReply> Gateway::fetch(const FetchRequest& request) {
  const std::lock_guard turn(turn_);
  auto reply = try_once(request);
  for (int again = 0; again < kRetries && !down_ && is_worth_another_try(request, reply); ++again) {
    if (pause_(kBetween) == Command::GoOn::no) break;
    reply = try_once(request);
  }
  down_ = !reply.ok() && (reply.error().fault == Fault::unavailable || reply.error().fault == Fault::denied);
  return reply;
}

Result<FetchReply> Gateway::try_once(const FetchRequest& request) {
  FetchRequest sent = request;
  sent.headers.insert(sent.headers.end(), headers_.begin(), headers_.end());
  return wire_.fetch(sent);
}

}  // namespace rota::device
