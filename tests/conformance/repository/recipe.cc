#include "recipe.h"

namespace rota::conformance {
namespace {

const std::map<std::string, tuf::Version Recipe::*, std::less<>> kVersions = {{"root", &Recipe::root},
                                                                             {"timestamp", &Recipe::timestamp},
                                                                             {"snapshot", &Recipe::snapshot},
                                                                             {"targets", &Recipe::targets}};
const std::map<std::string, std::string Recipe::*, std::less<>> kTexts = {
    {"root-key", &Recipe::root_key},
    {"root-signers", &Recipe::root_signers},
    {"timestamp-key", &Recipe::timestamp_key},
    {"timestamp-expires", &Recipe::timestamp_expires},
    {"release", &Recipe::release}};

}  // namespace

Result<Recipe> read_recipe(const std::vector<std::string>& words) {
  Recipe recipe;
  for (const auto& word : words) {
    const std::string name = word.substr(0, word.find('='));
    const std::string value = name.size() < word.size() ? word.substr(name.size() + 1) : "";
    if (const auto version = kVersions.find(name); version != kVersions.end()) {
      recipe.*(version->second) = TRY_IN(name, decimal(value));
    } else if (const auto text = kTexts.find(name); text != kTexts.end()) {
      recipe.*(text->second) = value;
    } else {
      return bad_input("recipe: unknown '" + word + "'");
    }
  }
  return recipe;
}

}  // namespace rota::conformance
