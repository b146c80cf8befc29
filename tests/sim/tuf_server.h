// A TUF repository behind a Fetcher, metadata and targets. It publishes what it is told, so an attacker who holds keys is a
// plan like any other; one who does not holds the line: any file replaced, any answer given, at any moment of an update.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/fetcher.h"
#include "tuf/repository_for_test.h"

namespace rota::sim {

class TufServer final : public Fetcher {
 public:
  static constexpr std::string_view kMetadata = "https://tuf.sim/metadata", kTargets = "https://tuf.sim/targets";
  using Seeds = tuf::test::Seeds;

  // A role that is no top-level one, and who speaks of it.
  struct Delegated {
    std::string name;
    std::string by = "targets";
    tuf::Version version = 1;
    Seeds keys{8};
    std::int64_t threshold = 1;
    std::vector<std::string> paths = {"*"};
    bool terminating = false;
    std::map<std::string, std::string> offers = {};
    Seeds signers = {};  // empty: `keys`
  };

  // One consistent set to be published. `change` sees each body before it is signed, by role name.
  struct Set {
    tuf::Dialect dialect = tuf::Dialect::tuf;
    tuf::test::Versions versions = {5, 5, 5};
    std::string expires = "2100-06-01T00:00:00Z";
    Seeds timestamp{4}, snapshot{3}, targets{2};
    enum class Facts { given, left_out } facts = Facts::given;  // lengths and hashes of the files listed
    std::map<std::string, std::string> offers = {{"app", "the first app"}};
    std::vector<Delegated> delegated = {};
    std::map<std::string, tuf::Version> also_listed = {};  // in the snapshot
    std::function<void(std::string_view role, Json& body)> change = {};
  };

  void publish_root(const tuf::test::RootPlan& plan) { publish_root(plan.version, tuf::test::root_file(plan)); }
  void publish_root(tuf::Version version, Bytes bytes) {
    files["metadata/" + std::to_string(version) + ".root.json"] = std::move(bytes);
  }
  // Files of earlier sets stay, under their versions.
  void publish(const Set& set);

  // "metadata/timestamp.json": what is served. Whoever edits it lies.
  std::map<std::string, Bytes> files;

  void answer_with(const std::string& path, FetchReply reply) { replies_[path] = std::move(reply); }
  void fail(const std::string& path, Error error) { errors_.insert_or_assign(path, std::move(error)); }
  // A body without end.
  void never_end(const std::string& path) { endless_.insert(path); }
  // Called when the path is asked for, before it is answered.
  void when_asked(const std::string& path, std::function<void()> act) { acts_[path] = std::move(act); }
  // No byte of an answer until the caller loses patience.
  void stall(const std::string& path) { stalled_.insert(path); }
  Seconds waited() const { return waited_; }
  void be_honest() { replies_.clear(), errors_.clear(), endless_.clear(), stalled_.clear(), acts_.clear(); }

  Result<FetchReply> fetch(const FetchRequest& request) override;

  // Paths asked for, in order.
  const std::vector<std::string>& requests() const { return requests_; }
  void forget_requests() { requests_.clear(); }
  std::uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  Bytes signed_targets(const Set& set, const std::string& name, tuf::Version version,
                       const std::map<std::string, std::string>& offers, const Seeds& signers);
  Result<FetchReply> endless(const FetchRequest& request);
  Result<FetchReply> sent(const FetchRequest& request, BytesView body);

  std::map<std::string, FetchReply> replies_;
  std::map<std::string, Error> errors_;
  std::set<std::string> endless_, stalled_;
  Seconds waited_{0};
  std::map<std::string, std::function<void()>> acts_;
  std::vector<std::string> requests_;
  std::uint64_t bytes_sent_ = 0;
};

}  // namespace rota::sim
