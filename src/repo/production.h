// The production stream: targets per tag that people sign together with the server (docs/formats/root-updates.md).
// In:    signed targets for a tag, signatures for those in use.
// Out:   rows whose signatures meet the newest production root's threshold.
// Never: a version twice or lower within the stream; targets in use that the newest production root does not vouch for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "repo/repositories.h"
#include "repo/standing.h"

namespace rota::repo {

struct ProductionFile {
  enum class Kind { tag, wave };
  Kind kind = Kind::tag;
  std::string name;  // of the tag or the wave
  std::string tag;
  tuf::Version version = 0;
  Bytes bytes;
};
std::string_view name_of(ProductionFile::Kind kind);  // "tag", "wave"

// The rows. The writing calls belong into a transaction of the caller.
class ProductionLedger {
 public:
  explicit ProductionLedger(store::Database& db) : db_(db) {}
  Status make_tables();
  Result<std::vector<ProductionFile>> in_use(const std::string& factory) const;
  Result<tuf::Version> newest_version(const std::string& factory) const;  // ever stored; 0: none
  // The one of its kind and name that is in use from now on; conflict: the version is taken.
  Status add(const std::string& factory, const ProductionFile& file, Time now);
  Status sign_again(const std::string& factory, const ProductionFile& file);
  // Of a wave: it becomes the tag's own targets, or nobody's. not_found: no such wave is in use.
  Status complete_wave(const std::string& factory, const std::string& wave);
  Status cancel_wave(const std::string& factory, const std::string& wave);

 private:
  store::Database& db_;
};

// `file` under the next production root: signatures of keys that stay, those given for it in `change`, the server's
// own. rejected: "tag 'x': …" where they are too few or one of them does not verify.
Result<ProductionFile> signed_under(const tuf::Root& root, const ProductionFile& file, const Change& change,
                                    const std::vector<OnlineKey>& keys);
// True when targets in use have to be signed again.
bool concerns_production(const Change& change);
// Those of `files` that such a change makes other bytes of.
Result<std::vector<ProductionFile>> production_after(const std::vector<ProductionFile>& files, const Standing& next,
                                                     const Change& change, const std::vector<OnlineKey>& keys);

class Production {
 public:
  explicit Production(Repositories& repos) : impl_(*repos.impl_) {}

  // POST root?production=1: the next production root by itself. 409: it would get ahead of ci.
  Result<Accepted<tuf::Version>> accept_root(std::string_view factory, BytesView envelope, const RootOptions& options);
  // Targets that people signed for a tag, or for a wave of a tag; the server adds its own signature. 400
  // invalid_offline_targets; 409 invalid_version_bump: not above every version of the stream; 409 no_production.
  struct Push {
    ProductionFile::Kind kind;
    std::string name, tag;
    BytesView envelope;
  };
  Result<Accepted<tuf::Version>> publish(std::string_view factory, const Push& push);
  Status complete_wave(std::string_view factory, const std::string& wave);
  Status cancel_wave(std::string_view factory, const std::string& wave);
  // Those in use of a kind, by name.
  Result<std::map<std::string, Bytes>> in_use(std::string_view factory, ProductionFile::Kind kind) const;

 private:
  Repositories::Impl& impl_;
};

}  // namespace rota::repo
