#include "compat/fioctl_config.h"

#include <yaml-cpp/yaml.h>

#include "base/bytes.h"

namespace rota::compat::fio {
namespace {

constexpr std::size_t kMaxConfig = 256 * 1024;
constexpr Seconds kLockPatience{10};

std::string text_at(const YAML::Node& node, const char* name) {
  const auto value = node[name];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

Status read_login(Login& login, const YAML::Node& node) {
  for (const auto& [to, name] :
       {std::pair{&login.client_id, "client_id"}, std::pair{&login.client_secret, "client_secret"},
        std::pair{&login.access_token, "access_token"}, std::pair{&login.refresh_token, "refresh_token"},
        std::pair{&login.token_type, "token_type"}, std::pair{&login.created, "created"},
        std::pair{&login.url, "url"}})
    *to = text_at(node, name);
  if (const auto seconds = text_at(node, "expires_in"); !seconds.empty())
    login.expires_in = TRY_IN("clientcredentials.expires_in", decimal(seconds));
  return {};
}

Status read_map(Config& config, const YAML::Node& file) {
  config.factory = text_at(file, "factory");
  config.token = text_at(file, "token");
  if (const auto server = file["server"]; server && server.IsMap()) {
    if (const auto url = text_at(server, "url"); !url.empty()) config.server = url;
    if (text_at(server, "insecure_skip_verify") == "true")
      return bad_input("server.insecure_skip_verify: the server is always verified",
                       "set CACERT to a PEM file with the server's certificate authority");
  }
  if (const auto login = file["clientcredentials"]; login && login.IsMap()) TRY(read_login(config.login, login));
  if (const auto extra = file["extraheaders"]; extra && extra.IsMap())
    for (const auto& entry : extra)
      config.extra_headers.emplace_back(entry.first.as<std::string>(), entry.second.as<std::string>());
  return {};
}

// The two places that talk to yaml-cpp: its exceptions end here.
Status read_yaml(Config& config, const Bytes& bytes) {
  try {
    const YAML::Node file = YAML::Load(bytes);
    if (file.IsNull()) return {};
    if (!file.IsMap()) return bad_input("want names and values");
    return read_map(config, file);
  } catch (const YAML::Exception& e) {
    return bad_input(e.what());
  }
}

Result<Bytes> changed_yaml(const Bytes& bytes, const ConfigChanges& changes) {
  try {
    YAML::Node file = YAML::Load(bytes);
    if (!file.IsNull() && !file.IsMap()) return bad_input("want names and values");
    for (const auto& [path, value] : changes) {
      const auto names = split(path, '.');
      if (names.size() == 1)
        file[names[0]] = value;
      else
        file[names[0]][names[1]] = value;
    }
    YAML::Emitter text;
    text << file;
    return Bytes(text.c_str()) + "\n";
  } catch (const YAML::Exception& e) {
    return bad_input(e.what());
  }
}

Result<Bytes> file_or_nothing(Files& files, const std::string& path) {
  if (!TRY(files.facts(path)).exists()) return Bytes();
  auto bytes = files.read(path, kMaxConfig);
  if (!bytes) return bad_input("'" + path + "': " + bytes.error().what);
  return bytes;
}

std::string config_path(const Asked& asked, const FioctlWorld& world) {
  if (const auto path = world.env("FIOCTL_CONFIG"); path && !path->empty()) return *path;
  return asked.value("--config").value_or(home_folder(world) + "/.config/fioctl.yaml");
}

}  // namespace

bool Login::expired(Time now) const {
  if (expires_in == 0) return false;
  const auto since = parse_instant(created);
  return !since.ok() || *since + Seconds(expires_in) <= now;
}

std::string home_folder(const FioctlWorld& world) { return world.env("HOME").value_or("."); }

Result<Config> load_config(const Asked& asked, const FioctlWorld& world) {
  Config config{.path = config_path(asked, world)};
  config.mode = TRY(world.files.facts(config.path)).mode;
  TRY_IN("'" + config.path + "'", read_yaml(config, TRY(file_or_nothing(world.files, config.path))));
  for (const auto& [value, variable, flag] : {std::tuple{&config.factory, "FIOCTL_FACTORY", "--factory"},
                                              std::tuple{&config.token, "FIOCTL_TOKEN", "--token"}}) {
    if (const auto text = world.env(variable); text && !text->empty()) *value = *text;
    if (const auto text = asked.value(flag)) *value = *text;
  }
  if (const auto name = world.env("TOKEN_HEADER"); name && !name->empty()) config.token_header = *name;
  while (config.server.ends_with('/')) config.server.pop_back();
  return config;
}

Status save_config(Files& files, const std::string& path, const ConfigChanges& changes) {
  TRY(make_folders(files, folder_of(path), 0700));
  const auto held = TRY(files.lock(path + ".lock", kLockPatience));
  const Bytes bytes = TRY(file_or_nothing(files, path));
  const Bytes next = TRY_IN("'" + path + "'", changed_yaml(bytes, changes));
  return replace_file(files, path, next, 0600);
}

}  // namespace rota::compat::fio
