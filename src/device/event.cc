#include "device/event.h"

#include <algorithm>

#include "crypto/hash.h"

namespace rota::device {
namespace {

constexpr std::size_t kMaxDetails = 2048, kKeptOfFailure = 1024, kMaxCorrelation = 63;

bool continues_a_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::string first_bytes(const std::string& text, std::size_t size) {
  while (size > 0 && continues_a_character(text[size])) --size;
  return text.substr(0, size);
}

std::string last_bytes(const std::string& text, std::size_t size) {
  std::size_t from = text.size() - size;
  while (from < text.size() && continues_a_character(text[from])) ++from;
  return text.substr(from);
}

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

}  // namespace

std::string_view name_of(EventType type) {
  switch (type) {
    case EventType::metadata_update_completed: return "MetadataUpdateCompleted";
    case EventType::download_started: return "EcuDownloadStarted";
    case EventType::download_completed: return "EcuDownloadCompleted";
    case EventType::installation_started: return "EcuInstallationStarted";
    case EventType::installation_applied: return "EcuInstallationApplied";
    case EventType::installation_completed: return "EcuInstallationCompleted";
  }
  abort_with("EventType: no such type");
}

std::string cut_details(const Event& event) {
  const bool failed = event.success == false && event.type == EventType::installation_completed;
  if (failed && event.details.size() > kKeptOfFailure) return last_bytes(event.details, kKeptOfFailure);
  return event.details.size() > kMaxDetails ? first_bytes(event.details, kMaxDetails) : event.details;
}

Json event_json(const Event& event, std::string_view id, Time at) {
  Json::Object what = {{"correlationId", event.correlation_id},
                       {"ecu", ""},
                       {"targetName", event.target},
                       {"version", event.version},
                       {"details", cut_details(event)}};
  if (event.success) what.emplace("success", *event.success);
  return Json::Object{{"id", id},
                      {"deviceTime", rfc3339(at)},
                      {"eventType", Json::Object{{"id", name_of(event.type)}, {"version", 0}}},
                      {"event", std::move(what)}};
}

std::string correlation_id(std::string_view prefix) {
  const std::string unique = "-" + crypto::random_uuid();
  std::string out;
  std::copy_if(prefix.begin(), prefix.end(), std::back_inserter(out), is_plain);
  return out.substr(0, kMaxCorrelation - unique.size()) + unique;
}

}  // namespace rota::device
