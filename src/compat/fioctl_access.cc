#include "compat/fioctl_access.h"

#include "compat/repo_service.h"

namespace rota::compat::fio {
namespace {

constexpr std::string_view kConfigMember = "tufrepo/config.json";

Result<Access> access_by_login(const Config& config, Fetcher& fetcher) {
  if (config.factory.empty()) return bad_input("no factory is named", "give --factory NAME");
  Access access{.factory = config.factory, .polis_id = {}, .source = {&fetcher, {}, {}}};
  access.source.base = config.server + "/ota/repo/" + percent_encoded(config.factory) + "/api/v1/user_repo";
  if (!config.token.empty())
    access.source.headers.emplace_back(config.token_header, config.token);
  else
    access.source.headers.emplace_back("Authorization", "Bearer " + base64(config.login.access_token));
  for (const auto& extra : config.extra_headers) access.source.headers.push_back(extra);
  return access;
}

Result<Access> access_by_archive(const Config& config, const keys::Archive& archive, Fetcher& fetcher) {
  const Json json =
      TRY_IN(kConfigMember, parse_json(archive.find(kConfigMember)->reveal(), {.numbers = JsonRules::Numbers::any}));
  const auto service = TRY(RepoService::open(json, fetcher));
  const Json* auth = json.find("auth");
  Access access{.factory = config.factory,
                .polis_id = auth != nullptr ? auth->text_or("client_id", "") : "",
                .source = service.root_source()};
  std::string url = json.text_or("reposerver", "");
  while (url.ends_with('/')) url.pop_back();
  if (access.factory.empty()) access.factory = file_name_of(url);
  return access;
}

}  // namespace

Result<Access> access_to(const Config& config, const keys::Archive& archive, Fetcher& fetcher) {
  if (config.signed_in()) return access_by_login(config, fetcher);
  if (archive.is_tufrepo()) return access_by_archive(config, archive, fetcher);
  return bad_input("not signed in, and the archive holds no credentials",
                   "fioctl login, or put a token into '" + config.path + "'");
}

}  // namespace rota::compat::fio
