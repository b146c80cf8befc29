// A handler's Response as the bytes that go out: status line, fields, and which part of which body.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/message.h"
#include "http/owned_fd.h"

namespace rota::http {

struct AnswerOptions {
  enum class Ending { keep_alive, close };
  const Headers& always;
  std::string_view date;  // RFC 9110 5.6.7, used when the handler gave no Date
  Ending ending = Ending::keep_alive;
};

struct Answer {
  std::string head = {};  // to the empty line
  std::string body = {};  // one of these four holds the body
  std::shared_ptr<const std::string> shared_body = {};
  std::shared_ptr<const ComposedBody> composed = {};
  OwnedFd file = {};
  std::uint64_t offset = 0;     // of the part that is sent
  std::uint64_t length = 0;     // of the part that is sent; 0 for HEAD, 204, 304
  bool is_in_memory() const { return !file && composed == nullptr; }
  BytesView in_memory() const;  // that part, when it is
};

// Honours Range for GET and HEAD answers of 200, leaves the body out for HEAD, opens the file (404 when it is gone) and
// removes it when the response says so. Line ends in fields of the response are left out; Content-Length, Connection,
// Transfer-Encoding and X-Request-ID are ours alone.
Answer make_answer(const Request& request, Response response, const AnswerOptions& options);

}  // namespace rota::http
