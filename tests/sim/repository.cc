#include "sim/repository.h"

#include <algorithm>

#include "crypto/hash.h"

namespace rota::sim {
namespace {

FetchReply refused(int status, std::string_view code, const std::vector<std::string>& causes = {}) {
  Json cause{Json::Array{}};
  for (const auto& one : causes) cause.push_back(Json(one));
  return {
      status, {}, to_json(Json(Json::Object{{"code", code}, {"description", "refused"}, {"cause", std::move(cause)}}))};
}

std::string name_in(std::string url) {
  if (const auto query = url.find('?'); query != std::string::npos) url.resize(query);
  if (url.starts_with(Repository::kBase)) return url.substr(Repository::kBase.size() + 1);
  return url;
}

Result<tuf::Trusted<tuf::Root>> newest_of(const std::vector<Bytes>& chain) {
  auto root = TRY(tuf::anchor_root(chain.front()));
  for (std::size_t i = 1; i < chain.size(); ++i) root = TRY(tuf::next_root(root, chain[i]));
  return root;
}

}  // namespace

int Repository::posts() const {
  return static_cast<int>(std::ranges::count_if(requests_, [](const auto& r) { return r.starts_with("POST root"); }));
}

Result<FetchReply> Repository::fetch(const FetchRequest& request) {
  if (look_) TRY(look_(request));
  requests_.push_back(request.method + " " + name_in(request.url) + (is_production(request) ? "?production=1" : ""));
  if (mood_ == Mood::silent) return unavailable("connection refused");
  const bool post = request.method == "POST" && name_in(request.url) == "root";
  if (post) bodies_.push_back(request.body);
  if (post && mood_ == Mood::cut_before_commit) return unavailable("connection reset");
  if (post && mood_ == Mood::error_before_commit) return refused(500, "internal");
  if (post && mood_ == Mood::stage) return FetchReply{202, {}, R"({"staged":2})"};
  auto reply = answer(request);
  if (post && mood_ == Mood::cut_after_commit) return unavailable("timed out");
  if (post && mood_ == Mood::error_after_commit) return refused(500, "internal");
  if (reply.body.size() > request.max_body) return rejected("answer longer than the limit");
  return reply;
}

FetchReply Repository::answer(const FetchRequest& request) {
  if (request.url.ends_with("/token")) return token_answer(request);
  if (mood_ == Mood::refuse) return refused(403, "forbidden");
  if (!token_.empty() && header(request.headers, "Authorization") != "Bearer " + token_)
    return refused(401, "unauthorized");
  const std::string name = name_in(request.url);
  auto& chain = is_production(request) ? prod_ : ci_;
  if (request.method == "GET" && name == "root/updates" && !updates_.empty()) return {200, {}, updates_};
  if (request.method == "POST" && name == "root") return post(chain, request);
  if (request.method == "GET" && name.ends_with("root.json")) return root_answer(chain, name);
  if (const std::string_view keys = "root/private_keys/"; name.starts_with(keys))
    return private_key_answer(request, name.substr(keys.size()));
  return file_answer(request, name);
}

FetchReply Repository::token_answer(const FetchRequest& request) const {
  if (mood_ == Mood::refuse || !header(request.headers, "Authorization").starts_with("Basic "))
    return refused(401, "unauthorized");
  return {200, {}, R"({"access_token":")" + token_ + R"(","token_type":"bearer","expires_in":3600})"};
}

FetchReply Repository::root_answer(const std::vector<Bytes>& chain, std::string_view name) const {
  const auto newest = static_cast<tuf::Version>(chain.size());
  tuf::Version version = newest;
  const bool lying = &chain == &ci_ && !lies_.empty();
  if (lying && lies_.rbegin()->first > newest) version = lies_.rbegin()->first;
  if (name != "root.json") {
    const auto asked = decimal(name.substr(0, name.size() - std::string_view(".root.json").size()));
    version = asked.ok() ? *asked : 0;
  }
  if (const auto lie = lies_.find(version); lying && lie != lies_.end()) return {200, {}, lie->second};
  if (version < 1 || version > newest) return refused(404, "root_role_not_found");
  return {200, {}, chain[static_cast<std::size_t>(version - 1)]};
}

FetchReply Repository::private_key_answer(const FetchRequest& request, const std::string& id) {
  const auto key = private_keys_.find(id);
  if (key == private_keys_.end()) return refused(404, "private_keys_not_found");
  if (request.method == "GET") return {200, {}, key->second};
  private_keys_.erase(key);
  return {204, {}, ""};
}

FetchReply Repository::file_answer(const FetchRequest& request, const std::string& name) {
  if (request.method == "PUT" && name == "targets") files_["targets.json"] = request.body;
  if (request.method == "PUT" && name.starts_with("delegations/")) files_[name] = request.body;
  if (request.method == "PUT") return {204, {}, ""};
  const auto file = files_.find(name);
  if (file == files_.end()) return refused(404, "not_found");
  return {200, {{"x-ats-role-checksum", crypto::sha256_hex(file->second)}}, file->second};
}

FetchReply Repository::post(std::vector<Bytes>& chain, const FetchRequest& request) {
  const Bytes& root = request.body;
  if (chain.empty()) return refused(404, "not_found");
  if (&chain == &prod_ && prod_.size() >= ci_.size()) return refused(409, "out_of_step");
  const auto newest = newest_of(chain);
  if (!newest) return refused(500, "internal");
  tuf::Allowed allowed;
  if (request.url.find("allow-weaker=1") != std::string::npos)
    allowed.names = {"lower-threshold", "fewer-keys", "replace-role"};
  const auto reasons = tuf::stopping(tuf::admit_root(*newest, root, now_), allowed);
  if (!reasons.empty()) return refused(400, "invalid_root_role", reasons);
  chain.emplace_back(root);
  return {204, {}, ""};
}

}  // namespace rota::sim
