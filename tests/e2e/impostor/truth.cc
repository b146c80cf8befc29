#include <algorithm>

#include "impostor/lies.h"
#include "tuf/metadata.h"

namespace rota::impostor {
namespace {

// The same of another factory: "/ota/repo/<f>/…", "/ota/factories/<f>/…".
std::string of_factory(std::string target, const std::string& factory) {
  for (const std::string_view before : {"/ota/repo/", "/ota/factories/"}) {
    if (!target.starts_with(before)) continue;
    const auto end = target.find('/', before.size());
    target.replace(before.size(), end - before.size(), factory);
  }
  return target;
}

// Hop by hop: the liar's own.
bool is_of_the_connection(std::string_view name) {
  constexpr std::string_view kNames[] = {"host", "connection", "content-length", "transfer-encoding", "expect", "x-request-id"};
  return std::ranges::any_of(kNames, [&](auto one) { return equals_ignoring_case(one, name); });
}

}  // namespace

std::string Asked::name() const {
  const std::string plain = path();
  for (const std::string_view before : {"/user_repo/", "/factories/"}) {
    const auto at = plain.find(before);
    if (at == std::string::npos) continue;
    const auto rest = plain.substr(at + before.size());
    return before == "/factories/" ? rest.substr(rest.find('/') + 1) : rest;
  }
  return plain;
}

FetchReply Truth::answer(const Asked& asked) {
  auto reply = fetch(asked, asked.target);
  if (asked.is_read() && reply.status == 200) first_.emplace(asked.target, reply);
  return reply;
}

FetchReply Truth::beside(const Asked& asked, const std::string& name) const {
  std::string folder = asked.path();
  folder.resize(folder.rfind('/') + 1);
  std::string rest = name;
  for (; rest.starts_with("../"); rest.erase(0, 3)) folder.resize(folder.rfind('/', folder.size() - 2) + 1);
  const auto query = asked.target.find('?');
  return fetch({"GET", {}, asked.headers, {}}, folder + rest + (query == std::string::npos ? "" : asked.target.substr(query)));
}

FetchReply Truth::of_rival(const Asked& asked) const {
  return fetch({"GET", {}, {{"OSF-TOKEN", rival_.token}}, {}}, of_factory(asked.target, rival_.factory));
}

const FetchReply& Truth::first(const Asked& asked) {
  if (!first_.contains(asked.target)) first_.emplace(asked.target, answer(asked));
  return first_.at(asked.target);
}

FetchReply Truth::fetch(const Asked& asked, const std::string& target) const {
  FetchRequest request{.method = asked.method, .url = upstream_ + target, .body = asked.body, .max_body = tuf::kMaxTargets};
  for (const auto& one : asked.headers)
    if (!is_of_the_connection(one.first)) request.headers.push_back(one);
  auto reply = service_.fetch(request);
  if (!reply) return {.status = 502, .headers = {}, .body = reply.error().what};
  std::erase_if(reply->headers, [](const auto& one) { return is_of_the_connection(one.first); });
  return std::move(reply).value();
}

}  // namespace rota::impostor
