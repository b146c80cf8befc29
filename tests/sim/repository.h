// A factory's root chain behind a Fetcher, as a server keeps it: admits what tuf::admit_root admits, serves it for
// ever. It can also lie, forget to answer, and refuse to know the caller.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/fetcher.h"
#include "tuf/admit.h"

namespace rota::sim {

class Repository final : public Fetcher {
 public:
  static constexpr std::string_view kServer = "https://api.sim";
  static constexpr std::string_view kBase = "https://api.sim/ota/repo/acme/api/v1/user_repo";

  // A chain whose roots are taken as they are; roots[0] is version 1.
  Repository(std::vector<Bytes> roots, Time now) : ci_(std::move(roots)), now_(now) {}
  void add_production(std::vector<Bytes> roots) { prod_ = std::move(roots); }

  enum class Mood {
    honest,
    silent,              // no answer to anything
    cut_before_commit,   // POST: the connection breaks, nothing was stored
    cut_after_commit,    // POST: stored, the answer is lost
    error_before_commit, // POST: 500, nothing stored
    error_after_commit,  // POST: stored, then 500
    refuse,              // 403 to everything
    stage,               // POST: 202, kept until targets come (which nobody brings here)
  };
  void set_mood(Mood mood) { mood_ = mood; }
  // Looked at before each request: an error there is the answer (a dead process sends nothing).
  void on_request(std::function<Status(const FetchRequest&)> look) { look_ = std::move(look); }
  // Served under "<version>.root.json", and as root.json when newest, in place of the truth.
  void serve_instead(tuf::Version version, Bytes bytes) { lies_[version] = std::move(bytes); }
  // Callers without this header value are unknown (401).
  void require_bearer(std::string token) { token_ = std::move(token); }
  // The answer of GET root/updates; empty: no such page (404).
  void set_updates_answer(std::string json) { updates_ = std::move(json); }
  // A root key that the server still has: GET and DELETE root/private_keys/<id>.
  void hold_private_key(const std::string& id, Bytes pair) { private_keys_[id] = std::move(pair); }
  bool holds_private_key(const std::string& id) const { return private_keys_.contains(id); }
  // Any other file: GET, and PUT for targets and delegations.
  void serve_file(const std::string& name, Bytes bytes) { files_[name] = std::move(bytes); }
  const std::map<std::string, Bytes>& served_files() const { return files_; }
  // Somebody else's root.
  void publish(Bytes root) { ci_.push_back(std::move(root)); }

  Result<FetchReply> fetch(const FetchRequest& request) override;

  const std::vector<Bytes>& roots() const { return ci_; }
  const std::vector<Bytes>& production_roots() const { return prod_; }
  const std::vector<std::string>& requests() const { return requests_; }  // "GET root.json", in order
  std::vector<std::string> bodies_sent() const { return bodies_; }
  int posts() const;

 private:
  FetchReply answer(const FetchRequest& request);
  FetchReply token_answer(const FetchRequest& request) const;
  FetchReply root_answer(const std::vector<Bytes>& chain, std::string_view name) const;
  FetchReply private_key_answer(const FetchRequest& request, const std::string& id);
  FetchReply file_answer(const FetchRequest& request, const std::string& name);
  FetchReply post(std::vector<Bytes>& chain, const FetchRequest& request);
  bool is_production(const FetchRequest& request) const { return request.url.ends_with("?production=1"); }

  std::vector<Bytes> ci_, prod_;
  Time now_;
  Mood mood_ = Mood::honest;
  std::function<Status(const FetchRequest&)> look_;
  std::map<tuf::Version, Bytes> lies_;
  std::map<std::string, Bytes> private_keys_, files_;
  std::string token_, updates_;
  std::vector<std::string> requests_, bodies_;
};

}  // namespace rota::sim
