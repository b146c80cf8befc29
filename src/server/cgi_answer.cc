#include "server/cgi_answer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rota::server {

constexpr std::size_t kMaxHead = 16 * 1024;

CgiAnswer::~CgiAnswer() {
  if (in_body_ && !handed_over_) unlink(path_.c_str());
}

Status CgiAnswer::take(BytesView bytes) {
  if (in_body_) {
    body_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!body_) return io_error(path_ + ": cannot be written");
    return {};
  }
  head_ += bytes;
  if (auto end = head_.find("\r\n\r\n"); end != std::string::npos) return begin_body(end, end + 4);
  if (auto end = head_.find("\n\n"); end != std::string::npos) return begin_body(end, end + 2);
  if (head_.size() > kMaxHead) return rejected("cgi: header: want at most 16 KiB, got more");
  return {};
}

Status CgiAnswer::begin_body(std::size_t header_end, std::size_t body_at) {
  int fd = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return io_error(path_ + ": " + std::strerror(errno));
  close(fd);
  body_.open(path_, std::ios::binary | std::ios::trunc);
  auto rest = head_.substr(body_at);
  head_.resize(header_end);
  in_body_ = true;
  return take(rest);
}

Result<http::Response> CgiAnswer::response() {
  if (!in_body_) return rejected("cgi: want a header and a blank line, got " + std::to_string(head_.size()) + " bytes");
  body_.close();
  if (body_.fail()) return io_error(path_ + ": cannot be written");
  http::Response out;
  for (const auto& line : split(head_, '\n')) {
    auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string name(trim(std::string_view(line).substr(0, colon))), value(trim(std::string_view(line).substr(colon + 1)));
    if (equals_ignoring_case(name, "Status")) out.status = static_cast<int>(TRY(decimal(value.substr(0, 3), 599)));
    else if (!equals_ignoring_case(name, "Content-Length")) out.headers.emplace_back(name, value);
  }
  out.file = path_;
  out.remove_file_after = true;
  handed_over_ = true;
  return out;
}

}  // namespace rota::server
