#include "made_repository.h"

#include <array>

#include "crypto/hash.h"

namespace rota::bench {
namespace {

using tuf::Dialect;
using tuf::KeySigner;

constexpr std::string_view kExpires = "2046-01-01T00:00:00Z";
constexpr std::size_t kRootKeys = 16;  // rotated through: making a thousand RSA keys takes minutes
const std::string kPrefix = "b";       // of the bins' names

KeySigner ed25519(int seed) {
  return KeySigner(
      crypto::PrivateKey::from_ed25519_seed(crypto::SecretBytes(Bytes(32, static_cast<char>(seed)))).value());
}

KeySigner signer_of(crypto::KeyType type, int seed) {
  return type == crypto::KeyType::rsa ? KeySigner(crypto::PrivateKey::generate_rsa(2048).value()) : ed25519(seed);
}

std::vector<KeySigner> root_signers(const Recipe& recipe) {
  const auto type =
      recipe.root_keys == Recipe::RootKeys::rsa2048 ? crypto::KeyType::rsa : crypto::KeyType::ed25519;
  const std::size_t keys = recipe.rotation == Recipe::Rotation::each_root ? kRootKeys : 1;
  std::vector<KeySigner> signers;
  while (signers.size() < keys) signers.push_back(signer_of(type, 100 + static_cast<int>(signers.size())));
  return signers;
}

std::string id_of(const KeySigner& signer) { return tuf::key_id(signer.public_key(), Dialect::tuf).hex; }
std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

// What every role has: its canonical text up to the member that comes after `expires`.
std::string head_of(std::string_view type) {
  return R"({"_type":)" + quoted(type) + R"(,"expires":)" + quoted(kExpires) + R"(,)";
}
std::string tail_of(tuf::Version version) { return R"(,"version":)" + std::to_string(version) + "}"; }

Json role_json(const KeySigner& signer) {
  return Json(Json::Object{{"keyids", Json(Json::Array{Json(id_of(signer))})}, {"threshold", Json(1)}});
}

// As a build service lists an OSTree commit: some 540 bytes.
std::string target_text(std::size_t number) {
  const std::string n = std::to_string(number), hash = crypto::sha256_hex(n), app = crypto::sha256_hex("app" + n);
  return quoted(MadeRepository::target_name(number)) +
         R"(:{"custom":{"createdAt":"2026-10-01T12:00:00Z","docker_compose_apps":{"shellhttpd":{"uri":)" +
         quoted("hub.example.com/acme/shellhttpd@sha256:" + app) +
         R"(}},"hardwareIds":["gateway-x86"],"name":"gateway-x86-lmp","tags":["main","staging"],)"
         R"("targetFormat":"OSTREE","updatedAt":"2026-10-01T12:00:00Z","uri":)" +
         quoted("https://ci.example.com/projects/acme/lmp/builds/" + n + "/gateway-x86/") + R"(,"version":)" +
         quoted(n) + R"(},"hashes":{"sha256":)" + quoted(hash) + R"(},"length":0})";
}

std::string targets_text(std::string_view delegations, const std::vector<std::size_t>& numbers) {
  std::string text = R"({"_type":"targets",)" + std::string(delegations) + R"("expires":)" + quoted(kExpires) +
                     R"(,"spec_version":"1.0.31","targets":{)";
  text.reserve(text.size() + numbers.size() * 560);
  for (const std::size_t number : numbers) text += (text.back() == '{' ? "" : ",") + target_text(number);
  return text + "}" + tail_of(1);
}

std::string bin_name(std::uint32_t bin, int bit_length) {
  const std::array<char, 4> bytes = {static_cast<char>(bin >> 24), static_cast<char>(bin >> 16),
                                     static_cast<char>(bin >> 8), static_cast<char>(bin)};
  const std::string digits = hex({bytes.data(), bytes.size()});
  return kPrefix + "-" + digits.substr(digits.size() - static_cast<std::size_t>((bit_length + 3) / 4));
}

// TAP 15: the first bits of the SHA-256 of the target's path.
std::string bin_of(const std::string& target, int bit_length) {
  const Bytes hash = crypto::sha256(target);
  std::uint32_t first = 0;
  for (int i = 0; i < 4; ++i) first = first << 8 | static_cast<unsigned char>(hash[static_cast<std::size_t>(i)]);
  return bin_name(first >> (32 - bit_length), bit_length);
}

std::string file_meta(const Bytes& file) {
  return R"({"hashes":{"sha256":)" + quoted(crypto::sha256_hex(file)) + R"(},"length":)" + std::to_string(file.size()) +
         R"(,"version":1})";
}

}  // namespace

MadeRepository::MadeRepository(const Recipe& recipe)
    : recipe_(recipe),
      root_signers_(root_signers(recipe)),
      targets_(signer_of(recipe.targets_key, 2)),
      snapshot_(ed25519(3)),
      timestamp_(ed25519(4)),
      bins_(ed25519(5)) {
  make_roots();
  make_targets();
  make_snapshot();
  make_timestamp();
}

std::string MadeRepository::target_name(std::size_t number) {
  const std::string digits = std::to_string(number);
  return "gateway-x86-lmp-" + std::string(digits.size() < 7 ? 7 - digits.size() : 0, '0') + digits;
}

const KeySigner& MadeRepository::root_signer(tuf::Version version) const {
  return root_signers_[static_cast<std::size_t>(version) % root_signers_.size()];
}

Bytes MadeRepository::signed_text(const std::string& body, const KeySigner& signer, std::vector<Check>* checks) const {
  const Bytes signature = signer.sign(body).value();
  if (checks != nullptr) checks->push_back({signer.public_key(), body, signature});
  return R"({"signatures":[{"keyid":)" + quoted(id_of(signer)) + R"(,"sig":)" + quoted(hex(signature)) +
         R"(}],"signed":)" + body + "}";
}

void MadeRepository::make_roots() {
  for (tuf::Version version = 1; version <= recipe_.roots; ++version) {
    const KeySigner& own = root_signer(version);
    const KeySigner& before = root_signer(std::max<tuf::Version>(version - 1, 1));
    Json body(Json::Object{{"_type", Json("root")},
                           {"spec_version", Json("1.0.31")},
                           {"version", Json(version)},
                           {"expires", Json(kExpires)},
                           {"consistent_snapshot", Json(true)}});
    for (const auto& [role, signer] : std::map<std::string, const KeySigner*>{
             {"root", &own}, {"targets", &targets_}, {"snapshot", &snapshot_}, {"timestamp", &timestamp_}}) {
      body["keys"][id_of(*signer)] = tuf::public_key_json(signer->public_key(), Dialect::tuf);
      body["roles"][role] = role_json(*signer);
    }
    std::vector<const tuf::Signer*> signers = {&before};
    if (&before != &own) signers.push_back(&own);
    const Bytes message = tuf::bytes_to_sign(body, Dialect::tuf).value();
    for (const tuf::Signer* signer : signers)
      root_checks_.push_back({signer->public_key(), message, signer->sign(message).value()});
    files_[std::to_string(version) + ".root.json"] = tuf::sign_envelope(body, signers, {}, Dialect::tuf).value();
  }
}

void MadeRepository::make_targets() {
  std::vector<std::size_t> numbers(recipe_.targets);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = i + 1;
  std::string delegations;
  if (recipe_.bins == Recipe::Bins::succinct) {
    const std::string key = tuf::canonical(tuf::public_key_json(bins_.public_key(), Dialect::tuf));
    delegations = R"("delegations":{"keys":{)" + quoted(id_of(bins_)) + ":" + key +
                  R"(},"succinct_roles":{"bit_length":)" + std::to_string(recipe_.bit_length) + R"(,"keyids":[)" +
                  quoted(id_of(bins_)) + R"(],"name_prefix":)" + quoted(kPrefix) + R"(,"threshold":1}},)";
    for (const std::size_t n : numbers) listed_[bin_of(target_name(n), recipe_.bit_length)].push_back(n);
    numbers.clear();
  }
  files_["1.targets.json"] = signed_text(targets_text(delegations, numbers), targets_, &role_checks_);
}

void MadeRepository::make_bin_of(const std::string& target) {
  const std::string bin = bin_of(target, recipe_.bit_length);
  files_["1." + bin + ".json"] = signed_text(targets_text("", listed_[bin]), bins_, &role_checks_);
}

void MadeRepository::make_snapshot() {
  std::string meta;
  if (recipe_.bins == Recipe::Bins::succinct) {
    for (std::uint32_t bin = 0; bin < 1u << recipe_.bit_length; ++bin)
      meta += quoted(bin_name(bin, recipe_.bit_length) + ".json") + R"(:{"version":1},)";
  }
  meta += R"("targets.json":)" + file_meta(files_.at("1.targets.json"));
  files_["1.snapshot.json"] =
      signed_text(head_of("snapshot") + R"("meta":{)" + meta + R"(},"spec_version":"1.0.31")" + tail_of(1), snapshot_,
                  &role_checks_);
}

void MadeRepository::make_timestamp() {
  files_["timestamp.json"] = signed_text(head_of("timestamp") + R"("meta":{"snapshot.json":)" +
                                             file_meta(files_.at("1.snapshot.json")) + R"(},"spec_version":"1.0.31")" +
                                             tail_of(1),
                                         timestamp_, &role_checks_);
}

Result<FetchReply> MadeRepository::fetch(const FetchRequest& request) {
  ++traffic_.requests;
  const bool ours = request.url.starts_with(kUrl) && request.url.size() > kUrl.size();
  const auto file = ours ? files_.find(request.url.substr(kUrl.size() + 1)) : files_.end();
  if (file == files_.end()) return FetchReply{404, {}, ""};
  if (file->second.size() > request.max_body) return rejected("answer: longer than the limit");
  traffic_.bytes += file->second.size();
  if (!request.sink) return FetchReply{200, {}, file->second};
  TRY(request.sink(file->second));
  return FetchReply{200, {}, ""};
}

}  // namespace rota::bench
