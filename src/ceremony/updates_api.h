// The updates API of a server (fioctl.md 6): one transaction per factory that changes both roots, keys and signatures at once.
// In:    where the factory's roots come from, with the credentials.
// Out:   requests as the wire contract has them; answers taken apart.
// Never: anything believed: what a server answers here is verified elsewhere (staged_roots.h).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "ceremony/trust.h"
#include "crypto/key.h"
#include "crypto/secret.h"

namespace rota::ceremony {

struct UpdatesState {
  enum class Status { none, started, applying };
  struct Pair {
    Bytes ci_root, prod_root;                        // envelopes as text; empty: none
    std::map<std::string, std::string> online_keys;  // role -> key id
    const Bytes& root(Stream stream) const { return stream == Stream::ci ? ci_root : prod_root; }
  };
  Status status = Status::none;
  Pair current = {}, updated = {};
  std::vector<std::string> amendments = {}, errors = {}, warnings = {};  // messages
  std::string created_by = {}, created_at = {}, updated_by = {}, updated_at = {};
};
std::string_view name_of(UpdatesState::Status status);  // "NONE", …

// What a PUT carries: envelopes, and signatures by tag and by wave (objects, or null for none).
struct UpdatesDraft {
  std::map<Stream, Bytes> roots = {};
  Json targets_signatures = {}, waves_signatures = {};
  enum class Weaker { refused, allowed } weaker = Weaker::refused;  // fewer keys or a lower threshold than now (Rota's server)
};

class UpdatesApi {
 public:
  // `source` of the ci stream.
  explicit UpdatesApi(RootSource source) : source_(std::move(source)) {}

  // nullopt: a server without this API (404, 405).
  Result<std::optional<UpdatesState>> state() const;
  // The same where the API must be there: not_found otherwise.
  Result<UpdatesState> present_state() const;

  // conflict: another transaction is active.
  struct Start {
    std::string message = {};
    enum class FirstTime { no, yes } first_time = FirstTime::no;
    enum class Shortcut { no, yes } shortcut = Shortcut::no;
  };
  struct Started {
    std::string txid = {};
    crypto::SecretBytes first_root_sec = {};  // key files, with FirstTime::yes
    Bytes first_root_pub = {};
  };
  Result<Started> start(const Start& wish) const;
  Status put(const std::string& txid, const UpdatesDraft& draft) const;
  Status make_online_keys(const std::string& txid, crypto::KeyType type, const std::vector<tuf::Role>& roles) const;
  // ok: published, now or before. not_found: nothing to apply. conflict: somebody must approve. rejected, denied: refused,
  // nothing changed. unavailable: nobody knows.
  Status apply(const std::string& txid) const;
  Status cancel() const;

  // Signed targets files in use, by tag ("prod") or by wave; none is an empty map.
  enum class Published { prod, waves };
  Result<std::map<std::string, Bytes>> published(Published which) const;
  // Who is asking: goes into x-key-owners. "" where the server does not say.
  Result<std::string> polis_id() const;
  // The one-time key has arrived, by the digest of its text. ok where the server knows no such thing.
  Status confirm_first_root(const std::string& sha256) const;

 private:
  Result<FetchReply> call(std::string method, const std::string& url, const Json& body = {}) const;
  Status done(std::string method, const std::string& url, const Json& body) const;
  std::string updates_url(std::string_view rest = {}) const;
  std::string factory_url(std::string_view prefix, std::string_view rest) const;
  RootSource source_;
};

}  // namespace rota::ceremony
