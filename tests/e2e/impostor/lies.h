// What a man in the middle can say to the owner's tools: a table of lies, each a name and how an answer is transformed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fetcher.h"
#include "tuf/sign.h"

namespace rota::impostor {

// A request of one of the owner's tools.
struct Asked {
  std::string method, target;  // "GET", "/ota/repo/acme/api/v1/user_repo/3.root.json?production=1"
  Headers headers;
  Bytes body;
  bool is_read() const { return method == "GET"; }
  std::string path() const { return target.substr(0, target.find('?')); }
  std::string name() const;  // what follows ".../user_repo/" or ".../factories/<f>/": "3.root.json", "root/updates/apply"
};

// The real service, and what the liar remembers of it.
class Truth {
 public:
  struct Rival {
    std::string factory, token;  // another factory, which the liar may read
  };
  Truth(Fetcher& service, std::string upstream, Rival rival)
      : service_(service), upstream_(std::move(upstream)), rival_(std::move(rival)), own_(crypto::PrivateKey::generate_ed25519().value()) {}

  FetchReply answer(const Asked& asked);                                   // 502 when there is none
  FetchReply beside(const Asked& asked, const std::string& name) const;    // a GET in the same folder, with its credentials
  FetchReply of_rival(const Asked& asked) const;                           // the same of the rival
  const FetchReply& first(const Asked& asked);                             // what was said the first time; else the truth
  void swallow(const Asked& asked) { swallowed_ = asked.body; }
  const Bytes& swallowed() const { return swallowed_; }
  const tuf::Signer& own() const { return own_; }                          // the liar's key

 private:
  FetchReply fetch(const Asked& asked, const std::string& target) const;
  Fetcher& service_;
  std::string upstream_;
  Rival rival_;
  tuf::KeySigner own_;
  std::map<std::string, FetchReply> first_;
  Bytes swallowed_;
};

// nullopt: this one is answered truly.
using Telling = std::optional<FetchReply> (*)(Truth& truth, const Asked& asked);
struct Lie {
  std::string_view name;
  Telling tell;
};
const std::vector<Lie>& lies();

}  // namespace rota::impostor
