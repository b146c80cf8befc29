// What a CGI program prints (RFC 3875 6), turned into a response whose body is a file.
#pragma once

#include <fstream>
#include <string>

#include "http/message.h"

namespace rota::server {

class CgiAnswer {
 public:
  // The body goes to `path`, a new file, which the response removes after sending.
  explicit CgiAnswer(std::string path) : path_(std::move(path)) {}
  ~CgiAnswer();  // removes the file when no response took it
  CgiAnswer(const CgiAnswer&) = delete;
  CgiAnswer& operator=(const CgiAnswer&) = delete;

  // io: the disk is full; rejected: a header over 16 KiB.
  Status take(BytesView bytes);
  // rejected: the program ended before its header did.
  Result<http::Response> response();

 private:
  Status begin_body(std::size_t header_end, std::size_t body_at);

  std::string path_;
  std::string head_;  // until the blank line
  std::ofstream body_;
  bool in_body_ = false, handed_over_ = false;
};

}  // namespace rota::server
