#include "impostor/between.h"

#include <fnmatch.h>

#include <algorithm>
#include <fstream>

#include "base/files.h"
#include "impostor/talker.h"

namespace rota::impostor {
namespace {

constexpr std::size_t kLongestOrder = 4096;

Asked asked_in(const std::string& head) {
  Asked asked;
  const auto lines = split(head, '\n');
  const auto words = split(trim(lines.front()), ' ');
  if (words.size() != 3) return asked;
  asked.method = words[0];
  asked.target = words[1];
  for (std::size_t i = 1; i < lines.size(); ++i)
    if (const auto colon = lines[i].find(':'); colon != std::string::npos)
      asked.headers.emplace_back(lines[i].substr(0, colon), std::string(trim(lines[i].substr(colon + 1))));
  return asked;
}

Bytes bytes_of(const FetchReply& reply) {
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " Said\r\n";
  for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
  return head + "Content-Length: " + std::to_string(reply.body.size()) + "\r\nConnection: close\r\n\r\n" + reply.body;
}

class Middle {
 public:
  Middle(const Between& between, Truth& truth) : between_(between), truth_(truth) {}

  void converse(Talker& talker) {
    std::string bytes;
    if (!talker.read_request(bytes)) return;
    const auto end = bytes.find("\r\n\r\n") + 4;
    Asked asked = asked_in(bytes.substr(0, end));
    if (asked.method.empty()) return;
    bytes.erase(0, end);
    const auto length = decimal(header(asked.headers, "Content-Length"));
    if (length && !talker.read_up_to(bytes, static_cast<std::size_t>(*length))) return;
    asked.body = std::move(bytes);
    talker.write(bytes_of(answer(asked)));
  }

 private:
  FetchReply answer(const Asked& asked) {
    const Lie* lie = lie_of_the_moment(asked);
    if (auto told = lie == nullptr ? std::nullopt : lie->tell(truth_, asked)) {
      note(asked, told->status, asked.is_read() ? "lie" : "swallowed");
      return std::move(*told);
    }
    auto reply = truth_.answer(asked);
    note(asked, reply.status, asked.is_read() ? "truth" : "forwarded");
    return reply;
  }

  const Lie* lie_of_the_moment(const Asked& asked) const {
    const auto order = PosixFiles().read(between_.lie, kLongestOrder);
    if (!order) return nullptr;
    const auto words = split(trim(*order), ' ');
    if (words.size() > 1 && ::fnmatch(words[1].c_str(), asked.name().c_str(), 0) != 0) return nullptr;
    const auto at = std::ranges::find(lies(), words.front(), &Lie::name);
    return at == lies().end() ? nullptr : &*at;
  }

  void note(const Asked& asked, int status, std::string_view how) const {
    const bool is_signed = !asked.is_read() && asked.body.find("\"sig\"") != Bytes::npos;
    std::ofstream(between_.log, std::ios::app) << asked.method << ' ' << asked.name() << ' ' << status << ' ' << how
                                               << (is_signed ? " signed\n" : "\n");
  }

  const Between& between_;
  Truth& truth_;
};

}  // namespace

Status stand_between(const Between& between, Truth& truth, const crypto::TlsContext& tls, std::uint16_t port) {
  Middle middle(between, truth);
  return listen_and(tls, port, [&](Talker& talker) { middle.converse(talker); });
}

}  // namespace rota::impostor
