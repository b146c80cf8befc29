#include "server/root_files.h"

#include <algorithm>

#include "crypto/hash.h"
#include "tuf/root_chain.h"

namespace rota::server {
namespace {

// Holds the shared roots and where each frame ends: 24 bytes a root.
class RootChainBody final : public http::ComposedBody {
 public:
  explicit RootChainBody(std::vector<std::shared_ptr<const Bytes>> roots) : roots_(std::move(roots)) {
    for (const auto& root : roots_) ends_.push_back(size() + tuf::root_chain_frame_size(root->size()));
  }

  std::uint64_t size() const override { return ends_.empty() ? 0 : ends_.back(); }

  std::size_t compose(std::uint64_t offset, std::span<char> out) const override {
    std::size_t filled = 0;
    for (auto at = static_cast<std::size_t>(std::ranges::upper_bound(ends_, offset) - ends_.begin());
         at < roots_.size() && filled < out.size(); ++at) {
      const Bytes frame = tuf::root_chain_frame(*roots_[at]);
      const std::uint64_t start = ends_[at] - frame.size();
      const auto rest = out.subspan(filled);
      filled += frame.copy(rest.data(), rest.size(), static_cast<std::size_t>(offset + filled - start));
    }
    return filled;
  }

 private:
  std::vector<std::shared_ptr<const Bytes>> roots_;
  std::vector<std::uint64_t> ends_;
};

// Roots never change, so that the first and the last one tell a chain from every other of this repository.
std::string tag_of(tuf::Version first, const std::vector<std::shared_ptr<const Bytes>>& roots) {
  const auto last = first + static_cast<tuf::Version>(roots.size()) - 1;
  return "\"" + std::to_string(first) + "-" + std::to_string(last) + "-" +
         crypto::sha256_hex(*roots.back()).substr(0, 16) + "\"";
}

// RFC 9110 13.1.2.
bool is_held(const http::Request& request, std::string_view tag) {
  for (const std::string& one : split(request.header("If-None-Match"), ',')) {
    std::string_view held = trim(one);
    if (held.starts_with("W/")) held.remove_prefix(2);
    if (held == tag || held == "*") return true;
  }
  return false;
}

}  // namespace

std::optional<tuf::Version> root_version_of(std::string_view file, std::string_view suffix) {
  if (!file.ends_with(suffix)) return std::nullopt;
  const auto number = decimal(file.substr(0, file.size() - suffix.size()), INT32_MAX);
  return number && *number > 0 ? std::optional(*number) : std::nullopt;
}

void hint_at_chain(http::Response& response, tuf::Version served, tuf::Version newest) {
  if (newest > served) response.headers.emplace_back("x-rota-root-chain", std::to_string(newest));
}

http::Response root_chain_answer(const http::Request& request, tuf::Version first,
                                 std::vector<std::shared_ptr<const Bytes>> roots) {
  http::Response response;
  const std::string tag = tag_of(first, roots);
  response.headers = {{"ETag", tag}, {"Cache-Control", "no-cache"}};
  if (is_held(request, tag)) {
    response.status = 304;
    return response;
  }
  response.headers.emplace_back("Content-Type", std::string(tuf::kRootChainMediaType));
  response.composed = std::make_shared<RootChainBody>(std::move(roots));
  return response;
}

}  // namespace rota::server
