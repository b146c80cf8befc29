#include "client/updater.h"

#include <algorithm>

#include "client/clock.h"
#include "client/delegated_search.h"
#include "client/target_file.h"

namespace rota::client {
namespace {

// A large target may take its time, but not for ever: so long at most, and then a second for so many bytes.
constexpr Seconds kTargetTimeout{300};
constexpr std::int64_t kLeastSpeed = 10 * 1024;

bool has_dot_segments(std::string_view path) {
  return std::ranges::any_of(split(path, '/'), [](const auto& part) { return part == "." || part == ".."; });
}

// "a/b c" as part of a URL. A target path is a path-relative URL already (TUF 4.5): its escapes stay as they are.
std::string url_path_of(std::string_view path) { return percent_encoded(path, "/%!$&'()*+,;=:@"); }

class RealUpdater final : public Updater {
 public:
  RealUpdater(Fetcher& fetcher, TrustStore& store, Files& files, Options options, Trust trust)
      : fetcher_(fetcher),
        store_(store),
        files_(files),
        options_(std::move(options)),
        trust_(std::move(trust)),
        policy_{options_.metadata_url, options_.limits, options_.now},
        search_({fetcher_, store_, trust_, policy_}) {}

  Status refresh() override {
    TRY(client::refresh(fetcher_, store_, trust_, policy_));
    refreshed_ = true;
    return store_.set_clock_floor(options_.now);
  }

  Result<std::optional<tuf::Target>> find(const std::string& target_path) override {
    if (!refreshed_) TRY(refresh());
    return search_.find(target_path);
  }

  Result<std::string> download(const tuf::Target& target, const std::string& folder) override {
    const std::string path = TRY(target_file_path(folder, target.name));
    const std::string what = "target '" + target.name.substr(0, 80) + "'";
    if (has_dot_segments(target.name)) return rejected(what + ": its path has dot segments");
    if (TRY_IN(what, is_target(files_, path, target))) return path;
    TRY_IN(what, fetch(target, path));
    return path;
  }

  const tuf::Root& root() const override { return *trust_.root; }

 private:
  Status fetch(const tuf::Target& target, const std::string& path) {
    if (static_cast<std::uint64_t>(target.length) > options_.limits.target)
      return want_got("length", "at most " + std::to_string(options_.limits.target), std::to_string(target.length));
    auto incoming = TRY(IncomingTarget::open(files_, path, target));
    const Status arrived = stream(target, [&](BytesView piece) { return incoming.add(piece); });
    if (arrived.ok()) return incoming.end();
    TRY(incoming.give_up());
    return arrived;
  }

  // From the first of its names that is there.
  Status stream(const tuf::Target& target, const std::function<Status(BytesView)>& sink) {
    FetchRequest request{.max_body = static_cast<std::uint64_t>(target.length), .sink = sink};
    request.timeout = kTargetTimeout + Seconds(target.length / kLeastSpeed);
    int status = 404;
    for (const auto& name : names_of(target)) {
      request.url = folder_url(options_.targets_url) + "/" + url_path_of(name);
      status = TRY(fetcher_.fetch(request)).status;
      if (status == 200) return {};
      if (status != 404) break;
    }
    return unavailable("the server answers " + std::to_string(status));
  }

  // TUF 6.2: "dir/<hash>.name", by each hash that is known here.
  std::vector<std::string> names_of(const tuf::Target& target) const {
    if (options_.target_names == Options::TargetNames::plain || !trust_.root->consistent_snapshot) return {target.name};
    const auto slash = target.name.rfind('/');
    const std::size_t base = slash == std::string::npos ? 0 : slash + 1;
    std::vector<std::string> names;
    for (const char* algorithm : {"sha256", "sha512"})
      if (const auto hash = target.hashes.find(algorithm); hash != target.hashes.end())
        names.push_back(target.name.substr(0, base) + hash->second + "." + target.name.substr(base));
    return names;
  }

  Fetcher& fetcher_;
  TrustStore& store_;
  Files& files_;
  Options options_;
  Trust trust_;
  RefreshPolicy policy_;
  DelegatedSearch search_;
  bool refreshed_ = false;
};

}  // namespace

Result<std::unique_ptr<Updater>> Updater::open(Fetcher& fetcher, TrustStore& store, Files& files, Options options) {
  options.now = trusted_time(options.now, options.earliest, TRY(store.clock_floor())).now;
  auto trust = load_trust(store, {}, {options.now, {tuf::Wanted::all(), options.limits.targets}});
  if (!trust.ok() && trust.error().fault == Fault::not_found)
    return rejected("store: " + trust.error().what, "start it from a root obtained out of band");
  if (!trust.ok()) return trust.error();
  return std::unique_ptr<Updater>(
      new RealUpdater(fetcher, store, files, std::move(options), std::move(trust).value()));
}

}  // namespace rota::client
