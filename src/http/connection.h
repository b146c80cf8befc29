// One client's connection: handshake, then requests and answers in turn until one side has enough.
#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <mutex>

#include "http/answer.h"
#include "http/loop.h"
#include "http/server.h"
#include "http/spool_file.h"
#include "http/wire.h"

namespace rota::http {

// A listener as its connections see it.
struct Listening {
  ListenOptions options;
  std::uint16_t port = 0;
  std::mutex mutex;  // of options.tls
  std::optional<crypto::TlsContext> tls();
};

// What all connections of a server share.
struct Shared {
  ServerOptions options;
  asio::thread_pool workers;
  std::atomic<int> connections = 0;
  std::atomic<std::uint64_t> requests = 0;
  std::string id_start;  // of generated request ids
  explicit Shared(ServerOptions o);
};

class Connection {
 public:
  Connection(Loop& loop, Shared& shared, std::shared_ptr<Listening> listening, Socket socket);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Task<void> serve();

  Loop::Instant deadline() const { return deadline_; }
  void cut() { stream_.cut(); }
  void finish();  // at once when nothing runs, otherwise after the answer

 private:
  enum class Phase { waiting, reading, running, writing };
  enum class After { next_request, close, linger };

  Task<bool> greet();
  Task<After> serve_one();
  Task<After> serve_body(RequestReader& reader, Request& request, Router::Match& match);
  Task<Response> answer_unread(const RequestHead& head, Request& request, Router::Match& match);
  Task<After> answer(const Request& request, Response response, After after);
  Task<After> refuse_reading(const Request& request, Error error, int status);
  // Both: unavailable when the connection ended or its time was up; otherwise what is to be refused.
  Task<Status> read_head(RequestReader& reader);
  Task<Status> read_body(RequestReader& reader, const Request& request);
  Task<bool> read_more(AcceptedStream::First first);
  Task<Response> respond_on_worker(const Route& route, const Request& request);
  Task<bool> send(Answer answer);
  Task<std::size_t> send_some(const Answer& answer);
  Task<bool> send_bytes(BytesView bytes);
  Task<void> linger();

  Status take_in(RequestReader& reader);
  Request request_of(RequestHead& head);
  Response run_handler(const Route& route, const Request& request);
  Response exception_response(const Request& request, const char* what);
  std::optional<Response> gate_response(const Request& request);
  std::optional<Response> refusal_before_body(const Request& request, const RequestHead& head,
                                              const Router::Match& match);
  Status prepare_body(RequestReader& reader, Request& request, const Route& route);
  void enter(Phase phase, Seconds time);

  Loop& loop_;
  Shared& shared_;
  std::shared_ptr<Listening> listening_;
  AcceptedStream stream_;
  std::shared_ptr<const Peer> peer_;
  std::string in_;  // read, not yet used
  std::optional<SpoolFile> spool_;
  Phase phase_ = Phase::reading;
  Loop::Instant deadline_ = Loop::Instant::max();
  Loop::Instant last_ = Loop::Instant::max();  // no deadline is later
  bool finishing_ = false;
  bool served_one_ = false;
};

}  // namespace rota::http
