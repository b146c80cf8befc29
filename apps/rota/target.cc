#include "nouns.h"

namespace rota::app {
namespace {

std::string listed(const Json* items) {
  std::string text;
  if (items == nullptr || items->if_array() == nullptr) return text;
  for (const auto& item : *items->if_array())
    if (const auto* name = item.if_text()) text += (text.empty() ? "" : ",") + *name;
  return text;
}

Status list_targets(const Invocation& call) {
  const Json answer =
      TRY(call.service.get("/v1/factories/" + percent_encoded(call.given.text("factory")) + "/targets"));
  if (call.json()) {
    call.talk.out() << to_json(answer) << "\n";
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, target] : *TRY(answer.object("targets"))) {
    const Json* custom = target.find("custom");
    const Json* hashes = target.find("hashes");
    const Json none;
    const Json& c = custom == nullptr ? none : *custom;
    rows.push_back({name, c.text_or("version", ""), listed(c.find("hardwareIds")), listed(c.find("tags")),
                    hashes == nullptr ? "" : hashes->text_or("sha256", "").substr(0, 12)});
  }
  call.talk.out() << cli::table({"NAME", "VERSION", "HARDWARE", "TAGS", "SHA256"}, rows);
  return {};
}

}  // namespace

Noun target_noun() {
  return {"target",
          "what the factory has published",
          {{"list",
            "the targets of the newest targets.json",
            {{Option::Kind::required_value, "--factory", "its name"}},
            list_targets}},
          {"rota target list --factory acme"}};
}

}  // namespace rota::app
