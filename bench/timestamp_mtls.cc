// Claim: a device's most frequent request, GET /repo/timestamp.json (2 KB) over mutual TLS keep-alive, costs the server
// no more CPU here than with nginx. Both serve the same bytes with the same certificates to the same load generator, in
// turn.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "http/server.h"

namespace {

using namespace rota;
using crypto::TlsContext;
using crypto::TlsProgress;
using crypto::TlsSession;

constexpr int kConnections = 32;
constexpr int kRequests = 15'000;  // a round
constexpr int kRounds = 3;
constexpr std::size_t kBody = 2048;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "error: %s\n", why.c_str());
  std::exit(1);
}

template <typename T>
T need(Result<T> result) {
  if (!result.ok()) fail(result.error().what);
  return std::move(result).value();
}

struct Identities {
  std::string server_ca, server_chain, device_ca, device_chain;
  crypto::SecretBytes server_key, device_key;
};

Identities make_identities() {
  const Time now = SystemClock().now();
  const auto server_ca = need(crypto::CertificateAuthority::make("server", "bench", now - days(1), days(2)));
  const auto device_ca = need(crypto::CertificateAuthority::make("devices", "bench", now - days(1), days(2)));
  const auto server_key = need(crypto::PrivateKey::generate_p256());
  const auto device_key = need(crypto::PrivateKey::generate_p256());
  const auto server = need(server_ca.issue_server(server_key.public_key(), {"localhost"}, now - days(1), days(2)));
  const auto request = need(crypto::CertificateRequest::from_pem(
      need(crypto::CertificateRequest::make_pem(device_key, {"device-0001", "bench", ""}))));
  const auto device = need(device_ca.issue_client(request, now - days(1), days(2)));
  return {server_ca.certificate().pem(), server.pem(),          device_ca.certificate().pem(), device.pem(),
          server_key.pkcs8_pem(),        device_key.pkcs8_pem()};
}

void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary);
  out << bytes;
  if (!out.flush()) fail(path + ": not written");
}

// Ends the program that was started when it goes.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  // CPU time of all its threads, user and system.
  double cpu_seconds() const {
    clockid_t clock;
    timespec time{};
    if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &time) != 0) fail("no CPU time of the server");
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }

 private:
  pid_t pid_;
};

// Server and load generator each keep to a processor of their own, so that one does not interrupt the other.
void keep_to_processor(int number) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(number), &set);
  sched_setaffinity(0, sizeof set, &set);  // with one processor only, it stays as it is
}

[[noreturn]] void serve(const Identities& who, const std::string& body, http::Route::Run run, int report) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  http::Router router;
  const auto shared = std::make_shared<const std::string>(body);
  router.add(
      http::Route{"GET", "/repo/{file}",
                  [shared](const http::Request&) {
                    return http::Response{.headers = {{"Content-Type", "application/json"}}, .shared_body = shared};
                  },
                  0, http::Route::Body::buffer, run});
  http::Server server{http::ServerOptions{}};
  const auto tls = need(TlsContext::server({who.server_chain, who.server_key.copy(), who.device_ca}));
  const std::uint16_t port = need(server.listen({.tls = tls, .router = &router}));
  server.start();
  if (write(report, &port, sizeof port) != sizeof port) fail("no port to report");
  pause();
  std::_Exit(0);
}

struct Started {
  pid_t pid;
  std::uint16_t port;
};

Started start_rota(const Identities& who, const std::string& body, http::Route::Run run) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("no pipe");
  const pid_t pid = fork();
  if (pid == 0) serve(who, body, run, ends[1]);
  std::uint16_t port = 0;
  if (pid < 0 || read(ends[0], &port, sizeof port) != sizeof port) fail("the server did not start");
  close(ends[0]);
  close(ends[1]);
  return {pid, port};
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int connected(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    fail("no free port");
  close(fd);
  return ntohs(address.sin_port);
}

std::string nginx_configuration(const std::string& folder, std::uint16_t port) {
  return "daemon off; master_process off; worker_processes 1; pid " + folder + "/pid; error_log " + folder +
         "/error.log;\nevents { worker_connections 1024; }\nhttp {\n"
         "  access_log off; sendfile on; tcp_nodelay on; keepalive_requests 1000000000; open_file_cache max=10;\n"
         "  types { application/json json; }\n"
         "  client_body_temp_path " +
         folder + "/t1; proxy_temp_path " + folder + "/t2; fastcgi_temp_path " + folder + "/t3;\n  uwsgi_temp_path " +
         folder + "/t4; scgi_temp_path " + folder +
         "/t5;\n"
         "  server {\n    listen 127.0.0.1:" +
         std::to_string(port) + " ssl; server_name localhost; root " + folder + "/www;\n    ssl_certificate " + folder +
         "/server.pem; ssl_certificate_key " + folder +
         "/server.key;\n"
         "    ssl_client_certificate " +
         folder +
         "/devices.pem; ssl_verify_client on; ssl_protocols TLSv1.2 TLSv1.3;\n"
         "  }\n}\n";
}

Started start_nginx(const Identities& who, const std::string& body, const std::string& folder) {
  mkdir((folder + "/www").c_str(), 0755);
  mkdir((folder + "/www/repo").c_str(), 0755);
  write_file(folder + "/www/repo/timestamp.json", body);
  write_file(folder + "/server.pem", who.server_chain);
  write_file(folder + "/devices.pem", who.device_ca);
  close(open((folder + "/server.key").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  write_file(folder + "/server.key", who.server_key.reveal());
  const std::uint16_t port = free_port();
  write_file(folder + "/nginx.conf",
             "user " + std::string(geteuid() == 0 ? "root" : "nobody") + ";\n" + nginx_configuration(folder, port));
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    const std::string conf = folder + "/nginx.conf", log = folder + "/error.log";
    execlp("nginx", "nginx", "-p", folder.c_str(), "-c", conf.c_str(), "-e", log.c_str(), static_cast<char*>(nullptr));
    execl("/usr/sbin/nginx", "nginx", "-p", folder.c_str(), "-c", conf.c_str(), "-e", log.c_str(),
          static_cast<char*>(nullptr));
    std::_Exit(127);
  }
  for (int i = 0; i < 200; ++i) {
    if (const int fd = connected(port); fd >= 0) {
      close(fd);
      return {pid, port};
    }
    if (waitpid(pid, nullptr, WNOHANG) == pid) fail("nginx did not start (is nginx-light installed?)");
    poll(nullptr, 0, 10);
  }
  fail("nginx does not listen");
}

// One keep-alive connection of the load generator: one request at a time.
struct Caller {
  int fd;
  TlsSession session;
  std::string heard = {};
};

Caller call(const TlsContext& context, std::uint16_t port) {
  const int fd = connected(port);
  if (fd < 0) fail("no connection");
  Caller caller{fd, need(TlsSession::connect(context, fd, "localhost"))};
  if (caller.session.handshake() != TlsProgress::done) fail("handshake: " + caller.session.failure());
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  return caller;
}

void ask(Caller& caller) {
  static constexpr std::string_view kRequest =
      "GET /repo/timestamp.json HTTP/1.1\r\nHost: localhost\r\nUser-Agent: aktualizr-lite/93\r\nAccept: */*\r\n"
      "x-ats-ostreehash: 4f1c8ea6a0b1b7d5c2f2d0d9f3a1e0c7b6a5948372615049382716a5b4c3d2e1\r\nx-ats-tags: main\r\n"
      "x-ats-target: gateway-x86-lmp-118\r\nx-ats-dockerapps: shellhttpd\r\n\r\n";
  std::size_t n = 0;
  if (caller.session.write(kRequest.data(), kRequest.size(), n) != TlsProgress::done || n != kRequest.size())
    fail("write: " + caller.session.failure());
}

// True once a whole answer is there; its body is checked.
bool answered(Caller& caller, const std::string& body) {
  char buffer[16 * 1024];
  std::size_t n = 0;
  const TlsProgress progress = caller.session.read(buffer, sizeof buffer, n);
  if (progress == TlsProgress::want_read) return false;
  if (progress != TlsProgress::done) fail("read: " + caller.session.failure());
  caller.heard.append(buffer, n);
  const std::size_t end = caller.heard.find("\r\n\r\n");
  if (end == std::string::npos || caller.heard.size() < end + 4 + body.size()) return false;
  if (!caller.heard.starts_with("HTTP/1.1 200") || caller.heard.compare(end + 4, std::string::npos, body) != 0)
    fail("another answer: " + caller.heard.substr(0, 200));
  caller.heard.clear();
  return true;
}

void drive(std::vector<Caller>& callers, const std::string& body, int requests) {
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  for (std::size_t i = 0; i < callers.size(); ++i) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
    epoll_ctl(poller, EPOLL_CTL_ADD, callers[i].fd, &event);
    ask(callers[i]);
  }
  int asked = static_cast<int>(callers.size());
  for (int done = 0; done < requests;) {
    epoll_event events[kConnections];
    const int ready = epoll_wait(poller, events, kConnections, 10'000);
    if (ready <= 0) fail("no answer for ten seconds");
    for (int i = 0; i < ready; ++i) {
      Caller& caller = callers[events[i].data.u64];
      if (!answered(caller, body)) continue;
      ++done;
      if (asked++ < requests) ask(caller);
    }
  }
  close(poller);
}

struct Subject {
  const char* name;
  Child child;
  std::vector<Caller> callers = {};
  std::vector<double> microseconds = {};
  Subject(const char* n, Started started, const TlsContext& context) : name(n), child(started.pid) {
    for (int i = 0; i < kConnections; ++i) callers.push_back(call(context, started.port));
  }
  ~Subject() {
    for (const Caller& caller : callers) close(caller.fd);
  }
  void round(const std::string& body) {
    const double before = child.cpu_seconds();
    drive(callers, body, kRequests);
    microseconds.push_back((child.cpu_seconds() - before) * 1e6 / kRequests);
  }
  double median() {
    std::sort(microseconds.begin(), microseconds.end());
    return microseconds[microseconds.size() / 2];
  }
};

}  // namespace

int main() {
  char name[] = "/tmp/rota-bench-XXXXXX";
  if (mkdtemp(name) == nullptr) fail("no temporary folder");
  const std::string folder = name;
  keep_to_processor(0);  // the servers inherit it
  const Identities who = make_identities();
  const std::string body(kBody, 'x');
  const Started here = start_rota(who, body, http::Route::Run::here);
  const Started worker = start_rota(who, body, http::Route::Run::worker);
  const Started rival = start_nginx(who, body, folder);
  keep_to_processor(1);
  {
    const auto context = need(TlsContext::client({who.server_ca, who.device_chain, who.device_key.copy()}));
    Subject subjects[] = {
        {"rota, network thread", here, context}, {"rota, worker pool", worker, context}, {"nginx", rival, context}};
    for (Subject& subject : subjects) drive(subject.callers, body, kConnections * 20);  // warm
    for (int round = 0; round < kRounds; ++round)
      for (Subject& subject : subjects) subject.round(body);
    const double nginx = subjects[2].median();
    std::printf("GET 2 KB over mutual TLS keep-alive, %d connections, server CPU per request (median of %d rounds)\n",
                kConnections, kRounds);
    for (Subject& subject : subjects)
      std::printf("  %-22s %6.1f us   %.2f of nginx\n", subject.name, subject.median(), subject.median() / nginx);
  }
  std::filesystem::remove_all(folder);
  return 0;
}
