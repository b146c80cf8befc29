#include "http/client.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "http/exchange.h"

namespace rota::http {

namespace {

bool breaks_a_field(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

Status check_headers(const Headers& headers) {
  for (const auto& [name, value] : headers)
    if (name.empty() || breaks_a_field(name) || breaks_a_field(value))
      return bad_input("header '" + name + "': a line end or NUL in it");
  return {};
}

Result<std::uint64_t> body_size(const FetchRequest& request) {
  if (request.body_file.empty()) return static_cast<std::uint64_t>(request.body.size());
  struct stat facts {};
  if (stat(request.body_file.c_str(), &facts) != 0) return io_error(request.body_file + ": " + std::strerror(errno));
  return static_cast<std::uint64_t>(facts.st_size);
}

void add_field(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

bool carries_a_body(const std::string& method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

Result<std::string> head_of(const Url& url, const FetchRequest& request, const Headers& always) {
  Headers all = always;
  all.insert(all.end(), request.headers.begin(), request.headers.end());
  TRY(check_headers(all));
  const std::uint64_t size = TRY(body_size(request));
  std::string head = request.method + " " + url.target + " HTTP/1.1\r\n";
  add_field(head, "Host", url.authority());
  if (header(all, "User-Agent").empty()) add_field(head, "User-Agent", "rota/" ROTA_VERSION);
  if (header(all, "Accept").empty()) add_field(head, "Accept", "*/*");
  for (const auto& [name, value] : all) add_field(head, name, value);
  if (size > 0 || carries_a_body(request.method)) add_field(head, "Content-Length", std::to_string(size));
  if (!request.body_file.empty() && size >= kExpectFrom) add_field(head, "Expect", "100-continue");
  return head + "\r\n";
}

bool may_be_repeated(const FetchRequest& request) {
  return request.method == "GET" || request.method == "HEAD" || request.method == "PUT";
}

// For messages: without the query, which may hold a token.
std::string name_of_request(const Url& url, const FetchRequest& request) {
  return request.method + " " + url.origin() + url.target.substr(0, url.target.find('?'));
}

}  // namespace

struct Client::Impl {
  struct Kept {
    std::string origin;
    DialedStream stream;
  };

  Status check_origin(const Url& url) const;
  Result<FetchReply> answer(const Url& url, const FetchRequest& request);
  std::optional<DialedStream> take_kept(const std::string& origin);
  Result<DialedStream> dial(const Url& url, Instant deadline);
  void keep(const Url& url, DialedStream stream);

  ClientOptions options;
  std::atomic<int> connections = 0;
  std::mutex mutex;
  std::optional<Kept> kept;
};

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>()) {
  impl_->options = std::move(options);
}
Client::~Client() = default;
int Client::connections_made() const {
  return impl_->connections;
}

Result<FetchReply> Client::fetch(const FetchRequest& request) {
  const Url url = TRY(parse_url(request.url));
  TRY(impl_->check_origin(url));
  return TRY_IN(name_of_request(url, request), impl_->answer(url, request));
}

Status Client::Impl::check_origin(const Url& url) const {
  if (options.only_origin.empty()) return {};
  const Url only = TRY_IN("only_origin", parse_url(options.only_origin));
  if (only.origin() == url.origin()) return {};
  return denied("url: want origin " + only.origin() + ", got " + url.origin());
}

// The kept connection, unless the other side has closed it or said something unasked.
std::optional<DialedStream> Client::Impl::take_kept(const std::string& origin) {
  const std::lock_guard lock(mutex);
  std::optional<Kept> taken = std::exchange(kept, std::nullopt);
  if (!taken || taken->origin != origin) return std::nullopt;
  if (taken->stream.readable_by(Instant())) return std::nullopt;
  return std::move(taken->stream);
}

void Client::Impl::keep(const Url& url, DialedStream stream) {
  const std::lock_guard lock(mutex);
  kept.emplace(Kept{url.origin(), std::move(stream)});
}

Result<DialedStream> Client::Impl::dial(const Url& url, Instant deadline) {
  ++connections;
  return DialedStream::dial(url, options.tls,
                            std::min(deadline, std::chrono::steady_clock::now() + options.connect_timeout));
}

Result<FetchReply> Client::Impl::answer(const Url& url, const FetchRequest& request) {
  const Instant deadline = std::chrono::steady_clock::now() + request.timeout;
  const std::string head = TRY(head_of(url, request, options.always));
  const ExchangeLimits limits{deadline, options.least_bytes_a_second, options.speed_window};
  for (std::optional<DialedStream> stream = take_kept(url.origin());; stream.reset()) {
    const bool was_kept = stream.has_value();
    if (!stream) stream = TRY(dial(url, deadline));
    Exchange exchange(*stream, request, limits);
    auto reply = exchange.run(head);
    if (exchange.reusable()) keep(url, std::move(*stream));
    if (reply.ok() || !was_kept || !exchange.unanswered() || !may_be_repeated(request)) return reply;
  }
}

}  // namespace rota::http
