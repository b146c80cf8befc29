// The repository API through the router: the cases of repo-api.md 10 that are in reach.
#include "server/repo_api.h"

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include "crypto/hash.h"
#include "server/installation_for_test.h"
#include "tuf/root_chain.h"
#include "tuf/sign.h"

namespace rota::server {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kTuf = "/ota/repo/acme/api/v1/user_repo/";
const std::string kKeys = "/v1/factories/acme/keys/";

Bytes gzipped(BytesView bytes) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

crypto::PrivateKey key_in_archive(BytesView archive_bytes, const std::string& member) {
  archive* reader = archive_read_new();
  archive_read_support_filter_gzip(reader);
  archive_read_support_format_tar(reader);
  EXPECT_EQ(archive_read_open_memory(reader, archive_bytes.data(), archive_bytes.size()), ARCHIVE_OK);
  Bytes file(4096, '\0');
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK)
    if (member == archive_entry_pathname(entry))
      file.resize(static_cast<std::size_t>(archive_read_data(reader, file.data(), file.size())));
  archive_read_free(reader);
  const std::string seed = parse_json(file).value().find("keyval")->text("private").value();
  return crypto::PrivateKey::from_ed25519_seed(crypto::SecretBytes(unhex(seed).value())).value();
}

Bytes signed_with(const Json& body, const std::vector<const crypto::PrivateKey*>& keys) {
  std::vector<tuf::KeySigner> signers;
  for (const auto* key : keys) signers.emplace_back(*key);
  std::vector<const tuf::Signer*> views;
  for (const auto& signer : signers) views.push_back(&signer);
  return tuf::sign_envelope(body, views).value();
}

std::string header_of(const http::Response& response, std::string_view name) {
  return std::string(header(response.headers, name));
}
std::string body_of(const http::Response& response) {
  if (!response.composed) return response.shared_body ? *response.shared_body : response.body;
  std::string body(static_cast<std::size_t>(response.composed->size()), '?');
  for (std::size_t at = 0; at < body.size();)  // in pieces that end anywhere
    at += response.composed->compose(at, std::span(body).subspan(at, std::min<std::size_t>(body.size() - at, 777)));
  return body;
}
std::string code_of(const http::Response& response) {
  return parse_json(response.body).value().text_or("code", "");
}

class RepoApi : public test::Installed {
 protected:
  void SetUp() override {
    Installed::SetUp();
    add_repo_routes(router_, app());
    archive_ = app().repos.first_archive("acme").value();
    offline_root_ = key_in_archive(archive_, "tufrepo/keys/offline-root.sec");
    offline_targets_ = key_in_archive(archive_, "tufrepo/keys/offline-targets.sec");
  }

  struct Ask {
    std::string method, target;
    std::string body = {};
    Headers headers = {};
    std::string token = "owner";  // "owner", "" for none, or a token
  };
  http::Response call(const Ask& ask_for) {
    http::Request request;
    request.method = ask_for.method;
    const auto question = ask_for.target.find('?');
    request.path = ask_for.target.substr(0, question);
    if (question != std::string::npos) request.query = ask_for.target.substr(question + 1);
    request.headers = ask_for.headers;
    request.body = ask_for.body;
    const std::string token = ask_for.token == "owner" ? owner_token_ : ask_for.token;
    if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
    return ask(router_, std::move(request));
  }
  http::Response get(const std::string& file) { return call({"GET", kTuf + file}); }
  Json signed_part(const std::string& file) { return *parse_json(body_of(get(file))).value().find("signed"); }

  // Root 3: the owner's new key in, the old one out; signed by both.
  Json next_root() {
    Json body = parse_json(get("root").body).value();
    const auto old_id = tuf::key_id(offline_root_->public_key()).hex, id = tuf::key_id(mine_.public_key()).hex;
    body["keys"].if_object()->erase(old_id);
    body["keys"][id] = tuf::public_key_json(mine_.public_key());
    body["roles"]["root"]["keyids"] = Json(Json::Array{Json(id)});
    return body;
  }
  Bytes good_root() { return signed_with(next_root(), {&mine_, &*offline_root_}); }
  Bytes good_targets() {
    Json body = signed_part("targets.json");
    body["version"] = body.integer("version").value() + 1;
    return signed_with(body, {&*offline_targets_});
  }
  std::string served() {
    std::string all;
    for (const char* file : {"root.json", "targets.json", "snapshot.json", "timestamp.json"}) all += body_of(get(file));
    return all;
  }

  http::Router router_;
  Bytes archive_;
  crypto::PrivateKey mine_ = crypto::PrivateKey::generate_ed25519().value();
  std::optional<crypto::PrivateKey> offline_root_, offline_targets_;
};

TEST_F(RepoApi, ServesTheSetWithItsChecksums) {
  for (const char* file :
       {"root.json", "1.root.json", "2.root.json", "targets.json", "snapshot.json", "timestamp.json"}) {
    const auto response = get(file);
    ASSERT_EQ(response.status, 200) << file;
    EXPECT_EQ(header_of(response, "x-ats-role-checksum"), crypto::sha256_hex(body_of(response))) << file;
    EXPECT_EQ(header_of(response, "x-ats-tuf-repo-id"), app().repos.published("acme").value()->repo_id);
  }
  EXPECT_EQ(body_of(get("root.json")), body_of(get("2.root.json")));
}

TEST_F(RepoApi, ServesTheSameRootsInOneChainFile) {
  const auto first = get("1.root.json"), second = get("2.root.json");
  EXPECT_EQ(header_of(first, "x-rota-root-chain"), "2");
  EXPECT_EQ(header_of(second, "x-rota-root-chain"), "");
  const auto two = tuf::root_chain_frame(body_of(first)) + tuf::root_chain_frame(body_of(second));
  const auto chain = get("1.root-chain");
  ASSERT_EQ(chain.status, 200);
  EXPECT_EQ(body_of(chain), two);
  EXPECT_EQ(header_of(chain, "Content-Type"), "application/vnd.rota.root-chain");
  EXPECT_EQ(header_of(chain, "x-ats-tuf-repo-id"), app().repos.published("acme").value()->repo_id);
  EXPECT_EQ(body_of(get("2.root-chain")), tuf::root_chain_frame(body_of(second)));
}

TEST_F(RepoApi, TheChainFileGrowsWithTheNextRoot) {
  const auto before = get("1.root-chain");
  const Bytes root = good_root();
  ASSERT_EQ(call({"POST", kTuf + "root", root}).status, 204);
  const auto after = get("1.root-chain");
  EXPECT_EQ(body_of(after), body_of(before) + tuf::root_chain_frame(body_of(get("3.root.json"))));
  EXPECT_NE(header_of(after, "ETag"), header_of(before, "ETag"));
  EXPECT_EQ(header_of(after, "Cache-Control"), "no-cache");
  EXPECT_EQ(header_of(get("1.root.json"), "x-rota-root-chain"), "3");
  const auto held = [&](const http::Response& chain) {
    return call({"GET", kTuf + "1.root-chain", "", {{"If-None-Match", header_of(chain, "ETag")}}}).status;
  };
  EXPECT_EQ(held(before), 200);
  EXPECT_EQ(held(after), 304);
}

TEST_F(RepoApi, EndsTheChainWith404) {
  for (const char* file : {"3.root.json", "0.root.json", "01.root.json", "-1.root.json", "five.root.json",
                           "x.root.json", ".root.json", "99999999999999999999.root.json", "3.root-chain", "0.root-chain",
                           "01.root-chain", "-1.root-chain", "x.root-chain", ".root-chain",
                           "99999999999999999999.root-chain"}) {
    const auto response = get(file);
    EXPECT_EQ(response.status, 404) << file;
    EXPECT_EQ(code_of(response), "root_role_not_found") << file;
  }
  EXPECT_EQ(get("other.json").status, 404);
  EXPECT_EQ(call({"GET", kTuf + "root/other"}).status, 404);
}

TEST_F(RepoApi, HasNoProductionStreamBeforeItsFirstRoot) {
  for (const char* file : {"root.json", "1.root.json", "1.root-chain", "targets.json"}) {
    const auto response = get(file + std::string("?production=1"));
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(code_of(response), "root_role_not_found");
  }
  EXPECT_EQ(get("root.json?production=0").status, 200);
  EXPECT_EQ(call({"GET", kTuf + "root?production=1"}).status, 404);
  EXPECT_EQ(call({"POST", kTuf + "root?production=1", good_root()}).status, 400) << "it would be ahead of ci";
}

TEST_F(RepoApi, KnowsThreeAddressesOfOneRepository) {
  const std::string id = app().repos.published("acme").value()->repo_id;
  const auto by_header = call({"GET", "/api/v1/user_repo/root.json", "", {{"x-ats-namespace", "acme"}}});
  EXPECT_EQ(body_of(by_header), body_of(get("root.json")));
  EXPECT_EQ(body_of(call({"GET", "/api/v1/repo/" + id + "/root.json"})), body_of(get("root.json")));
  EXPECT_EQ(call({"GET", "/api/v1/repo/" + id.substr(1) + "/root.json", "", {}, admin_token_}).status, 404);
  EXPECT_EQ(call({"GET", "/api/v1/user_repo/root.json"}).status, 403) << "names no factory";
}

TEST_F(RepoApi, E21TakesEveryFormOfToken) {
  const auto with = [&](const std::string& name, const std::string& value) {
    return call({"GET", kTuf + "root.json", "", {{name, value}}, ""}).status;
  };
  EXPECT_EQ(with("Authorization", "Bearer " + owner_token_), 200);
  EXPECT_EQ(with("Authorization", "Bearer " + base64(owner_token_)), 200);
  EXPECT_EQ(with("osf-token", owner_token_), 200);
  EXPECT_EQ(with("X-Other", owner_token_), 401);
  EXPECT_EQ(with("Authorization", "Bearer nonsense"), 401);
}

TEST_F(RepoApi, KeepsAFactoryToThoseWhoMay) {
  const auto reader = token_with({"keys:read"}), other = token_with({"*"}, "beta"),
             devices = token_with({"devices:read"});
  for (const char* file : {"root.json", "1.root.json", "1.root-chain"}) {
    EXPECT_EQ(call({"GET", kTuf + file, "", {}, reader}).status, 200) << file;
    EXPECT_EQ(call({"GET", kTuf + file, "", {}, other}).status, 403) << file;
    EXPECT_EQ(call({"GET", kTuf + file, "", {}, devices}).status, 403) << file;
    EXPECT_EQ(call({"GET", kTuf + file, "", {}, ""}).status, 401) << file;
  }
  EXPECT_EQ(call({"POST", kTuf + "root", good_root(), {}, reader}).status, 403);
  EXPECT_EQ(call({"PUT", kTuf + "targets", good_targets(), {}, reader}).status, 403);
  EXPECT_EQ(call({"GET", kKeys + "first-root.tgz", "", {}, reader}).status, 403);
  EXPECT_EQ(call({"GET", kTuf + "root.json", "", {{"x-ats-namespace", "beta"}}}).status, 403);
  EXPECT_EQ(call({"GET", "/ota/repo/nobody/api/v1/user_repo/root.json", "", {}, admin_token_}).status, 404);
}

TEST_F(RepoApi, E2HandsOverTheArchiveOnce) {
  const std::string digest = crypto::sha256_hex(archive_), tgz = kKeys + "first-root.tgz";
  const auto whole = call({"GET", tgz});
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, archive_);
  EXPECT_EQ(header_of(whole, "ETag"), '"' + digest + '"');

  const std::string confirm = kKeys + "first-root/confirm";
  EXPECT_EQ(call({"POST", confirm, R"({"sha256":")" + std::string(64, '0') + "\"}"}).status, 409);
  EXPECT_EQ(call({"POST", confirm, "{}"}).status, 400);
  EXPECT_EQ(call({"GET", tgz}).status, 200) << "obtainable until confirmed";
  EXPECT_EQ(call({"POST", confirm, R"({"sha256":")" + digest + "\"}"}).status, 204);
  EXPECT_EQ(call({"GET", tgz}).status, 410);
  EXPECT_EQ(call({"POST", confirm, R"({"sha256":")" + digest + "\"}"}).status, 204) << "again, for a lost answer";
  EXPECT_EQ(call({"GET", "/v1/factories/nobody/keys/first-root.tgz", "", {}, admin_token_}).status, 404);
}

TEST_F(RepoApi, E2GoesOnWithABrokenDownload) {
  const auto service = Service::start(app(), {.api_groups = {add_repo_routes}}).value();
  const auto fetch = [&](const Headers& headers) {
    FetchRequest request{.url = app().settings.api_url + kKeys + "first-root.tgz", .headers = headers};
    request.headers.emplace_back("OSF-TOKEN", owner_token_);
    return client_of(nullptr)->fetch(request).value();
  };
  const std::string tag = '"' + crypto::sha256_hex(archive_) + '"';
  const auto rest = fetch({{"Range", "bytes=100-"}, {"If-Range", tag}});
  EXPECT_EQ(rest.status, 206);
  EXPECT_EQ(rest.body, archive_.substr(100));
  EXPECT_EQ(fetch({{"Range", "bytes=100-"}, {"If-Range", "\"other\""}}).body, archive_);
  EXPECT_EQ(fetch({{"Range", "bytes=99999999-"}}).status, 416);
}

TEST_F(RepoApi, E3OffersTheNextUnsignedRoot) {
  const Json body = parse_json(get("root").body).value();
  EXPECT_EQ(body.integer("version").value(), 3);
  EXPECT_EQ(body.text("expires").value(), rfc3339(clock_.now() + days(365)));
  EXPECT_EQ(body.find("signed"), nullptr);
}

TEST_F(RepoApi, E4TakesARootSignedByOldAndNew) {
  const Bytes root = good_root();
  const auto response = call({"POST", kTuf + "root", root});
  ASSERT_EQ(response.status, 204) << response.body;
  EXPECT_EQ(body_of(get("3.root.json")), root);
  EXPECT_EQ(body_of(get("root.json")), root);
  EXPECT_EQ(signed_part("snapshot.json").find("meta")->find("root.json")->integer("version").value(), 3);
  EXPECT_EQ(call({"POST", kTuf + "root", root}).status, 400) << "the same version again";
}

TEST_F(RepoApi, E4RefusesARootAndNamesEveryFault) {
  const auto before = served();
  Json body = next_root();
  body["version"] = 5;
  body["roles"]["targets"]["threshold"] = 9;
  const auto response = call({"POST", kTuf + "root", signed_with(body, {&mine_})});
  EXPECT_EQ(response.status, 400);
  const Json refusal = parse_json(response.body).value();
  EXPECT_EQ(refusal.text("code").value(), "invalid_root_role");
  EXPECT_EQ(refusal.text("errorId").value(), "r-1");
  const auto& causes = **refusal.array("cause");
  EXPECT_GE(causes.size(), 3u);
  EXPECT_THAT(to_json(refusal), testing::AllOf(HasSubstr("want 3, got 5"), HasSubstr("threshold of targets"),
                                               HasSubstr(tuf::key_id(offline_root_->public_key()).brief())));
  EXPECT_EQ(call({"POST", kTuf + "root", "not json"}).status, 400);
  EXPECT_EQ(served(), before);
}

TEST_F(RepoApi, E4TakesAWeakerOrShortLivedRootWhenToldSo) {
  Json body = next_root();
  const std::string gone = tuf::key_id(offline_targets_->public_key()).hex;
  body["keys"].if_object()->erase(gone);
  std::erase(*body["roles"]["targets"]["keyids"].if_array(), Json(gone));
  body["expires"] = rfc3339(clock_.now() + days(10));
  const Bytes root = signed_with(body, {&mine_, &*offline_root_});
  EXPECT_EQ(call({"POST", kTuf + "root", root}).status, 400);
  EXPECT_EQ(call({"POST", kTuf + "root?allow-weaker=1", root}).status, 400);
  EXPECT_EQ(call({"POST", kTuf + "root?force-expiry=1", root}).status, 400);
  EXPECT_EQ(call({"POST", kTuf + "root?allow-weaker=1&force-expiry=1", root}).status, 204);
}

TEST_F(RepoApi, E9StagesARootUntilItsTargetsCome) {
  Json body = next_root();
  const Json ids = body["roles"]["targets"]["keyids"];
  for (const Json& id : *ids.if_array()) body["keys"].if_object()->erase(*id.if_text());
  const auto targets_key = crypto::PrivateKey::generate_ed25519().value();
  const auto id = tuf::key_id(targets_key.public_key()).hex;
  body["keys"][id] = tuf::public_key_json(targets_key.public_key());
  body["roles"]["targets"]["keyids"] = Json(Json::Array{Json(id)});
  const auto before = served();
  const auto staged = call({"POST", kTuf + "root?allow-weaker=1", signed_with(body, {&mine_, &*offline_root_})});
  ASSERT_EQ(staged.status, 202) << staged.body;
  EXPECT_EQ(parse_json(staged.body).value().integer("staged").value(), 3);
  EXPECT_EQ(served(), before);

  Json targets = signed_part("targets.json");
  targets["version"] = targets.integer("version").value() + 1;
  const std::string checksum = header_of(get("targets.json"), "x-ats-role-checksum");
  const auto pushed =
      call({"PUT", kTuf + "targets", signed_with(targets, {&targets_key}), {{"x-ats-role-checksum", checksum}}});
  ASSERT_EQ(pushed.status, 204) << pushed.body;
  EXPECT_EQ(signed_part("root.json").integer("version").value(), 3);
  EXPECT_EQ(signed_part("snapshot.json").find("meta")->find("root.json")->integer("version").value(), 3);
}

TEST_F(RepoApi, E5TakesTargetsOnTopOfTheirChecksum) {
  const Bytes targets = good_targets();
  const std::string checksum = header_of(get("targets.json"), "x-ats-role-checksum");
  const auto response = call({"PUT", kTuf + "targets", targets, {{"x-ats-role-checksum", checksum}}});
  ASSERT_EQ(response.status, 204) << response.body;
  EXPECT_EQ(header_of(response, "x-ats-role-checksum"), crypto::sha256_hex(targets));
  EXPECT_EQ(body_of(get("targets.json")), targets);
}

TEST_F(RepoApi, E5RefusesTargetsInTheWordsOfTheSpecification) {
  const auto before = served();
  const std::string checksum = header_of(get("targets.json"), "x-ats-role-checksum");
  const auto put = [&](const Bytes& bytes, const Headers& headers) {
    return call({"PUT", kTuf + "targets", bytes, headers});
  };
  const Headers right = {{"x-ats-role-checksum", checksum}};
  struct {
    http::Response response;
    int status;
    const char* code;
  } const rows[] = {
      {put(good_targets(), {}), 428, "role_checksum_not_provided"},
      {put(good_targets(), {{"x-ats-role-checksum", std::string(64, '0')}}), 412, "role_checksum_mismatch"},
      {put(good_root(), right), 400, "invalid_offline_targets"},
      {put(signed_with(signed_part("targets.json"), {&mine_}), right), 400, "invalid_offline_targets"},
      {put(signed_with(signed_part("targets.json"), {&*offline_targets_}), right), 409, "invalid_version_bump"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(row.response.status, row.status) << row.code;
    EXPECT_EQ(code_of(row.response), row.code);
  }
  EXPECT_EQ(served(), before);
}

TEST_F(RepoApi, UnpacksGzipWithinLimits) {
  const Headers gzip = {{"Content-Encoding", "gzip"}};
  const Bytes packed = gzipped(good_root());
  const auto post = [&](const Bytes& body, const Headers& headers) {
    return call({"POST", kTuf + "root", body, headers}).status;
  };
  EXPECT_EQ(post(gzipped(Bytes(tuf::kMaxRoot + 1, ' ')), gzip), 413) << "a small bomb";
  EXPECT_EQ(post(gzipped(Bytes(64u << 20, ' ')), gzip), 413) << "a large one";
  EXPECT_EQ(post(Bytes(tuf::kMaxRoot + 1, ' '), {}), 413);
  EXPECT_EQ(post(packed.substr(0, packed.size() / 2), gzip), 400);
  EXPECT_EQ(post(packed + "x", gzip), 400);
  EXPECT_EQ(post("no gzip", gzip), 400);
  EXPECT_EQ(post(packed, {{"Content-Encoding", "br"}}), 415);
  EXPECT_EQ(post(packed, gzip), 204);
}

TEST_F(RepoApi, E8HandsOutTheFirstRootKeyUntilItIsDeleted) {
  const std::string id = tuf::key_id(offline_root_->public_key()).hex, path = kTuf + "root/private_keys/" + id;
  const auto pair = call({"GET", path});
  ASSERT_EQ(pair.status, 200);
  const Json json = parse_json(pair.body).value();
  EXPECT_EQ(json.text("keytype").value(), "ED25519");
  EXPECT_EQ(json.find("keyval")->text("public").value(), offline_root_->public_key().ed25519_hex());
  EXPECT_EQ(json.find("keyval")->text("private").value(), hex(offline_root_->ed25519_seed().reveal()));
  EXPECT_EQ(header_of(pair, "Cache-Control"), "no-store");

  EXPECT_EQ(call({"GET", path, "", {}, token_with({"keys:read"})}).status, 403);
  EXPECT_EQ(call({"DELETE", path}).status, 204);
  EXPECT_EQ(call({"GET", path}).status, 404);
  EXPECT_EQ(call({"DELETE", path}).status, 404);
  EXPECT_EQ(call({"GET", kTuf + "root/private_keys/xyz"}).status, 404);
  const std::string log = to_json(app().audit.newest("acme", 10).value());
  EXPECT_THAT(log, testing::AllOf(HasSubstr("root-key-handed-out"), HasSubstr("root-key-sealed"),
                                  HasSubstr("sealed copy remains until")));
}

TEST_F(RepoApi, NeverHandsOutAnOnlineKey) {
  const Json roles = *parse_json(body_of(get("root.json"))).value().find("signed")->find("roles");
  for (const char* role : {"targets", "snapshot", "timestamp"}) {
    for (const Json& id : *roles.find(role)->find("keyids")->if_array())
      EXPECT_EQ(call({"GET", kTuf + "root/private_keys/" + *id.if_text()}).status, 404) << role;
  }
}

TEST_F(RepoApi, MakesAnOnlineKeyThatARootCanList) {
  const auto response = call({"POST", kKeys + "online", R"({"role":"targets","key-type":"ED25519"})"});
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_THAT(response.body, Not(HasSubstr("private")));
  const Json made = parse_json(response.body).value();
  const auto fresh = tuf::public_key_from_json(*made.find("pub")).value();
  EXPECT_EQ(made.text("keyid").value(), tuf::key_id(fresh).hex);
  Json root = next_root();
  auto& ids = *root["roles"]["targets"]["keyids"].if_array();
  root["keys"].if_object()->erase(*ids.front().if_text());
  ids.front() = Json(tuf::key_id(fresh).hex);
  root["keys"][tuf::key_id(fresh).hex] = *made.find("pub");
  const Bytes old_targets = body_of(get("targets.json"));
  ASSERT_EQ(call({"POST", kTuf + "root", signed_with(root, {&mine_, &*offline_root_})}).status, 204);
  EXPECT_THAT(body_of(get("targets.json")), HasSubstr(tuf::key_id(fresh).hex));
  EXPECT_EQ(signed_part("targets.json").integer("version").value(), 2);
  for (const char* bad : {R"({"role":"root"})", R"({"role":"x"})", "{}",
                          R"({"role":"targets","key-type":"ECPRIME256V1"})", R"({"role":"targets","more":1})", "["})
    EXPECT_EQ(call({"POST", kKeys + "online", bad}).status, 400) << bad;
}

TEST_F(RepoApi, GivesAnAccessTokenForClientCredentials) {
  const std::string path = "/ota/ostreehub/acme/oauth2/token", form = "grant_type=client_credentials&scope=none";
  const auto basic = [](const std::string& id, const std::string& secret) {
    return Headers{{"Authorization", "Basic " + base64(id + ":" + secret)}};
  };
  for (const std::string& url : {path, std::string("/oauth2/token"), std::string("/oauth2/token/")}) {
    const auto response = call({"POST", url, form, basic("owner@acme", owner_token_), ""});
    ASSERT_EQ(response.status, 200) << response.body;
    const Json json = parse_json(response.body).value();
    EXPECT_EQ(json.text("token_type").value(), "bearer");
    EXPECT_EQ(json.integer("expires_in").value(), 3600);
    EXPECT_EQ(to_json(*json.find("orgs")), R"([{"name":"acme"}])");
    EXPECT_EQ(call({"GET", kTuf + "root.json", "", {}, json.text("access_token").value()}).status, 200);
  }
  EXPECT_EQ(call({"POST", path + "?grant_type=client_credentials", "", basic("owner@acme", owner_token_), ""}).status,
            200);
  EXPECT_EQ(call({"POST", path, form + "&client_id=owner%40acme&client_secret=" + owner_token_, {}, ""}).status, 200);

  const auto refusal = call({"POST", path, form, basic("owner@acme", "wrong"), ""});
  EXPECT_EQ(refusal.status, 401);
  EXPECT_EQ(parse_json(refusal.body).value().text("error").value(), "invalid_client");
  EXPECT_EQ(call({"POST", path, form, basic("somebody", owner_token_), ""}).status, 401) << "another's id";
  EXPECT_EQ(call({"POST", path, form, {}, ""}).status, 401);
  EXPECT_EQ(call({"POST", path, form, {{"Authorization", "Basic %%%"}}, ""}).status, 401);
  EXPECT_EQ(call({"POST", path, "grant_type=password", basic("owner@acme", owner_token_), ""}).status, 400);
  EXPECT_EQ(call({"POST", "/ota/ostreehub/beta/oauth2/token", form, basic("owner@acme", owner_token_), ""}).status,
            403);
}

TEST_F(RepoApi, LimitsGuessesOfAClientSecret) {
  const auto guess = [&](const std::string& secret) {
    return call({"POST",
                 "/oauth2/token",
                 "grant_type=client_credentials",
                 {{"Authorization", "Basic " + base64("owner@acme:" + secret)}},
                 ""})
        .status;
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(guess("wrong"), 401);
  EXPECT_EQ(guess(owner_token_), 429);
  clock_.pass(Seconds(301));
  EXPECT_EQ(guess(owner_token_), 200);
}

}  // namespace
}  // namespace rota::server
