#include "sim/long_chain.h"

#include <algorithm>

#include "crypto/hash.h"
#include "tuf/root_chain.h"

namespace rota::sim {
namespace {

constexpr const char* kExpires = "2101-01-01T00:00:00Z";

// One key a rotation; not those of the other roles.
char root_key_of(tuf::Version version) { return static_cast<char>(128 + version % 128); }

Bytes root_file(tuf::Version version, std::size_t padding) {
  const std::string key(1, root_key_of(version)), before(1, root_key_of(version - 1));
  RootRecipe recipe{.version = version, .root_keys = key, .expires = kExpires};
  if (padding > 0) recipe.extras["x-padding"] = std::string(padding, 'p');
  return signed_root(root_body(recipe), version == 1 ? key : before + key);
}

Json head_of(const char* type) {
  return Json(Json::Object{{"_type", type}, {"version", Json(1)}, {"expires", kExpires}});
}

Json listed(BytesView file) {
  Json meta;
  meta["version"] = Json(1);
  meta["length"] = Json(static_cast<std::int64_t>(file.size()));
  meta["hashes"]["sha256"] = crypto::sha256_hex(file);
  return meta;
}

// N of "<N><suffix>"; 0 for another name.
tuf::Version number_in(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return 0;
  const auto number = decimal(name.substr(0, name.size() - suffix.size()));
  return number.ok() ? *number : 0;
}

}  // namespace

LongChain::LongChain(const Plan& plan) {
  for (tuf::Version version = 1; version <= plan.newest; ++version) {
    roots_.push_back(root_file(version, plan.padding));
    files_[std::to_string(version) + ".root.json"] = roots_.back();
  }
  Json targets = head_of("Targets");
  targets["targets"] = Json(Json::Object{});
  files_["targets.json"] = signed_root(targets, "t");
  Json snapshot = head_of("Snapshot");
  snapshot["meta"]["targets.json"] = listed(files_["targets.json"]);
  files_["snapshot.json"] = signed_root(snapshot, "s");
  Json timestamp = head_of("Timestamp");
  timestamp["meta"]["snapshot.json"] = listed(files_["snapshot.json"]);
  files_["timestamp.json"] = signed_root(timestamp, "c");
}

Bytes LongChain::framed(tuf::Version first, tuf::Version last) const {
  Bytes file;
  for (; first <= last; ++first) file += tuf::root_chain_frame(root(first));
  return file;
}

Result<FetchReply> LongChain::fetch(const FetchRequest& request) {
  const std::string name = request.url.substr(kBase.size() + 1);
  requests_.push_back(name);
  if (silent_ || name == withheld_) return unavailable(name + ": timed out");
  const tuf::Version first = number_in(name, ".root-chain");
  const bool is_there = offer_ == Offer::chain_files && first >= 1 && first <= newest();
  return is_there ? chain(request, first) : whole(request, name);
}

Result<FetchReply> LongChain::whole(const FetchRequest& request, const std::string& name) {
  const auto file = files_.find(name);
  if (file == files_.end()) return FetchReply{404, {}, "no such file"};
  if (file->second.size() > request.max_body) return rejected(name + ": longer than " + std::to_string(request.max_body));
  FetchReply reply{200, {}, ""};
  const tuf::Version version = number_in(name, ".root.json");
  if (offer_ == Offer::chain_files && version >= 1 && version < newest())
    reply.headers.emplace_back("x-rota-root-chain", hint_.value_or(std::to_string(newest())));
  bytes_sent_ += file->second.size();
  if (request.sink)
    TRY(say_in_pieces(file->second, request.sink));
  else
    reply.body = file->second;
  return reply;
}

Result<FetchReply> LongChain::chain(const FetchRequest& request, tuf::Version first) {
  FetchReply reply{200, {{"Content-Type", std::string(tuf::kRootChainMediaType)}}, ""};
  std::uint64_t said = 0;
  const Sink say = [&](BytesView bytes) -> Status {
    said += bytes.size();
    bytes_sent_ += bytes.size();
    if (said > request.max_body) return rejected("root chain: longer than " + std::to_string(request.max_body));
    if (request.sink) return say_in_pieces(bytes, request.sink);
    reply.body.append(bytes);
    return {};
  };
  TRY(teller_ ? teller_(first, say) : say_frames(first, say));
  return reply;
}

Status LongChain::say_frames(tuf::Version first, const Sink& say) const {
  const tuf::Version end = std::min(newest() + 1, first + tuf::kMaxChainRoots);
  for (; first < end; ++first) TRY(say(tuf::root_chain_frame(root(first))));
  return {};
}

Status LongChain::say_in_pieces(BytesView bytes, const Sink& say) {
  for (std::size_t at = 0; at < bytes.size(); at += piece_) TRY(say(bytes.substr(at, piece_)));
  return {};
}

}  // namespace rota::sim
