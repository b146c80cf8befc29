#include "http/connection.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>

#include "crypto/hash.h"
#include "http/url.h"

// GCC 12 takes the pair of operators that Asio gives its coroutine frames for a mismatch.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace rota::http {

namespace {

constexpr std::size_t kSentTogether = 64 * 1024;
constexpr std::uint64_t kRenewEvery = 1 << 20;
constexpr std::uint64_t kYieldEvery = 4 << 20;
constexpr Seconds kLinger(5);       // for a client that still sends what was refused, to let it see the answer
constexpr Seconds kLastAnswer(10);  // for an answer that is under way when the server stops

bool is_request_id(std::string_view text) {
  const auto printable = [](char c) { return c >= 0x20 && c <= 0x7e; };
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), printable);
}

Error gone() {
  return unavailable("connection: ended");
}

Response not_routed(const Request& request, const Router::Match& match) {
  if (match.status != 405) return error_response(request, 404, "not_found", "no such path");
  Response response = error_response(request, 405, "method_not_allowed", "want " + match.allow);
  response.headers.emplace_back("Allow", match.allow);
  return response;
}

bool waits_for_continue(const Request& request) {
  return equals_ignoring_case(request.header("Expect"), "100-continue");
}

}  // namespace

std::optional<crypto::TlsContext> Listening::tls() {
  const std::lock_guard lock(mutex);
  return options.tls;
}

Shared::Shared(ServerOptions o)
    : options(std::move(o)),
      workers(static_cast<std::size_t>(options.workers)),
      id_start(crypto::random_hex(6) + "-") {}

Connection::Connection(Loop& loop, Shared& shared, std::shared_ptr<Listening> listening, Socket socket)
    : loop_(loop), shared_(shared), listening_(std::move(listening)), stream_(std::move(socket)) {
  ++shared_.connections;
  loop_.enter(*this);
}

Connection::~Connection() {
  --shared_.connections;
  loop_.leave(*this);
}

void Connection::enter(Phase phase, Seconds time) {
  phase_ = phase;
  const Loop::Instant now = std::chrono::steady_clock::now();
  if (finishing_ && last_ == Loop::Instant::max()) last_ = now + kLastAnswer;
  deadline_ = std::min(now + time, last_);
  if (phase == Phase::running) deadline_ = Loop::Instant::max();
}

void Connection::finish() {
  finishing_ = true;
  if (phase_ == Phase::waiting || phase_ == Phase::reading) cut();
  if (phase_ == Phase::writing) enter(Phase::writing, kLastAnswer);
}

Task<void> Connection::serve() {
  if (loop_.stopping()) co_return;
  const bool greeted = co_await greet();
  if (!greeted) co_return;
  After after = After::next_request;
  while (after == After::next_request) after = co_await serve_one();
  stream_.say_goodbye();
  if (after == After::linger) co_await linger();
}

Task<bool> Connection::greet() {
  enter(Phase::reading, shared_.options.header_timeout);
  auto peer = std::make_shared<Peer>();
  peer->address = stream_.address();
  if (const auto tls = listening_->tls()) {
    const bool agreed = co_await stream_.shake_hands(*tls);
    if (!agreed) co_return false;
    peer->tls = true;
    peer->certificate = stream_.peer();
  }
  peer_ = std::move(peer);
  co_return true;
}

Task<bool> Connection::read_more(AcceptedStream::First first) {
  const std::size_t n = co_await stream_.read(loop_.scratch(), kScratch, first);
  in_.append(loop_.scratch(), n);
  co_return n > 0;
}

Status Connection::take_in(RequestReader& reader) {
  in_.erase(0, TRY(reader.take(in_)));
  return {};
}

Task<Status> Connection::read_head(RequestReader& reader) {
  Status taken;
  while (taken.ok() && !reader.head_done()) {
    const bool more = co_await read_more(AcceptedStream::First::look);
    taken = more ? take_in(reader) : Status(gone());
  }
  co_return taken;
}

Task<Status> Connection::read_body(RequestReader& reader, const Request& request) {
  enter(Phase::reading, shared_.options.body_timeout);
  for (std::uint64_t renewed_at = 0;;) {
    Status taken = take_in(reader);
    if (!taken.ok() || reader.done()) co_return taken;
    if (request.body_size - renewed_at >= kRenewEvery) {
      renewed_at = request.body_size;
      enter(Phase::reading, shared_.options.body_timeout);
    }
    const bool more = co_await read_more(AcceptedStream::First::look);
    if (!more) co_return gone();
  }
}

Task<Connection::After> Connection::serve_one() {
  if (in_.empty()) {
    in_ = std::string();  // an idle connection holds no buffer
    enter(Phase::waiting, served_one_ ? shared_.options.idle_timeout : shared_.options.header_timeout);
    const bool more = co_await read_more(AcceptedStream::First::wait);
    if (!more) co_return After::close;
  }
  served_one_ = true;
  enter(Phase::reading, shared_.options.header_timeout);
  RequestReader reader;
  Status read = take_in(reader);  // usually the whole head is there
  if (read.ok() && !reader.head_done()) read = co_await read_head(reader);
  Request request = request_of(reader.head());
  if (!read.ok()) co_return co_await refuse_reading(request, read.error(), reader.refusal());
  auto refusal = gate_response(request);
  if (!refusal) {
    Router::Match match = listening_->options.router->match(request.method, request.path);
    refusal = refusal_before_body(request, reader.head(), match);
    if (!refusal && match.route->body != Route::Body::unread) co_return co_await serve_body(reader, request, match);
    if (!refusal) refusal = co_await answer_unread(reader.head(), request, match);
  }
  const RequestHead& head = reader.head();
  const After after = head.has_body() ? After::linger : head.keep_alive ? After::next_request : After::close;
  co_return co_await answer(request, std::move(*refusal), after);
}

Task<Response> Connection::answer_unread(const RequestHead& head, Request& request, Router::Match& match) {
  request.params = std::move(match.params);
  request.body_size = head.content_length.value_or(0);
  enter(Phase::running, Seconds(0));
  co_return co_await respond_on_worker(*match.route, request);
}

Task<Connection::After> Connection::serve_body(RequestReader& reader, Request& request, Router::Match& match) {
  request.params = std::move(match.params);
  const Status ready = prepare_body(reader, request, *match.route);
  if (!ready.ok()) co_return co_await refuse_reading(request, ready.error(), 507);
  if (!reader.done()) {
    if (waits_for_continue(request) && in_.empty()) {
      const bool told = co_await send_bytes("HTTP/1.1 100 Continue\r\n\r\n");
      if (!told) co_return After::close;
    }
    const Status read = co_await read_body(reader, request);
    if (!read.ok()) co_return co_await refuse_reading(request, read.error(), reader.refusal());
  }
  enter(Phase::running, Seconds(0));
  Response response;
  if (match.route->run == Route::Run::here)
    response = run_handler(*match.route, request);
  else
    response = co_await respond_on_worker(*match.route, request);
  const After after = reader.head().keep_alive ? After::next_request : After::close;
  co_return co_await answer(request, std::move(response), after);
}

// Of a request that cannot be read to its end, so that nothing after it can be.
Task<Connection::After> Connection::refuse_reading(const Request& request, Error error, int status) {
  spool_.reset();
  if (error.fault == Fault::unavailable) co_return After::close;
  if (error.fault == Fault::io) {
    if (shared_.options.on_exception) shared_.options.on_exception(request.id, error.what);
    Response full = error_response(request, 507, "storage", "the body cannot be stored");
    co_return co_await answer(request, std::move(full), After::linger);
  }
  Response response = error_response(request, status, "bad_request", error.what);
  co_return co_await answer(request, std::move(response), After::linger);
}

Task<Connection::After> Connection::answer(const Request& request, Response response, After after) {
  if (finishing_ && after == After::next_request) after = After::close;
  const auto ending = after == After::next_request ? AnswerOptions::Ending::keep_alive : AnswerOptions::Ending::close;
  Answer bytes = make_answer(request, std::move(response), {listening_->options.always, loop_.date(), ending});
  spool_.reset();  // after the answer has opened its file, which may be the spooled one
  bool sent = false;
  if (bytes.is_in_memory() && bytes.length <= kSentTogether) {
    bytes.head.append(bytes.in_memory());
    sent = co_await send_bytes(bytes.head);
  } else {
    sent = co_await send(std::move(bytes));
  }
  if (!sent) co_return After::close;
  co_return after == After::close && !in_.empty() ? After::linger : after;
}

Request Connection::request_of(RequestHead& head) {
  Request request;
  request.method = std::move(head.method);
  request.headers = std::move(head.headers);
  request.peer = peer_;
  const std::string_view id = request.header("X-Request-ID");
  request.id = is_request_id(id) ? std::string(id) : shared_.id_start + std::to_string(++shared_.requests);
  auto target = parse_target(head.target);
  if (!target.ok()) return request;
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  return request;
}

std::optional<Response> Connection::gate_response(const Request& request) {
  if (request.path.empty()) return error_response(request, 400, "bad_request", "target: want /path or a URL");
  if (!listening_->options.gate) return std::nullopt;
  try {
    return listening_->options.gate(request);
  } catch (const std::exception& e) {
    return exception_response(request, e.what());
  }
}

std::optional<Response> Connection::refusal_before_body(const Request& request, const RequestHead& head,
                                                        const Router::Match& match) {
  if (match.route == nullptr) return not_routed(request, match);
  const std::uint64_t most = match.route->max_body;
  if (head.content_length.value_or(0) > most)
    return error_response(
        request, 413, "too_large",
        "body: want at most " + std::to_string(most) + " bytes, got " + std::to_string(*head.content_length));
  const std::string_view expect = request.header("Expect");
  if (!expect.empty() && !waits_for_continue(request))
    return error_response(request, 417, "expectation", "expect: want 100-continue");
  return std::nullopt;
}

// Points the reader at where the route wants the body. The request stays where it is until the body is read.
Status Connection::prepare_body(RequestReader& reader, Request& request, const Route& route) {
  if (route.body == Route::Body::spool) {
    spool_.emplace(TRY(SpoolFile::make(shared_.options.spool_folder)));
    request.body_file = spool_->path();
  }
  reader.body_to(route.max_body, [this, &request](BytesView piece) -> Status {
    request.body_size += piece.size();
    if (spool_) return spool_->write(piece);
    request.body.append(piece);
    return {};
  });
  return {};
}

Response Connection::exception_response(const Request& request, const char* what) {
  if (shared_.options.on_exception) shared_.options.on_exception(request.id, what);
  return error_response(request, 500, "internal", "the server failed; the operator finds more under this errorId");
}

Response Connection::run_handler(const Route& route, const Request& request) {
  try {
    return route.handler(request);
  } catch (const std::exception& e) {
    return exception_response(request, e.what());
  } catch (...) {
    return exception_response(request, "an exception of an unknown type");
  }
}

Task<Response> Connection::respond_on_worker(const Route& route, const Request& request) {
  const auto start = [this, &route, &request](auto resume) {
    asio::post(shared_.workers, [this, &route, &request, resume = std::move(resume)]() mutable {
      Response response = run_handler(route, request);
      asio::post(stream_.executor(), [resume = std::move(resume), response = std::move(response)]() mutable {
        std::move(resume)(std::move(response));
      });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Response)>(start, kUseTask);
}

Task<bool> Connection::send_bytes(BytesView bytes) {
  while (!bytes.empty()) {
    enter(Phase::writing, shared_.options.idle_timeout);
    std::size_t n = stream_.write_now(bytes);
    if (n == 0) n = co_await stream_.write_some(bytes);
    if (n == 0) co_return false;
    bytes.remove_prefix(n);
  }
  co_return true;
}

Task<std::size_t> Connection::send_some(const Answer& answer) {
  if (answer.composed)
    return stream_.send_some(AcceptedStream::ComposedPart{*answer.composed, answer.offset, answer.length},
                             loop_.scratch());
  return stream_.send_some(AcceptedStream::FilePart{answer.file.get(), answer.offset, answer.length},
                           loop_.scratch());
}

Task<bool> Connection::send(Answer answer) {
  const bool begun = co_await send_bytes(answer.head);
  if (!begun) co_return false;
  if (answer.is_in_memory()) co_return co_await send_bytes(answer.in_memory());
  std::uint64_t since_yield = 0;
  while (answer.length > 0) {
    enter(Phase::writing, shared_.options.idle_timeout);
    const std::size_t n = co_await send_some(answer);
    if (n == 0) co_return false;
    answer.offset += n;
    answer.length -= n;
    since_yield += n;
    if (since_yield < kYieldEvery) continue;
    since_yield = 0;
    co_await asio::post(stream_.executor(), kUseTask);  // one fast client does not hold the thread
  }
  co_return true;
}

// Closing while bytes of the client are unread would reset the connection, and the answer with it.
Task<void> Connection::linger() {
  enter(Phase::waiting, kLinger);
  std::size_t n = 1;
  while (n > 0) n = co_await stream_.read_raw(loop_.scratch(), kScratch);
}

}  // namespace rota::http
