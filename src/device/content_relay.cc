#include "device/content_relay.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "crypto/hash.h"
#include "http/server.h"
#include "http/url.h"

namespace rota::device {
namespace {

constexpr int kConnections = 4, kRedirects = 10;
constexpr std::uint64_t kMaxObject = std::uint64_t{8} << 30;
constexpr std::size_t kInMemory = 256 * 1024;
constexpr Seconds kObjectTimeout{2 * 3600};

// An answer's body on its way: small ones in memory, the others in a file, which is gone unless it was handed on.
class Spool {
 public:
  explicit Spool(std::string folder) : folder_(std::move(folder)) {}
  ~Spool() { drop(); }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  void drop() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    if (!path_.empty()) ::unlink(std::exchange(path_, {}).c_str());
    body_.clear();
  }

  Status add(BytesView bytes) {
    if (fd_ < 0 && body_.size() + bytes.size() <= kInMemory) {
      body_.append(bytes);
      return {};
    }
    if (fd_ < 0) TRY(begin_file());
    return write(bytes);
  }

  http::Response answer() {
    http::Response response{.status = 200, .headers = {{"Content-Type", "application/octet-stream"}}};
    if (fd_ < 0) {
      response.body = std::move(body_);
      return response;
    }
    ::close(std::exchange(fd_, -1));
    response.file = std::exchange(path_, {});
    response.remove_file_after = true;
    return response;
  }

 private:
  Status begin_file() {
    path_ = folder_ + "/content-XXXXXX";
    fd_ = ::mkostemp(path_.data(), O_CLOEXEC);
    if (fd_ < 0) {
      path_.clear();
      return io_error("spool in '" + folder_ + "': " + std::strerror(errno));
    }
    return write(std::exchange(body_, {}));
  }

  Status write(BytesView bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return io_error("spool '" + path_ + "': " + std::strerror(errno));
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

  std::string folder_, body_, path_;
  int fd_ = -1;
};

// The connections to one source: made when first needed, used by one request at a time.
struct Lane {
  std::unique_ptr<Fetcher> own, elsewhere;
};

std::string origin_of(const std::string& url) {
  const auto parsed = http::parse_url(url);
  return parsed.ok() ? parsed->origin() : "";
}

// RFC 9110 10.2.2, as much of it as content servers use.
std::string resolved(const std::string& base, std::string_view location) {
  return location.starts_with("/") && !location.starts_with("//") ? origin_of(base) + std::string(location)
                                                                  : std::string(location);
}

bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

// Content may be redirected, over https only; another host gets neither the device's headers nor its certificate.
Result<FetchReply> fetch_following(const ContentSource& source, Lane& lane, const std::string& path, Spool& spool) {
  const std::string home = origin_of(source.url);
  std::string url = source.url + "/" + percent_encoded(path, "/+");
  for (int hop = 0; hop <= kRedirects; ++hop) {
    const bool at_home = origin_of(url) == home;
    auto& fetcher = at_home ? lane.own : lane.elsewhere;
    if (!fetcher) fetcher = at_home ? source.connect() : source.elsewhere();
    FetchRequest request{
        .url = url, .headers = at_home ? source.headers : Headers(), .max_body = kMaxObject, .timeout = kObjectTimeout};
    request.sink = [&](BytesView bytes) { return spool.add(bytes); };
    auto reply = TRY(fetcher->fetch(request));
    if (!is_redirect(reply.status)) return reply;
    url = resolved(url, header(reply.headers, "Location"));
    if (!url.starts_with("https://")) return denied(path + ": redirected to '" + url.substr(0, 80) + "', want https");
  }
  return unavailable(path + ": more than " + std::to_string(kRedirects) + " redirects");
}

}  // namespace

struct ContentRelay::Impl {
  using Lanes = std::vector<Lane>;  // one for each source

  Impl(std::vector<ContentSource> from, std::string folder) : sources(std::move(from)), spool_folder(std::move(folder)) {
    for (auto& set : lanes) {
      set = Lanes(sources.size());
      idle.push_back(&set);
    }
  }

  Lanes* take() {
    std::unique_lock lock(turn);
    freed.wait(lock, [&] { return !idle.empty(); });
    auto* taken = idle.back();
    idle.pop_back();
    return taken;
  }
  void give_back(Lanes* taken) {
    const std::lock_guard lock(turn);
    idle.push_back(taken);
    freed.notify_one();
  }

  http::Response answer(const http::Request& request) {
    auto* taken = take();
    auto response = answer_over(*taken, request.param("path"));
    give_back(taken);
    return response;
  }

  http::Response answer_over(Lanes& taken, const std::string& path) {
    int status = 502;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      Spool spool(spool_folder);
      const auto reply = fetch_following(sources[i], taken[i], path, spool);
      if (reply.ok() && reply->status == 200) return spool.answer();
      status = reply.ok() && reply->status == 404 ? 404 : 502;
      if (status == 404) continue;
      note(reply.ok() ? path + ": the server answers " + std::to_string(reply->status) : reply.error().what);
    }
    return http::text_response(status, "no content\n");
  }

  void note(std::string what) {
    const std::lock_guard lock(turn);
    failure = std::move(what);
  }

  std::vector<ContentSource> sources;
  std::string spool_folder;
  std::string secret = crypto::random_hex(16);
  mutable std::mutex turn;
  std::condition_variable freed;
  std::array<Lanes, kConnections> lanes;
  std::vector<Lanes*> idle;
  std::string failure;
  std::uint16_t port = 0;
  http::Router router;
  http::Server server{http::ServerOptions{.workers = kConnections, .max_connections = 32}};
};

ContentRelay::ContentRelay(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ContentRelay::~ContentRelay() { impl_->server.stop(); }

Result<std::unique_ptr<ContentRelay>> ContentRelay::open(std::vector<ContentSource> sources, std::string spool_folder) {
  auto impl = std::make_unique<Impl>(std::move(sources), std::move(spool_folder));
  impl->router.add("GET", "/" + impl->secret + "/{path...}",
                   [raw = impl.get()](const http::Request& request) { return raw->answer(request); });
  impl->port = TRY_IN("content relay", impl->server.listen({.router = &impl->router}));
  impl->server.start();
  return std::unique_ptr<ContentRelay>(new ContentRelay(std::move(impl)));
}

std::string ContentRelay::url() const {
  return "http://127.0.0.1:" + std::to_string(impl_->port) + "/" + impl_->secret + "/";
}

std::string ContentRelay::last_failure() const {
  const std::lock_guard lock(impl_->turn);
  return impl_->failure;
}

}  // namespace rota::device
