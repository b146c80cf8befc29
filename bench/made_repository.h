// Signed repositories of any size for the benchmarks (tuf dialect, consistent snapshots), in memory and the same at each run,
// RSA keys excepted. Beside the files stands what a client must pay for them: the signatures and hashes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/fetcher.h"
#include "tuf/sign.h"

namespace rota::bench {

inline const Time kNow = parse_rfc3339("2027-01-01T00:00:00Z").value();

struct Recipe {
  enum class RootKeys { ed25519, rsa2048 };  // the other roles have Ed25519 keys
  enum class Rotation { never, each_root };
  enum class Bins { none, succinct };        // none: every target stands in targets.json
  std::size_t targets = 100;
  tuf::Version roots = 1;
  RootKeys root_keys = RootKeys::ed25519;
  Rotation rotation = Rotation::never;
  Bins bins = Bins::none;
  int bit_length = 14;                       // 16 384 bins
  crypto::KeyType targets_key = crypto::KeyType::ed25519;
};

// One signature as it must be checked.
struct Check {
  crypto::PublicKey key;
  Bytes message, signature;
};

// "http://made/metadata/<file>" for whoever asks, 404 for everything else. Counts what it gave.
class MadeRepository final : public Fetcher {
 public:
  explicit MadeRepository(const Recipe& recipe);

  Result<FetchReply> fetch(const FetchRequest& request) override;

  static constexpr std::string_view kUrl = "http://made/metadata";
  static std::string target_name(std::size_t number);
  // Bins are made when they are first needed: the one that lists this target, before the clock starts.
  void make_bin_of(const std::string& target);

  const std::map<std::string, Bytes>& files() const { return files_; }  // "1.root.json", …
  const Bytes& file(const std::string& name) const { return files_.at(name); }
  // Each signature that the roots' own thresholds ask for, from root 1: by itself, by the root before, by itself, …; the
  // same key over the same bytes only once.
  const std::vector<Check>& root_checks() const { return root_checks_; }
  // Those of timestamp, snapshot, targets.
  const std::vector<Check>& role_checks() const { return role_checks_; }

  struct Traffic {
    int requests = 0;
    std::uint64_t bytes = 0;
  };
  Traffic taken() const { return traffic_; }
  void forget_traffic() { traffic_ = {}; }

 private:
  void make_roots();
  void make_targets();
  void make_snapshot();
  void make_timestamp();
  const tuf::KeySigner& root_signer(tuf::Version version) const;
  Bytes signed_text(const std::string& body, const tuf::KeySigner& signer, std::vector<Check>* checks) const;

  Recipe recipe_;
  std::vector<tuf::KeySigner> root_signers_;
  tuf::KeySigner targets_, snapshot_, timestamp_, bins_;
  std::map<std::string, Bytes> files_;
  std::map<std::string, std::vector<std::size_t>> listed_;  // bin -> numbers of its targets
  std::vector<Check> root_checks_, role_checks_;
  Traffic traffic_;
};

}  // namespace rota::bench
