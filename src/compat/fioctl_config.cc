#include "compat/fioctl_config.h"

#include <yaml-cpp/yaml.h>

#include "base/bytes.h"

namespace rota::compat::fio {
namespace {

constexpr std::size_t kMaxConfig = 256 * 1024;

std::string text_at(const YAML::Node& node, const char* name) {
  const auto value = node[name];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

// The one place that talks to yaml-cpp: its exceptions end here.
Status read_yaml(Config& config, const Bytes& bytes) {
  try {
    const YAML::Node file = YAML::Load(bytes);
    if (file.IsNull()) return {};
    if (!file.IsMap()) return bad_input("want names and values");
    config.factory = text_at(file, "factory");
    config.token = text_at(file, "token");
    if (const auto server = file["server"]; server && server.IsMap()) {
      if (const auto url = text_at(server, "url"); !url.empty()) config.server = url;
      if (text_at(server, "insecure_skip_verify") == "true")
        return bad_input("server.insecure_skip_verify: the server is always verified",
                         "set CACERT to a PEM file with the server's certificate authority");
    }
    if (const auto login = file["clientcredentials"]; login && login.IsMap())
      config.access_token = text_at(login, "access_token");
    if (const auto extra = file["extraheaders"]; extra && extra.IsMap())
      for (const auto& entry : extra)
        config.extra_headers.emplace_back(entry.first.as<std::string>(), entry.second.as<std::string>());
  } catch (const YAML::Exception& e) {
    return bad_input(e.what());
  }
  return {};
}

std::string config_path(const Asked& asked, const FioctlWorld& world) {
  if (const auto path = world.env("FIOCTL_CONFIG"); path && !path->empty()) return *path;
  return asked.value("--config").value_or(home_folder(world) + "/.config/fioctl.yaml");
}

}  // namespace

std::string home_folder(const FioctlWorld& world) { return world.env("HOME").value_or("."); }

Result<Config> load_config(const Asked& asked, const FioctlWorld& world) {
  Config config{.path = config_path(asked, world)};
  const auto facts = TRY(world.files.facts(config.path));
  if (facts.exists()) {
    config.mode = facts.mode;
    auto bytes = world.files.read(config.path, kMaxConfig);
    if (!bytes) return bad_input("'" + config.path + "': " + bytes.error().what);
    TRY_IN("'" + config.path + "'", read_yaml(config, *bytes));
  }
  for (const auto& [value, variable, flag] : {std::tuple{&config.factory, "FIOCTL_FACTORY", "--factory"},
                                              std::tuple{&config.token, "FIOCTL_TOKEN", "--token"}}) {
    if (const auto text = world.env(variable); text && !text->empty()) *value = *text;
    if (const auto text = asked.value(flag)) *value = *text;
  }
  if (const auto name = world.env("TOKEN_HEADER"); name && !name->empty()) config.token_header = *name;
  while (config.server.ends_with('/')) config.server.pop_back();
  return config;
}

}  // namespace rota::compat::fio
