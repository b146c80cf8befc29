#include "compat/garage_sign_target.h"

#include "crypto/hash.h"

namespace rota::compat::garage {
namespace {

constexpr std::size_t kLongestHardwareId = 200, kPiece = 1u << 20;

// Objects member by member, everything else replaced.
void merge_deeply(Json& into, const Json& from) {
  const auto* members = from.if_object();
  if (members == nullptr || into.if_object() == nullptr) {
    into = from;
    return;
  }
  for (const auto& [name, value] : *members) {
    if (Json* there = into.find(name))
      merge_deeply(*there, value);
    else
      into[name] = value;
  }
}

Result<Json> custom_meta(const Run& run) {
  const auto text = run.asked.value_if("--customMeta");
  if (!text) return Json(Json::Object{});
  const auto json = parse_json(*text);
  if (!json || json->if_object() == nullptr) return bad_input("want a JSON object");
  for (const auto* name : {"name", "version", "hardwareIds", "targetFormat", "uri", "cliUploaded"})
    if (json->find(name) != nullptr) return bad_input(std::string("must not contain ") + name);
  return *json;
}

Status check_hardware_ids(const std::string& list) {
  for (const auto& id : split(list, ','))
    if (trim(id).size() > kLongestHardwareId) return bad_input("want at most 200 characters each");
  return {};
}

Result<std::string> sha256_asked(const std::string& text) {
  if (!is_sha256_hex(lower(text))) return bad_input("want 64 hex digits");
  return lower(text);
}

Result<Uploaded> facts_asked(const Run& run) {
  constexpr std::int64_t kMost = (std::int64_t{1} << 53) - 1;
  Uploaded facts;
  facts.length = TRY_IN("option --length", decimal(run.asked.value("--length"), kMost));
  facts.sha256 = TRY_IN("option --sha256", sha256_asked(run.asked.value("--sha256")));
  return facts;
}

Result<NewTarget> read_options(const Run& run, const std::optional<Uploaded>& upload) {
  NewTarget target;
  target.file = run.asked.value("--name") + "-" + run.asked.value("--version");
  const std::string format = lower(run.asked.value_if("--format").value_or("binary"));
  if (format != "ostree" && format != "binary") return bad_input("option --format: want ostree or binary");
  target.format = format == "ostree" ? "OSTREE" : "BINARY";
  const Uploaded facts = upload ? *upload : TRY(facts_asked(run));
  target.length = facts.length;
  target.sha256 = facts.sha256;
  target.uploaded = upload.has_value();
  TRY_IN("option --hardwareids", check_hardware_ids(run.asked.value("--hardwareids")));
  target.meta = TRY_IN("option --customMeta", custom_meta(run));
  TRY(check_filename(target.file));
  return target;
}

Json custom_of(const Run& run, const NewTarget& target, const Json* before) {
  Json custom;
  custom["name"] = run.asked.value("--name");
  custom["version"] = run.asked.value("--version");
  custom["hardwareIds"] = Json::Array{};
  for (const auto& id : split(run.asked.value("--hardwareids"), ','))
    custom["hardwareIds"].push_back(std::string(trim(id)));
  custom["targetFormat"] = target.format;
  custom["uri"] = run.asked.value_if("--url") ? Json(run.asked.value("--url")) : Json(nullptr);
  const std::string now = rfc3339(run.now());
  custom["createdAt"] = before == nullptr ? now : before->text_or("createdAt", now);
  custom["updatedAt"] = now;
  custom["cliUploaded"] = target.uploaded;
  merge_deeply(custom, target.meta);
  return custom;
}

}  // namespace

Status check_filename(std::string_view name) {
  if (name.empty() || name.size() > 253 || name.find("..") != std::string_view::npos)
    return bad_input("target name: want 1 to 253 characters without '..'");
  return {};
}

Result<Uploaded> uploaded_file(const Run& run, const std::string& path) {
  const auto facts = TRY(run.world.files.facts(path));
  if (facts.kind != FileFacts::Kind::file) return not_found(path + ": no such file");
  crypto::Digest digest(crypto::Digest::Algorithm::sha256);
  for (std::uint64_t at = 0; at < facts.size; at += kPiece) digest.add(TRY(run.world.files.read_part(path, at, kPiece)));
  Uploaded uploaded;
  uploaded.length = static_cast<std::int64_t>(facts.size);
  uploaded.sha256 = hex(digest.finish());
  return uploaded;
}

std::optional<NewTarget> asked_target(const Run& run, const std::optional<Uploaded>& upload) {
  auto target = read_options(run, upload);
  if (target) return *std::move(target);
  run.refuse(kUsage, target.error());
  return std::nullopt;
}

Status put_target(const Run& run, const NewTarget& target, Json& body) {
  const Json* all = body.find("targets");
  const Json* old = all == nullptr ? nullptr : all->find(target.file);
  Json entry;
  entry["hashes"]["sha256"] = target.sha256;
  entry["length"] = target.length;
  entry["custom"] = custom_of(run, target, old == nullptr ? nullptr : old->find("custom"));
  TRY_IN("target " + target.file, tuf::in_canonical_subset(entry));
  body["targets"][target.file] = entry;
  return {};
}

}  // namespace rota::compat::garage
