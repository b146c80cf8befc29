// A repository whose root was rotated many times, each time to another key, behind a Fetcher. It serves the roots one by one
// and, when it is told to, as root chain files; what a chain file holds may be replaced by anything.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fetcher.h"
#include "sim/roots.h"

namespace rota::sim {

class LongChain final : public Fetcher {
 public:
  static constexpr std::string_view kBase = "https://long.sim/repo";

  struct Plan {
    tuf::Version newest = 40;
    std::size_t padding = 0;  // bytes of an unknown member in each root
  };
  explicit LongChain(const Plan& plan);

  enum class Offer { single_roots, chain_files };
  void offer(Offer offer) { offer_ = offer; }
  // Says the bytes of `first`.root-chain, piece by piece, and stops at the first error; returned as the fetch's.
  using Sink = std::function<Status(BytesView)>;
  using Teller = std::function<Status(tuf::Version first, const Sink& say)>;
  void tell(Teller teller) { teller_ = std::move(teller); }
  void tell_the_truth() { teller_ = nullptr; }
  // Sent as x-rota-root-chain in place of the newest version.
  void hint(std::string text) { hint_ = std::move(text); }
  // That file is not answered.
  void withhold(const std::string& name) { withheld_ = name; }
  // Nothing is answered until wake_up().
  void fall_silent() { silent_ = true; }
  void wake_up() { silent_ = false; }
  // Said instead of a file's truth.
  void serve_instead(const std::string& name, Bytes bytes) { files_[name] = std::move(bytes); }
  // So many bytes reach the reader at once.
  void set_piece(std::size_t bytes) { piece_ = bytes; }

  Result<FetchReply> fetch(const FetchRequest& request) override;

  const Bytes& root(tuf::Version version) const { return roots_.at(static_cast<std::size_t>(version - 1)); }
  tuf::Version newest() const { return static_cast<tuf::Version>(roots_.size()); }
  // The frames of these roots.
  Bytes framed(tuf::Version first, tuf::Version last) const;
  const std::vector<std::string>& requests() const { return requests_; }
  void forget_requests() { requests_.clear(); }
  std::uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  Result<FetchReply> whole(const FetchRequest& request, const std::string& name);
  Result<FetchReply> chain(const FetchRequest& request, tuf::Version first);
  Status say_frames(tuf::Version first, const Sink& say) const;
  Status say_in_pieces(BytesView bytes, const Sink& say);

  std::vector<Bytes> roots_;
  std::map<std::string, Bytes> files_;
  Offer offer_ = Offer::chain_files;
  Teller teller_;
  std::optional<std::string> hint_;
  std::string withheld_;
  bool silent_ = false;
  std::size_t piece_ = 4096;
  std::vector<std::string> requests_;
  std::uint64_t bytes_sent_ = 0;
};

}  // namespace rota::sim
