#include "client/target_file.h"

namespace rota::client {
namespace {

constexpr std::size_t kPiece = 256 * 1024;
constexpr std::size_t kMaxName = 255;

std::optional<crypto::Digest::Algorithm> algorithm_named(std::string_view name) {
  if (name == "sha256") return crypto::Digest::Algorithm::sha256;
  if (name == "sha512") return crypto::Digest::Algorithm::sha512;
  return std::nullopt;
}

std::string part_of(const std::string& path) {
  return folder_of(path) + "/." + crypto::sha256_hex(file_name_of(path)).substr(0, 32) + ".part";
}

// What a power cut left; conflict when somebody is still writing it.
Status remove_leftover(Files& files, const std::string& part) {
  if (!TRY(files.facts(part)).exists()) return {};
  const auto held = TRY(files.lock(part, Seconds(0)));
  return files.remove(part);
}

}  // namespace

Result<std::string> target_file_path(const std::string& folder, std::string_view target_path) {
  std::string name = percent_encoded(target_path);
  if (name == "." || name == "..") name = name == "." ? "%2E" : "%2E%2E";
  if (name.empty() || name.size() > kMaxName)
    return bad_input("target '" + std::string(target_path.substr(0, 80)) + "': its name does not fit a file");
  return folder + "/" + name;
}

Result<TargetCheck> TargetCheck::of(const tuf::Target& target) {
  TargetCheck check(target.length);
  for (const auto& [name, hex] : target.hashes)
    if (const auto algorithm = algorithm_named(name)) check.listed_.push_back({name, hex, crypto::Digest(*algorithm)});
  if (check.listed_.empty()) return want_got("target '" + target.name + "': hashes", "sha256 or sha512", "neither");
  return check;
}

Status TargetCheck::add(BytesView piece) {
  seen_ += static_cast<std::int64_t>(piece.size());
  if (seen_ > length_) return want_got("length", std::to_string(length_), "more");
  for (auto& one : listed_) one.digest.add(piece);
  return {};
}

Status TargetCheck::end() {
  if (seen_ != length_) return want_got("length", length_, seen_);
  for (auto& one : listed_) {
    const std::string got = hex(one.digest.finish());
    if (got != one.hex) return want_got("hash", one.algorithm + " " + one.hex, got);
  }
  return {};
}

Result<bool> is_target(Files& files, const std::string& path, const tuf::Target& target) {
  const FileFacts facts = TRY(files.facts(path));
  if (facts.kind != FileFacts::Kind::file || static_cast<std::int64_t>(facts.size) != target.length) return false;
  auto check = TRY(TargetCheck::of(target));
  for (std::uint64_t at = 0; at < facts.size; at += kPiece)
    if (!check.add(TRY(files.read_part(path, at, kPiece))).ok()) return false;
  return check.end().ok();
}

Result<IncomingTarget> IncomingTarget::open(Files& files, const std::string& path, const tuf::Target& target) {
  auto check = TRY(TargetCheck::of(target));
  const std::string part = part_of(path);
  TRY(remove_leftover(files, part));
  TRY(files.create(part, "", 0644));
  auto lock = TRY(files.lock(part, Seconds(0)));
  return IncomingTarget(files, path, part, std::move(check), std::move(lock));
}

Status IncomingTarget::add(BytesView piece) {
  TRY(check_.add(piece));
  return files_.append(part_, piece);
}

Status IncomingTarget::end() {
  const auto placed = [&]() -> Status {
    TRY(check_.end());
    TRY(files_.sync(part_));
    return files_.rename(part_, path_);
  }();
  if (placed.ok()) return files_.sync_folder(folder_of(path_));
  TRY(give_up());
  return placed;
}

Status IncomingTarget::give_up() { return files_.remove(part_); }

}  // namespace rota::client
