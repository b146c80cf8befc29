#include "device/event_queue.h"

#include "crypto/hash.h"

namespace rota::device {

Status EventQueue::add(const Event& event) {
  return db_.transaction([&] { return add_within(event); });
}

Status EventQueue::add_within(const Event& event) {
  TRY(db_.execute("INSERT INTO events (json) VALUES (?)",
                  {to_json(event_json(event, crypto::random_uuid(), clock_.now()))}));
  TRY(db_.execute("DELETE FROM events WHERE turn <= (SELECT max(turn) FROM events) - ?", {std::int64_t{kCapacity}}));
  const std::lock_guard turn(turn_);
  if (told_) told_();
  return {};
}

void EventQueue::tell_when_added(std::function<void()> told) {
  const std::lock_guard turn(turn_);
  told_ = std::move(told);
}

Result<std::int64_t> EventQueue::size() const { return TRY(db_.query("SELECT count(*) FROM events")).at(0).integer(0); }

Result<std::vector<EventQueue::Waiting>> EventQueue::first(int count) const {
  std::vector<Waiting> waiting;
  for (const auto& row : TRY(db_.query("SELECT turn, json FROM events ORDER BY turn LIMIT ?", {std::int64_t{count}})))
    waiting.push_back({row.integer(0), row.text(1)});
  return waiting;
}

Status EventQueue::drop_through(std::int64_t turn) {
  TRY(db_.execute("DELETE FROM events WHERE turn <= ?", {turn}));
  return {};
}

Status EventQueue::send(Fetcher& server, const std::string& url) {
  const std::lock_guard sending(sending_);
  for (int batch = kBatch;;) {
    const auto waiting = TRY(first(batch));
    if (waiting.empty()) return {};
    std::string body = "[";
    for (const auto& event : waiting) body += (body.size() > 1 ? "," : "") + event.json;
    FetchRequest request{.method = "POST", .url = url, .headers = {{"Content-Type", "application/json"}}};
    request.body = body + "]";
    const FetchReply reply = TRY(server.fetch(request));
    if (reply.status == 413 && waiting.size() > 1) {
      batch = static_cast<int>(waiting.size() + 1) / 2;
      continue;
    }
    if (reply.status == 404) return drop_through(INT64_MAX);
    if (reply.status != 413 && reply.status / 100 != 2)
      return unavailable("events: the server answers " + std::to_string(reply.status));
    TRY(drop_through(waiting.back().turn));
    batch = kBatch;
  }
}

}  // namespace rota::device
