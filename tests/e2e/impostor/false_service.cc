#include "impostor/false_service.h"

#include <fstream>

#include "base/files.h"
#include "impostor/talker.h"
#include "tuf/metadata.h"

namespace rota::impostor {
namespace {

std::string head(int status, std::size_t length) {
  return "HTTP/1.1 " + std::to_string(status) + (status == 200 ? " OK" : " Lie") +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

bool send_endless(Talker& talker) {
  const std::string piece(16 * 1024, ' ');
  if (!talker.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")) return false;
  for (int i = 0; i < 64 * 1024; ++i)  // a gigabyte, unless the device hangs up first
    if (!talker.write("4000\r\n") || !talker.write(piece) || !talker.write("\r\n")) return false;
  return false;
}

class Liar {
 public:
  Liar(const FalseService& service, Talker& talker) : service_(service), talker_(talker) {}

  // False when the connection is over.
  bool answer(const std::string& method, const std::string& path) {
    const std::string name = path.starts_with("/repo/") ? path.substr(6) : "";
    if (name.empty() || method != "GET") return refuse(method, path, 503);
    if (name == service_.endless) return note(method, path, 200), send_endless(talker_);
    auto bytes = PosixFiles().read(service_.files + "/" + file_name_of(name), tuf::kMaxTargets);
    if (!bytes) return refuse(method, path, 404);
    note(method, path, 200);
    if (name == service_.cut) {
      talker_.write(head(200, bytes->size()));
      talker_.write(BytesView(*bytes).substr(0, bytes->size() / 2));
      return false;
    }
    return talker_.write(head(200, bytes->size())) && talker_.write(*bytes);
  }

 private:
  bool refuse(const std::string& method, const std::string& path, int status) {
    note(method, path, status);
    talker_.write(head(status, 0));
    return method == "GET";  // a body we did not read may follow
  }
  void note(const std::string& method, const std::string& path, int status) const {
    std::ofstream(service_.log, std::ios::app) << method << ' ' << path << ' ' << status << '\n';
  }
  const FalseService& service_;
  Talker& talker_;
};

void converse(const FalseService& service, Talker& talker) {
  Liar liar(service, talker);
  for (std::string request; talker.read_request(request);) {
    const auto words = split(request.substr(0, request.find("\r\n")), ' ');
    request.erase(0, request.find("\r\n\r\n") + 4);
    if (words.size() != 3 || !liar.answer(words[0], words[1])) return;
  }
}

}  // namespace

Status serve(const FalseService& service, const crypto::TlsContext& tls, std::uint16_t port) {
  return listen_and(tls, port, [&](Talker& talker) { converse(service, talker); });
}

}  // namespace rota::impostor
