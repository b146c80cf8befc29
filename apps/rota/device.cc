#include "compat/fleet.h"
#include "crypto/x509.h"
#include "nouns.h"

namespace rota::app {
namespace {

constexpr std::uint64_t kMaxCsr = 64 * 1024;

std::string device_path(const Invocation& call) {
  std::string path = "/v1/devices/" + percent_encoded(call.given.text("device"));
  if (call.given.has("factory")) path += "?factory=" + percent_encoded(call.given.text("factory"));
  return path;
}

Status list_devices(const Invocation& call) {
  std::string path = "/v1/devices?limit=1000";
  if (call.given.has("factory")) path += "&factory=" + percent_encoded(call.given.text("factory"));
  const Json answer = TRY(call.service.get(path));
  if (call.json()) {
    call.talk.out() << to_json(answer) << "\n";
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& device : *TRY(answer.array("devices")))
    rows.push_back({device.text_or("name", ""), device.text_or("uuid", ""), device.text_or("factory", ""),
                    device.text_or("hardware-id", ""), device.text_or("target-name", ""),
                    device.text_or("last-seen", "")});
  call.talk.out() << cli::table({"NAME", "UUID", "FACTORY", "HARDWARE", "TARGET", "LAST SEEN"}, rows);
  return {};
}

// `value` in JSON, a text too: which is also TOML for a text.
std::string written(const Json& value) {
  const std::string list = to_json(Json::Array{value});
  return list.substr(1, list.size() - 2);
}

std::string shown(const Json& value) {
  return value.if_text() ? *value.if_text() : written(value);
}

Status show_device(const Invocation& call) {
  const Json device = TRY(call.service.get(device_path(call)));
  if (call.json()) {
    call.talk.out() << to_json(device) << "\n";
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const char* name : {"name", "uuid", "factory", "owner", "hardware-id", "created-at", "last-seen", "target-name",
                           "ostree-hash", "tags", "docker-apps", "user-agent", "root-version"})
    if (const Json* value = device.find(name)) rows.push_back({name, shown(*value)});
  call.talk.out() << cli::table({"WHAT", "VALUE"}, rows);
  return {};
}

std::string updates_path(const Invocation& call, const std::string& correlation) {
  std::string path = device_path(call);
  const auto query = path.find('?');
  const std::string rest = "/updates" + (correlation.empty() ? "" : "/" + percent_encoded(correlation));
  return query == std::string::npos ? path + rest : path.insert(query, rest);
}

std::vector<std::string> event_row(const Json& event) {
  const Json none, *type = event.find("eventType"), *body = event.find("event");
  const Json& said = body == nullptr ? none : *body;
  const Json* success = said.find("success");
  const bool failed = success != nullptr && success->if_bool() != nullptr && !*success->if_bool();
  return {event.text_or("deviceTime", ""), type == nullptr ? "" : type->text_or("id", ""), failed ? "failed" : "ok",
          said.text_or("targetName", ""), said.text_or("details", "").substr(0, 100)};
}

// What the device reported, newest update first: one row an event.
Status device_updates(const Invocation& call) {
  const Json groups = TRY(call.service.get(updates_path(call, "")));
  Json updates{Json::Array{}};
  std::vector<std::vector<std::string>> rows;
  for (const auto& group : *TRY(groups.array("updates"))) {
    const std::string correlation = group.text_or("correlation-id", "");
    const Json events = TRY(call.service.get(updates_path(call, correlation)));
    if (const auto* list = events.if_array())
      for (const auto& event : *list) rows.push_back(event_row(event));
    Json one;
    one["correlation-id"] = correlation;
    one["events"] = events;
    updates.push_back(std::move(one));
  }
  if (call.json())
    call.talk.out() << to_json(Json::Object{{"updates", std::move(updates)}}) << "\n";
  else
    call.talk.out() << cli::table({"TIME", "EVENT", "RESULT", "TARGET", "DETAILS"}, rows);
  return {};
}

// Which root each device trusts: the census, or the names of those below a root.
Status device_trust(const Invocation& call) {
  std::string path = "/v1/trust?factory=" + percent_encoded(call.given.text("factory"));
  if (call.given.has("below")) path += "&limit=1000&below=1&root=" + percent_encoded(call.given.text("below"));
  const Json answer = TRY(call.service.get(path));
  if (call.json()) {
    call.talk.out() << to_json(answer) << "\n";
    return {};
  }
  if (!call.given.has("below")) {
    call.talk.out() << compat::fleet_text(TRY(compat::read_fleet(answer)));
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& device : *TRY(answer.array("devices")))
    rows.push_back({device.text_or("name", ""), std::to_string(device.integer_or("root-version", 0)),
                    device.text_or("since", ""), device.text_or("last-seen", ""), device.text_or("uuid", "")});
  call.talk.out() << cli::table({"DEVICE", "ROOT", "SINCE", "LAST SEEN", "UUID"}, rows);
  return {};
}

Status deny_device(const Invocation& call) {
  const bool really = !call.given.has("dry-run");
  const Json device = TRY(call.service.get(device_path(call)));
  const std::string who = "'" + device.text_or("name", "") + "' (" + device.text_or("uuid", "") + ")";
  if (really) TRY(call.service.remove(device_path(call)));
  call.talk.say(really ? "device " + who + " is denied" : "would deny " + who + " and erase what it reported");
  if (call.json())
    call.talk.out() << to_json(Json::Object{{"uuid", device.text_or("uuid", "")}, {"denied", really}}) << "\n";
  return {};
}

// root.crt, client.pem, sota.toml and whatever else the service sends: flat names only.
Status write_answer(const Invocation& call, const Json& answer) {
  const std::string folder = call.given.text("output");
  TRY(make_folders(call.files, folder, 0700));
  for (const auto& [name, content] : *answer.if_object()) {
    const auto* text = content.if_text();
    if (text == nullptr || name.empty() || name.front() == '.' || name.find('/') != std::string::npos)
      return rejected("answer: '" + name.substr(0, 80) + "' is no file name with a text");
    TRY(replace_file(call.files, folder + "/" + name, *text, 0600));
    call.talk.say("wrote " + folder + "/" + name);
  }
  return {};
}

// The key stays where it is: only the request for a certificate is read here.
Status register_device(const Invocation& call) {
  const Bytes pem = TRY_IN("csr", call.files.read(call.given.text("csr"), kMaxCsr));
  const auto csr = TRY_IN("csr", crypto::CertificateRequest::from_pem(pem));
  Json body = Json::Object{{"csr", pem},
                           {"uuid", csr.subject().common_name},
                           {"name", call.given.text("name")},
                           {"hardware-id", call.given.text("hardware-id")},
                           {"sota-config-dir", call.given.text_or("sota-dir", "/var/sota")}};
  if (call.given.has("tags")) body["overrides"]["pacman"]["tags"] = written(call.given.text("tags"));
  const Json answer = TRY(call.service.post("/v1/devices", body));
  if (answer.if_object() == nullptr) return rejected("answer: want an object of files");
  TRY(write_answer(call, answer));
  if (call.json())
    call.talk.out() << to_json(Json::Object{{"uuid", csr.subject().common_name}, {"name", call.given.text("name")}})
                    << "\n";
  return {};
}

}  // namespace

Noun device_noun() {
  using Kind = Option::Kind;
  const Option device{Kind::argument, "device", "uuid, or name with --factory"};
  const Option factory{Kind::value, "--factory", "only this one"};
  return {"device",
          "the machines in the field",
          {{"register",
            "a certificate for a device that made its own key",
            {{Kind::required_value, "--csr", "its request (PEM): CN = uuid, OU = factory"},
             {Kind::required_value, "--name", "unique in the factory"},
             {Kind::required_value, "--hardware-id", "what it is"},
             {Kind::required_value, "-o,--output", "folder for root.crt, client.pem, sota.toml"},
             {Kind::value, "--tags", "tags it follows: a,b"},
             {Kind::value, "--sota-dir", "where these files will lie on the device (default: /var/sota)"}},
            register_device},
           {"list", "all devices", {factory}, list_devices},
           {"show", "one device", {device, factory}, show_device},
           {"updates", "what it reported of updates and refusals", {device, factory}, device_updates},
           {"trust",
            "which root each device trusts, and who lags behind",
            {{Kind::required_value, "--factory", "of this one"},
             {Kind::value, "--below", "name the devices whose root is older than this one"}},
            device_trust},
           {"deny",
            "refuse it from now on, erase what it reported",
            {device, factory, {Kind::flag, "--dry-run", "only say what would change"}},
            deny_device}},
          {"rota device list --factory acme", "rota device updates foo --factory acme",
           "rota device trust --factory acme",
           "rota device deny foo --factory acme --dry-run"}};
}

}  // namespace rota::app
