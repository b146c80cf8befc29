// The factory acme in a database of its own, and its owner with the first archive unpacked. For *_test.cc only.
#pragma once

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "repo/repositories.h"
#include "tuf/sign.h"

namespace rota::repo::test {

inline const Time kNow = parse_rfc3339("2027-01-01T00:00:00Z").value();
inline const std::string kApi = "https://localhost:8080";

crypto::SecretBytes seal_key(char byte = 's');
// Member -> content; modes go to `modes` when given.
std::map<std::string, Bytes> unpacked(BytesView archive, std::map<std::string, unsigned>* modes = nullptr);
crypto::PrivateKey key_of(BytesView private_key_file);

// Signs `body` with these keys, under the ids `root` lists them, if any.
Bytes signed_with(const Json& body, const std::vector<const crypto::PrivateKey*>& keys);
Json body_of(BytesView envelope);
void list_key(Json& root, const char* role, const crypto::PublicKey& key);    // adds it to keys and role
void unlist_key(Json& root, const char* role, const crypto::PublicKey& key);  // removes it from both
tuf::Target target(const std::string& name, char digit = 'a');

// What a device does with what is served: walks the chain from root 1, then verifies the set at `now`.
Result<tuf::VerifiedSet> as_a_device(const Repositories& repos, Time now, const tuf::Floors& floors = {});

class Acme : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  void reopen(char seal_byte = 's');

  std::shared_ptr<const Published> published() const { return repos_->published("acme").value(); }
  // What is served, to see that a refusal changed nothing.
  std::vector<Bytes> everything_served() const;
  Json next_root() const { return repos_->next_root_body("acme").value(); }
  Json next_targets() const;
  RootAnswer push_root(const Json& body, const std::vector<const crypto::PrivateKey*>& keys,
                                   const RootOptions& options = {});
  // The cause of the refusal as one text, or "accepted".
  std::string refusal_of(const Bytes& root, const RootOptions& options = {});

  std::string folder_ = testing::TempDir() + "repo-XXXXXX";
  FixedClock clock_{kNow};
  crypto::SecretBytes seal_key_;
  std::unique_ptr<store::Database> db_;
  std::unique_ptr<Repositories> repos_;
  std::optional<crypto::PrivateKey> root_, offline_root_, offline_targets_;  // of the archive
};

}  // namespace rota::repo::test
