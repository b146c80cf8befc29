#include "crypto/hash.h"
#include "nouns.h"
#include "tuf/verify.h"

namespace rota::app {
namespace {

constexpr std::uint64_t kMaxArchive = 1u << 20;

std::string factory_path(const Invocation& call) {
  return "/v1/factories/" + percent_encoded(call.given.text("factory"));
}

// A file that is going to be written and must not be there yet: looked at before the service does what cannot be undone.
Status check_place(Files& files, const std::string& path) {
  if (TRY(files.facts(path)).exists()) return conflict("'" + path + "': exists already", "name another file");
  if (TRY(files.facts(folder_of(path))).kind != FileFacts::Kind::folder)
    return bad_input("'" + path + "': its folder does not exist");
  return {};
}

// The first root key archive: durable and private on this side before the service may forget it (repo-api.md 5).
// Its sha256.
Result<std::string> take_archive(const Invocation& call, const std::string& path) {
  TRY(check_place(call.files, path));
  const Bytes archive = TRY(call.service.download(factory_path(call) + "/keys/first-root.tgz", kMaxArchive));
  TRY(create_durable(call.files, path, archive, 0600));
  std::string sum = crypto::sha256_hex(archive);
  TRY(call.service.post(factory_path(call) + "/keys/first-root/confirm", Json::Object{{"sha256", sum}}));
  call.talk.say("archive written and confirmed: " + path);
  call.talk.hint("keep it offline, and a copy of it elsewhere: it is the root of trust, and nobody else has it");
  return sum;
}

Status check_places(const Invocation& call) {
  for (const char* option : {"archive", "owner-token"})
    if (call.given.has(option)) TRY_IN(std::string("--") + option, check_place(call.files, call.given.text(option)));
  return {};
}

Result<Json> order_factory(const Invocation& call) {
  Json order;
  order["name"] = call.given.text("factory");
  order["dialect"] = call.given.text_or("dialect", "uptane");
  order["key-type"] = call.given.text_or("key-type", "ED25519");
  return call.service.post("/v1/factories", order);
}

// From here on the factory exists: what fails says how to go on.
Status take_keys(const Invocation& call, Json& made) {
  const std::string later = "take the root key archive: rota factory archive " + call.given.text("factory") + " -o FILE";
  if (call.given.has("owner-token"))
    TRY(create_durable(call.files, call.given.text("owner-token"), TRY(made.text("token")) + "\n", 0600));
  if (!call.given.has("archive")) {
    call.talk.hint(later);
    return {};
  }
  const auto taken = take_archive(call, call.given.text("archive"));
  if (!taken) return Error{taken.error().fault, taken.error().what, later};
  made["archive"] = call.given.text("archive");
  return {};
}

Status create_factory(const Invocation& call) {
  TRY(check_places(call));
  Json made = TRY(order_factory(call));
  call.talk.say("factory '" + made.text_or("name", "") + "' made, root " +
                std::to_string(made.integer_or("root_version", 0)));
  TRY(take_keys(call, made));
  made.if_object()->erase("token");  // goes to a file or nowhere
  if (call.json()) call.talk.out() << to_json(made) << "\n";
  return {};
}

Status archive_factory(const Invocation& call) {
  const std::string sum = TRY(take_archive(call, call.given.text("output")));
  if (call.json())
    call.talk.out() << to_json(Json::Object{{"archive", call.given.text("output")}, {"sha256", sum}}) << "\n";
  return {};
}

Status list_factories(const Invocation& call) {
  const Json answer = TRY(call.service.get("/v1/factories"));
  if (call.json()) {
    call.talk.out() << to_json(answer) << "\n";
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& factory : *TRY(answer.array("factories")))
    rows.push_back({factory.text_or("name", ""), std::to_string(factory.integer_or("root_version", 0)),
                    std::to_string(factory.integer_or("targets", 0)), std::to_string(factory.integer_or("devices", 0)),
                    factory.text_or("created-at", "")});
  call.talk.out() << cli::table({"NAME", "ROOT", "TARGETS", "DEVICES", "CREATED"}, rows);
  return {};
}

Status show_factory(const Invocation& call) {
  const Json factory = TRY(call.service.get(factory_path(call)));
  if (call.json()) {
    call.talk.out() << to_json(factory) << "\n";
    return {};
  }
  call.talk.out() << cli::table({"WHAT", "VALUE"},
                                {{"name", factory.text_or("name", "")},
                                 {"repo id", factory.text_or("repo_id", "")},
                                 {"root version", std::to_string(factory.integer_or("root_version", 0))},
                                 {"targets", std::to_string(factory.integer_or("targets", 0))},
                                 {"devices", std::to_string(factory.integer_or("devices", 0))},
                                 {"auto-enroll", factory.text_or("auto-enroll", "")},
                                 {"created", factory.text_or("created-at", "")}});
  return {};
}

Status write_credentials(const Invocation& call) {
  TRY(check_place(call.files, call.given.text("output")));
  const std::string proof = call.given.has("client-certificate") ? "?proof=certificate" : "";
  const Bytes zip = TRY(call.service.download(factory_path(call) + "/credentials.zip" + proof, kMaxArchive));
  TRY(create_durable(call.files, call.given.text("output"), zip, 0600));
  call.talk.say("credentials written: " + call.given.text("output"));
  if (call.json()) call.talk.out() << to_json(Json::Object{{"credentials", call.given.text("output")}}) << "\n";
  return {};
}

// Every root from 1 on, each checked by the one before it, as a device would.
Result<std::vector<Bytes>> verified_roots(const Invocation& call) {
  const std::string base = "/ota/repo/" + percent_encoded(call.given.text("factory")) + "/api/v1/user_repo/";
  std::vector<Bytes> roots;
  roots.push_back(TRY(call.service.download(base + "1.root.json", tuf::kMaxRoot)));
  auto trusted = TRY(tuf::anchor_root(roots.front()));
  for (;;) {
    const auto next = call.service.download(base + std::to_string(trusted->version + 1) + ".root.json", tuf::kMaxRoot);
    if (!next && next.error().fault == Fault::not_found) return roots;
    roots.push_back(TRY(next));
    trusted = TRY(tuf::next_root(trusted, roots.back()));
  }
}

Status write_roots(const Invocation& call) {
  const auto roots = TRY(verified_roots(call));
  const std::string folder = call.given.text("output");
  TRY(make_folders(call.files, folder, 0755));
  for (std::size_t i = 0; i < roots.size(); ++i)
    TRY(replace_file(call.files, folder + "/" + std::to_string(i + 1) + ".root.json", roots[i], 0644));
  call.talk.say(std::to_string(roots.size()) + " roots written to " + folder + ", each verified by the one before it");
  if (call.json()) call.talk.out() << to_json(Json::Object{{"roots", static_cast<std::int64_t>(roots.size())}}) << "\n";
  return {};
}

Status make_online_key(const Invocation& call) {
  TRY(check_place(call.files, call.given.text("output")));
  const Json made = TRY(call.service.post(
      factory_path(call) + "/keys/online",
      Json::Object{{"role", call.given.text("role")}, {"key-type", call.given.text_or("key-type", "ED25519")}}));
  const Json* pub = made.find("pub");
  if (pub == nullptr) return rejected("answer: want a member 'pub'");
  TRY(create_durable(call.files, call.given.text("output"), to_json(*pub) + "\n", 0644));
  call.talk.say("public half of the new " + call.given.text("role") + " key: " + call.given.text("output"));
  call.talk.out() << (call.json() ? to_json(made) : made.text_or("keyid", "")) << "\n";
  return {};
}

}  // namespace

Noun factory_noun() {
  using Kind = Option::Kind;
  const Option name{Kind::argument, "factory", "its name"};
  const Option output{Kind::required_value, "-o,--output", "file to write"};
  const Option key_type{Kind::value, "--key-type", "ED25519 or RSA (default: ED25519)"};
  return {"factory",
          "a repository, its keys and its devices",
          {{"create",
            "make a factory and take its root key archive",
            {name,
             key_type,
             {Kind::value, "--dialect", "uptane or tuf (default: uptane)"},
             {Kind::value, "--archive", "file for the root key archive"},
             {Kind::value, "--owner-token", "file for the owner's API token"}},
            create_factory},
           {"list", "all factories", {}, list_factories},
           {"show", "one factory", {name}, show_factory},
           {"archive", "take the root key archive; can be confirmed once", {name, output}, archive_factory},
           {"credentials",
            "credentials.zip for tools and CI",
            {name, output, {Kind::flag, "--client-certificate", "with a certificate to call with, instead of a token"}},
            write_credentials},
           {"roots",
            "every root, verified as a chain",
            {name, {Kind::required_value, "-o,--output", "folder to write to"}},
            write_roots},
           {"online-key",
            "a new online key on the server, waiting for a root that lists it",
            {name, output, key_type, {Kind::required_value, "--role", "targets, snapshot or timestamp"}},
            make_online_key}},
          {"rota factory create acme --archive acme-root-keys.tgz", "rota factory roots acme -o roots",
           "rota factory online-key acme --role targets -o online-targets-2.pub"}};
}

}  // namespace rota::app
