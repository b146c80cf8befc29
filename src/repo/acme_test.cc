// The fixture of acme_for_test.h.
#include <archive.h>
#include <archive_entry.h>

#include <filesystem>

#include "repo/acme_for_test.h"

namespace rota::repo::test {

crypto::SecretBytes seal_key(char byte) {
  return crypto::SecretBytes(Bytes(32, byte));
}

std::map<std::string, Bytes> unpacked(BytesView bytes, std::map<std::string, unsigned>* modes) {
  std::map<std::string, Bytes> members;
  archive* reader = archive_read_new();
  archive_read_support_filter_all(reader);
  archive_read_support_format_all(reader);
  EXPECT_EQ(archive_read_open_memory(reader, bytes.data(), bytes.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    const std::string path = archive_entry_pathname(entry);
    if (modes != nullptr) (*modes)[path] = archive_entry_perm(entry);
    if (archive_entry_filetype(entry) == AE_IFDIR) continue;
    char buffer[4096];
    for (la_ssize_t n = 0; (n = archive_read_data(reader, buffer, sizeof buffer)) > 0;)
      members[path].append(buffer, static_cast<std::size_t>(n));
  }
  archive_read_free(reader);
  return members;
}

crypto::PrivateKey key_of(BytesView private_key_file) {
  const Json json = parse_json(private_key_file).value();
  const std::string secret = json.find("keyval")->text("private").value();
  if (json.text("keytype").value() == "RSA")
    return crypto::PrivateKey::from_pem(crypto::SecretBytes(Bytes(secret))).value();
  return crypto::PrivateKey::from_ed25519_seed(crypto::SecretBytes(unhex(secret).value())).value();
}

Bytes signed_with(const Json& body, const std::vector<const crypto::PrivateKey*>& keys) {
  std::vector<tuf::KeySigner> signers;
  for (const auto* key : keys) signers.emplace_back(*key);
  std::vector<const tuf::Signer*> views;
  for (const auto& signer : signers) views.push_back(&signer);
  return tuf::sign_envelope(body, views).value();
}

Json body_of(BytesView envelope) {
  return *parse_json(envelope).value().find("signed");
}

void list_key(Json& root, const char* role, const crypto::PublicKey& key) {
  const std::string id = tuf::key_id(key).hex;
  root["keys"][id] = tuf::public_key_json(key);
  root["roles"][role]["keyids"].push_back(id);
}

void unlist_key(Json& root, const char* role, const crypto::PublicKey& key) {
  const std::string id = tuf::key_id(key).hex;
  root["keys"].if_object()->erase(id);
  std::erase(*root["roles"][role]["keyids"].if_array(), Json(id));
}

tuf::Target target(const std::string& name, char digit) {
  Json custom;
  custom["name"] = name;
  custom["hardwareIds"].push_back("foo");
  return {name, {{"sha256", std::string(64, digit)}}, 0, to_json(custom)};
}

Result<tuf::VerifiedSet> as_a_device(const Repositories& repos, Time now, const tuf::Floors& floors) {
  auto root = TRY(tuf::anchor_root(*TRY(repos.root("acme", 1))));
  for (;;) {
    const auto next = repos.root("acme", root->version + 1);
    if (!next) break;
    root = TRY(tuf::next_root(root, **next));
  }
  const auto published = TRY(repos.published("acme"));
  return tuf::verify_set(root, floors, {*published->timestamp, *published->snapshot, *published->targets}, now);
}

void Acme::SetUp() {
  ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
  reopen();
  ASSERT_TRUE(repos_->create({.name = "acme", .api_url = kApi, .api_token = "token-of-the-owner"}));
  const auto members = unpacked(repos_->first_archive("acme").value());
  root_ = key_of(members.at("tufrepo/keys/root.sec"));
  offline_root_ = key_of(members.at("tufrepo/keys/offline-root.sec"));
  offline_targets_ = key_of(members.at("tufrepo/keys/offline-targets.sec"));
}

void Acme::TearDown() {
  repos_.reset();
  db_.reset();
  std::filesystem::remove_all(folder_);
}

void Acme::reopen(char seal_byte) {
  repos_.reset();
  db_.reset();
  seal_key_ = seal_key(seal_byte);
  db_ = store::Database::open(folder_ + "/rota.db").value();
  repos_ = Repositories::open(*db_, seal_key_, clock_).value();
}

std::vector<Bytes> Acme::everything_served() const {
  const auto now = published();
  std::vector<Bytes> files = {*now->timestamp, *now->snapshot, *now->targets, now->targets_checksum};
  for (tuf::Version version = 1; version <= now->root_version; ++version)
    files.push_back(*repos_->root("acme", version).value());
  EXPECT_FALSE(repos_->root("acme", now->root_version + 1));
  return files;
}

Json Acme::next_targets() const {
  Json body = body_of(*published()->targets);
  body["version"] = body.integer("version").value() + 1;
  return body;
}

RootAnswer Acme::push_root(const Json& body, const std::vector<const crypto::PrivateKey*>& keys,
                           const RootOptions& options) {
  return repos_->accept_root("acme", signed_with(body, keys), options).value();
}

std::string Acme::refusal_of(const Bytes& root, const RootOptions& options) {
  const auto accepted = repos_->accept_root("acme", root, options).value();
  if (std::holds_alternative<Staged>(accepted)) return "staged";
  const auto* refusal = std::get_if<Refusal>(&accepted);
  if (refusal == nullptr) return "accepted";
  EXPECT_EQ(refusal->code, "invalid_root_role");
  EXPECT_EQ(refusal->status, 400);
  EXPECT_FALSE(refusal->cause.empty());
  std::string text;
  for (const auto& cause : refusal->cause) text += cause + "\n";
  return text;
}

}  // namespace rota::repo::test
