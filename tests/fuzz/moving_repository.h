// A repository behind a Fetcher that publishes, rotates, goes back, mixes and
// lies, as an input says.
#pragma once

#include <functional>

#include "base/fetcher.h"
#include "json_mutation.h"
#include "signing_record.h"
#include "tuf/root_chain.h"

namespace rota::fuzz {

class MovingRepository final : public Fetcher {
 public:
  static constexpr std::string_view kUrl = "https://repository.test/";
  // Published in this order: each lists the ones before it.
  static constexpr const char* kFiles[] = {"a", "b", "targets", "snapshot", "timestamp"};

  explicit MovingRepository(SigningRecord& record) : record_(record) {
    rotate({.root = {{1}}, .dialect = tuf::Dialect::tuf});
    bodies_["a"] = bodies_["b"] = tuf::test::targets_body({.target_name = "x", .dialect = tuf::Dialect::tuf});
    bodies_["a"]["targets"] = Json(Json::Object{});
    bodies_["targets"] = tuf::test::targets_body({.dialect = tuf::Dialect::tuf});
    bodies_["targets"]["delegations"] = delegations();
    bodies_["snapshot"] = tuf::test::head(tuf::Role::snapshot, 1, kUntil, tuf::Dialect::tuf);
    bodies_["timestamp"] = tuf::test::head(tuf::Role::timestamp, 1, kUntil, tuf::Dialect::tuf);
    for (const char* file : kFiles) publish(file);
  }

  // Makes the next root; its plan's version is set here. `change` may do to its text what it likes before it is signed.
  void rotate(
      tuf::test::RootPlan plan, const std::function<Bytes(Bytes)>& change = [](Bytes text) { return text; }) {
    plan.version = newest_root_ + 1;
    const auto body = parse_json(change(to_json(tuf::test::root_body(plan))), kSignedText);
    if (!body.ok() || body->if_object() == nullptr) return;
    std::set<int> keys(plan.root.seeds.begin(), plan.root.seeds.end());
    keys.insert(plan_.root.seeds.begin(), plan_.root.seeds.end());
    plan_ = plan;
    newest_root_ = plan.version;
    served_[newest_root()] = record_.sign(*body, {keys.begin(), keys.end()});
  }
  std::string newest_root() const { return std::to_string(newest_root_) + ".root"; }
  const tuf::test::RootPlan& plan() const { return plan_; }

  Json& body(const std::string& file) { return bodies_[file]; }
  Bytes& served(const std::string& file) { return served_[file]; }
  bool serves(const std::string& file) const { return served_.contains(file); }
  void withdraw(const std::string& file) { served_.erase(file); }
  void answer(int status) { status_ = status; }

  // Signs the body of `file` with its keys, and lists it in the body of the
  // file above.
  void publish(const std::string& file) {
    served_[file] = record_.sign(bodies_[file], keys_of(file));
    const char* above = file == "timestamp" ? nullptr : file == "snapshot" ? "timestamp" : "snapshot";
    if (above == nullptr) return;
    Json& meta = bodies_[above]["meta"];
    if (meta.if_object() == nullptr) meta = Json(Json::Object{});  // a change before this one may have left anything
    meta[file + ".json"] = tuf::test::listed(bodies_[file].integer_or("version", 1), served_[file]);
  }
  void publish_upwards(const std::string& file) {
    bool from_here = false;
    for (const char* name : kFiles) {
      from_here = from_here || file == name;
      const bool lists = std::string_view(name) == "snapshot" || std::string_view(name) == "timestamp";
      if (from_here && (file == name || lists)) publish(name);
    }
  }

  struct Past {
    std::map<std::string, Json> bodies;
    std::map<std::string, Bytes> served;
  };
  Past past() const { return {bodies_, served_}; }
  // What was served once is served again; the roots stay.
  void go_back_to(const Past& past) {
    bodies_ = past.bodies;
    for (const char* file : kFiles) {
      if (past.served.contains(file)) served_[file] = past.served.at(file);
    }
  }

  Result<FetchReply> fetch(const FetchRequest& request) override {
    if (status_ != 200) return FetchReply{.status = std::exchange(status_, 200)};
    const std::string name = file_named(request.url);
    if (name.ends_with(".root-chain")) return answer_with(chain_from(name), request);
    const auto found = served_.find(name);
    if (found == served_.end()) return FetchReply{.status = 404};
    return answer_with(found->second, request);
  }

 private:
  Result<FetchReply> answer_with(const Bytes& bytes, const FetchRequest& request) const {
    FetchReply reply{.status = 200, .headers = {{"x-rota-root-chain", std::to_string(newest_root_)}}};
    if (bytes.size() > request.max_body) return rejected("longer than asked for");
    if (!request.sink) reply.body = bytes;
    if (request.sink) TRY(request.sink(bytes));
    return reply;
  }

  // "7.root-chain": root 7 and all after it.
  Bytes chain_from(const std::string& name) const {
    Bytes chain;
    for (auto version = decimal(name.substr(0, name.find('.'))).value(); version <= newest_root_; ++version) {
      const auto root = served_.find(std::to_string(version) + ".root");
      if (root != served_.end()) chain += tuf::root_chain_frame(root->second);
    }
    return chain;
  }

  static constexpr std::string_view kUntil = "2027-06-01T00:00:00Z";

  // "https://…/7.snapshot.json": whatever version is asked for, but for roots.
  static std::string file_named(std::string_view url) {
    std::string name(url.substr(url.rfind('/') + 1));
    if (name.ends_with(".root-chain")) return name;
    name = name.substr(0, name.rfind(".json"));
    const std::size_t dot = name.find('.');
    return dot == name.npos || name.ends_with(".root") ? name : name.substr(dot + 1);
  }

  // a for every path of one part, b for x alone and at last.
  static Json delegations() {
    const tuf::KeyId id = key_id(signer(6).public_key(), tuf::Dialect::tuf);
    Json json, role;
    json["keys"][id.hex] = public_key_json(signer(6).public_key(), tuf::Dialect::tuf);
    role["keyids"].push_back(id.hex);
    role["threshold"] = 1;
    for (const char* name : {"a", "b"}) {
      role["name"] = name;
      role["terminating"] = name[0] == 'b';
      role["paths"] = Json(Json::Array{Json(name[0] == 'a' ? "*" : "x")});
      json["roles"].push_back(role);
    }
    return json;
  }

  const tuf::test::Seeds& keys_of(std::string_view file) const {
    static const tuf::test::Seeds kDelegated{6};
    if (file == "timestamp") return plan_.timestamp.seeds;
    if (file == "snapshot") return plan_.snapshot.seeds;
    return file == "targets" ? plan_.targets.seeds : kDelegated;
  }

  SigningRecord& record_;
  tuf::test::RootPlan plan_{.dialect = tuf::Dialect::tuf};
  tuf::Version newest_root_ = 0;
  std::map<std::string, Json> bodies_;
  std::map<std::string, Bytes> served_;
  int status_ = 200;
};

}  // namespace rota::fuzz
