#include "http/wire.h"

#include <boost/beast/http/basic_parser.hpp>

namespace rota::http {

namespace {

namespace beast = boost::beast;
using beast::http::error;
using Code = beast::error_code;

constexpr std::size_t kUsualHeaders = 12;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

int status_for(const Code& code) {
  if (code == error::header_limit) return 431;
  if (code == error::body_limit) return 413;
  if (code == error::bad_version) return 505;
  return 400;
}

// What both directions share: fields with their limits, and the body's way to the sink.
template <bool kIsRequest>
class Parser : public beast::http::basic_parser<kIsRequest> {
 public:
  Parser() {
    this->header_limit(kMaxHeadBytes);
    headers.reserve(kUsualHeaders);
    this->body_limit(boost::none);
  }

  void body_to(std::uint64_t max, BodySink sink) {
    left_ = max;
    sink_ = std::move(sink);
  }

  Result<std::size_t> take(BytesView bytes) {
    std::size_t used = 0;
    if (this->is_header_done()) this->eager(true);
    while (!this->is_done()) {
      const bool in_head = !this->is_header_done();
      Code code;
      const std::size_t n = this->put(boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), code);
      used += n;
      if (code && code != error::need_more) return refused(code);
      if (code == error::need_more && bytes.size() - used > kMaxHeadBytes)
        return refused(in_head ? error::header_limit : error::bad_chunk);
      if (code == error::need_more || used == bytes.size() || in_head) break;
    }
    return used;
  }

  int refusal() const { return refusal_; }
  Error refuse(int status, std::string why) {
    refusal_ = status;
    return rejected("http: " + std::move(why));
  }

  // RFC 9112 6.1: a coding other than chunked alone leaves the length of the body unclear.
  bool clear_coding() const {
    for (const auto& [name, value] : headers)
      if (equals_ignoring_case(name, "transfer-encoding") && !equals_ignoring_case(value, "chunked")) return false;
    return true;
  }

  Headers headers;

 protected:
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value, Code& code) override {
    if (head_over_) return;  // a trailer: read, not kept
    head_bytes_ += name.size() + value.size() + 4;
    if (static_cast<int>(headers.size()) == kMaxHeaders || head_bytes_ > kMaxHeadBytes) {
      code = error::header_limit;
      return;
    }
    headers.emplace_back(view(name), view(value));
  }

  void on_header_impl(Code&) override { head_over_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  void on_chunk_header_impl(std::uint64_t, beast::string_view, Code&) override {}
  void on_finish_impl(Code&) override {}

  std::size_t on_body_impl(beast::string_view body, Code& code) override {
    if (body.size() > left_) {
      code = error::body_limit;
      return 0;
    }
    left_ -= body.size();
    if (!sink_) return body.size();
    Status taken = sink_(view(body));
    if (taken.ok()) return body.size();
    sink_error_ = taken.error();
    code = error::unexpected_body;
    return 0;
  }

  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, Code& code) override {
    return on_body_impl(body, code);
  }

  std::size_t head_bytes_ = 0;

 private:
  Error refused(const Code& code) {
    refusal_ = status_for(code);
    if (sink_error_) {
      refusal_ = 500;
      return *sink_error_;
    }
    return rejected("http: " + code.message());
  }

  bool head_over_ = false;
  std::uint64_t left_ = 0;
  BodySink sink_;
  std::optional<Error> sink_error_;
  int refusal_ = 400;
};

template <typename P>
std::optional<std::uint64_t> length_of(const P& parser) {
  const auto length = parser.content_length();
  if (!length) return std::nullopt;
  return *length;
}

}  // namespace

struct RequestReader::Impl final : Parser<true> {
  RequestHead head;

  Status finish_head() {
    if (!clear_coding()) return refuse(501, "transfer-encoding: want chunked");
    if (chunked() && !head.http_1_1) return refuse(400, "transfer-encoding: want HTTP/1.1");
    const auto hosts = std::count_if(headers.begin(), headers.end(),
                                     [](const auto& field) { return equals_ignoring_case(field.first, "host"); });
    if (hosts > 1 || (hosts == 0 && head.http_1_1)) return refuse(400, "host: want it once");
    head.headers = std::move(headers);
    head.keep_alive = keep_alive();
    head.chunked = chunked();
    head.content_length = length_of(*this);
    return {};
  }

 protected:
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                       Code&) override {
    head.method = view(method);
    head.target = view(target);
    head.http_1_1 = version == 11;
    head_bytes_ = method.size() + target.size() + 12;
  }
  void on_response_impl(int, beast::string_view, int, Code&) override {}
};

RequestReader::RequestReader() : impl_(std::make_unique<Impl>()) {}
RequestReader::~RequestReader() = default;

Result<std::size_t> RequestReader::take(BytesView bytes) {
  const bool had_head = head_done();
  const std::size_t used = TRY(impl_->take(bytes));
  if (!had_head && head_done()) TRY(impl_->finish_head());
  return used;
}

bool RequestReader::started() const {
  return impl_->got_some();
}
bool RequestReader::head_done() const {
  return impl_->is_header_done();
}
bool RequestReader::done() const {
  return impl_->is_done();
}
const RequestHead& RequestReader::head() const {
  return impl_->head;
}
RequestHead& RequestReader::head() {
  return impl_->head;
}
void RequestReader::body_to(std::uint64_t max, BodySink sink) {
  impl_->body_to(max, std::move(sink));
}
int RequestReader::refusal() const {
  return impl_->refusal();
}

struct ResponseReader::Impl final : Parser<false> {
  ResponseHead head;

  Status finish_head() {
    if (!clear_coding()) return refuse(400, "transfer-encoding: want chunked");
    head.headers = std::move(headers);
    head.content_length = length_of(*this);
    return {};
  }

 protected:
  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int, Code&) override {}
  void on_response_impl(int code, beast::string_view reason, int, Code&) override {
    head.status = code;
    head_bytes_ = reason.size() + 15;
  }
};

ResponseReader::ResponseReader(Body body) : impl_(std::make_unique<Impl>()) {
  impl_->skip(body == Body::none);
}
ResponseReader::~ResponseReader() = default;

Result<std::size_t> ResponseReader::take(BytesView bytes) {
  const bool had_head = head_done();
  const std::size_t used = TRY(impl_->take(bytes));
  if (!had_head && head_done()) TRY(impl_->finish_head());
  return used;
}

Status ResponseReader::end() {
  if (done()) return {};
  if (!started()) return unavailable("answer: closed before it began");
  Code code;
  impl_->put_eof(code);
  if (code) return unavailable("answer: cut short");
  return {};
}

bool ResponseReader::started() const {
  return impl_->got_some();
}
bool ResponseReader::head_done() const {
  return impl_->is_header_done();
}
bool ResponseReader::done() const {
  return impl_->is_done();
}
bool ResponseReader::keep_alive() const {
  return impl_->keep_alive();
}
ResponseHead& ResponseReader::head() {
  return impl_->head;
}
void ResponseReader::body_to(std::uint64_t max, BodySink sink) {
  impl_->body_to(max, std::move(sink));
}

}  // namespace rota::http
