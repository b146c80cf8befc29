// A server with the updates API (fioctl.md 6) in front of a sim::Repository: one transaction, both chains published together
// when what is staged would be taken by a device. Who opened the transaction (by its token) may leave out its id. It can also lie about the draft, refuse, and lose answers.
#pragma once

#include "sim/repository.h"

namespace rota::sim {

class UpdatesServer final : public Fetcher {
 public:
  static constexpr std::string_view kFactory = "https://api.sim/ota/factories/acme/";

  UpdatesServer(Repository& repository, Time now) : repository_(repository), now_(now) {}

  // What GET root/updates shows in place of the truth.
  void lie(std::function<void(Json& ci, Json& prod)> change) { lie_ = std::move(change); }
  // Looked at before each request, like Repository::on_request.
  void on_request(std::function<Status(const FetchRequest&)> look) { look_ = std::move(look); }
  // The next call of this kind ("PUT", "apply", "cancel", "POST", "gen-online-keys") is answered so, and does nothing.
  void refuse_next(const std::string& call, int status) { refusals_[call] = status; }
  // The answers of these calls are lost, once each: the call is done.
  void lose_answer_of(const std::string& call) { lost_.insert(call); }
  // The first root key, released to a first-time transaction.
  void hold_first_root(char seed) { first_root_ = seed; }
  // Signed targets files in use.
  void publish_targets(const std::string& tag, Bytes file) { targets_[tag] = std::move(file); }
  void publish_wave(const std::string& wave, Bytes file) { waves_[wave] = std::move(file); }
  // The signed targets in use, as they are after an apply.
  const std::map<std::string, Bytes>& targets() const { return targets_; }
  const std::map<std::string, Bytes>& waves() const { return waves_; }
  // What GET /v1/trust answers; without it there is no such page.
  void tell_trust(std::string census) { trust_ = std::move(census); }
  bool is_open() const { return status_ != "NONE"; }
  std::string status() const { return status_; }
  const std::string& txid() const { return txid_; }
  const std::string& receipt() const { return receipt_; }  // the digest that was confirmed
  const Bytes& draft(bool production) const { return production ? prod_ : ci_; }
  int calls(std::string_view call) const;
  const std::vector<std::string>& requests() const { return requests_; }

  Result<FetchReply> fetch(const FetchRequest& request) override;

 private:
  FetchReply answer(const std::string& call, const FetchRequest& request);
  FetchReply state() const;
  FetchReply start(const Json& body, const std::string& who);
  FetchReply put(const Json& body);
  FetchReply make_online_keys(const Json& body);
  FetchReply apply();
  FetchReply published(const std::map<std::string, Bytes>& files) const;
  bool may(const Json& body, const std::string& who) const;
  std::vector<std::string> faults() const;
  Bytes merged(const Bytes& file, const Json& added) const;

  Repository& repository_;
  Time now_;
  std::function<void(Json&, Json&)> lie_;
  std::function<Status(const FetchRequest&)> look_;
  std::map<std::string, int> refusals_;
  std::set<std::string> lost_;
  char first_root_ = 0;
  std::map<std::string, Bytes> targets_, waves_;
  std::string trust_;
  Json targets_signatures_, waves_signatures_;
  std::string status_ = "NONE", txid_, owner_, applied_, receipt_;
  std::string message_;
  Bytes ci_, prod_;
  std::map<std::string, char> online_ = {{"targets", 't'}, {"snapshot", 's'}, {"timestamp", 'c'}};
  std::map<std::string, char> next_online_ = online_;
  int transactions_ = 0;
  char next_seed_ = 'A';
  std::vector<std::string> requests_;
};

}  // namespace rota::sim
