#include "http/answer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

#include "http/range.h"

namespace rota::http {

namespace {

constexpr std::uint64_t kSmallBody = 16 * 1024;

struct Reason {
  int status;
  std::string_view text;
};

constexpr std::array kReasons{Reason{200, "OK"},
                              Reason{201, "Created"},
                              Reason{202, "Accepted"},
                              Reason{204, "No Content"},
                              Reason{206, "Partial Content"},
                              Reason{301, "Moved Permanently"},
                              Reason{302, "Found"},
                              Reason{303, "See Other"},
                              Reason{304, "Not Modified"},
                              Reason{307, "Temporary Redirect"},
                              Reason{308, "Permanent Redirect"},
                              Reason{400, "Bad Request"},
                              Reason{401, "Unauthorized"},
                              Reason{403, "Forbidden"},
                              Reason{404, "Not Found"},
                              Reason{405, "Method Not Allowed"},
                              Reason{406, "Not Acceptable"},
                              Reason{409, "Conflict"},
                              Reason{410, "Gone"},
                              Reason{411, "Length Required"},
                              Reason{412, "Precondition Failed"},
                              Reason{413, "Content Too Large"},
                              Reason{415, "Unsupported Media Type"},
                              Reason{416, "Range Not Satisfiable"},
                              Reason{417, "Expectation Failed"},
                              Reason{422, "Unprocessable Content"},
                              Reason{429, "Too Many Requests"},
                              Reason{431, "Request Header Fields Too Large"},
                              Reason{500, "Internal Server Error"},
                              Reason{501, "Not Implemented"},
                              Reason{502, "Bad Gateway"},
                              Reason{503, "Service Unavailable"},
                              Reason{504, "Gateway Timeout"},
                              Reason{505, "HTTP Version Not Supported"},
                              Reason{507, "Insufficient Storage"}};

std::string_view reason_of(int status) {
  for (const Reason& reason : kReasons)
    if (reason.status == status) return reason.text;
  return "Status";
}

void append_clean(std::string& out, std::string_view text) {
  constexpr std::string_view kBreaks("\r\n\0", 3);
  for (std::size_t at = text.find_first_of(kBreaks); at != std::string_view::npos; at = text.find_first_of(kBreaks)) {
    out.append(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  out.append(text);
}

void add_field(std::string& head, std::string_view name, std::string_view value) {
  append_clean(head, name);
  head.append(": ");
  append_clean(head, value);
  head.append("\r\n");
}

bool is_ours(std::string_view name) {
  return equals_ignoring_case(name, "content-length") || equals_ignoring_case(name, "connection") ||
         equals_ignoring_case(name, "transfer-encoding") || equals_ignoring_case(name, "x-request-id");
}

bool has_no_body(int status) {
  return status == 204 || status == 304 || status < 200;
}
bool may_have_ranges(const Request& request, int status) {
  return status == 200 && (request.method == "GET" || request.method == "HEAD");
}

// A small body goes out with the head, in one write and one TLS record.
bool read_small(Answer& answer) {
  answer.body.resize(static_cast<std::size_t>(answer.length));
  const ssize_t n = pread(answer.file.get(), answer.body.data(), answer.body.size(), 0);
  answer.file.close();
  return n == static_cast<ssize_t>(answer.length);
}

// Opens the response's file; false when it is no readable file.
bool open_file(const Response& response, Answer& answer) {
  answer.file = OwnedFd(open(response.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (response.remove_file_after) unlink(response.file.c_str());  // the open descriptor keeps the bytes
  struct stat facts {};
  if (!answer.file || fstat(answer.file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return false;
  answer.length = static_cast<std::uint64_t>(facts.st_size);
  return answer.length > kSmallBody || read_small(answer);
}

void open_composed(std::shared_ptr<const ComposedBody> composed, Answer& answer) {
  answer.length = composed->size();
  if (answer.length > kSmallBody) {
    answer.composed = std::move(composed);
    return;
  }
  answer.body.resize(static_cast<std::size_t>(answer.length));
  for (std::size_t at = 0; at < answer.body.size();)
    at += composed->compose(at, std::span(answer.body).subspan(at));
}

// RFC 9110 13.1.5: the range counts only for the representation the client has a part of.
bool range_applies(const Request& request, const Response& response) {
  const std::string_view condition = request.header("If-Range");
  if (condition.empty()) return true;
  return condition == header(response.headers, "ETag") || condition == header(response.headers, "Last-Modified");
}

void apply_range(const Request& request, Response& response, Answer& answer) {
  response.headers.emplace_back("Accept-Ranges", "bytes");
  const std::string_view field = request.header("Range");
  if (field.empty() || !range_applies(request, response)) return;
  const std::uint64_t size = answer.length;
  const ByteRange range = range_of(field, size);
  if (range.kind == ByteRange::Kind::whole) return;
  const bool part = range.kind == ByteRange::Kind::part;
  response.status = part ? 206 : 416;
  answer.offset = range.first;
  answer.length = range.length;
  const std::string which =
      part ? std::to_string(range.first) + "-" + std::to_string(range.first + range.length - 1) : "*";
  response.headers.emplace_back("Content-Range", "bytes " + which + "/" + std::to_string(size));
}

std::string head_of(const Request& request, const Response& response, const AnswerOptions& options,
                    std::uint64_t length) {
  std::string head;
  head.reserve(512);
  head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  head.append(reason_of(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers)
    if (!is_ours(name)) add_field(head, name, value);
  for (const auto& [name, value] : options.always)
    if (header(response.headers, name).empty()) add_field(head, name, value);
  if (header(response.headers, "Date").empty()) add_field(head, "Date", options.date);
  if (!has_no_body(response.status)) add_field(head, "Content-Length", std::to_string(length));
  add_field(head, "X-Request-ID", request.id);
  add_field(head, "Connection", options.ending == AnswerOptions::Ending::close ? "close" : "keep-alive");
  return head.append("\r\n");
}

}  // namespace

BytesView Answer::in_memory() const {
  const std::string& whole = shared_body ? *shared_body : body;
  return BytesView(whole).substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
}

Answer make_answer(const Request& request, Response response, const AnswerOptions& options) {
  Answer answer;
  const bool has_file = !response.file.empty();
  if (has_file && !open_file(response, answer)) {
    answer = Answer{};
    response = error_response(request, 404, "not_found", "no such file");
  }
  if (!has_file || !response.body.empty()) answer.body = std::move(response.body);
  answer.shared_body = std::move(response.shared_body);
  if (response.composed) open_composed(std::move(response.composed), answer);
  if (answer.is_in_memory()) answer.length = answer.shared_body ? answer.shared_body->size() : answer.body.size();
  if (may_have_ranges(request, response.status)) apply_range(request, response, answer);
  answer.head = head_of(request, response, options, answer.length);
  if (request.method == "HEAD" || has_no_body(response.status)) answer.length = 0;
  return answer;
}

}  // namespace rota::http
