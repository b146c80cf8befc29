// rota completion bash|zsh|fish: what a shell may offer, written from the table of nouns.
#include "cli/completion.h"

#include <algorithm>

#include "nouns.h"

namespace rota::app {
namespace {

using Table = std::vector<Noun>;
using cli::Offer;
using cli::Place;

// "-o,--output": two words of one option.
void add_option(std::vector<Offer>& offers, const Option& option) {
  if (option.kind == Option::Kind::argument || option.kind == Option::Kind::arguments) return;
  const bool wants_value = option.kind != Option::Kind::flag;
  const auto comma = option.name.find(',');
  if (comma != std::string::npos) offers.push_back({option.name.substr(0, comma), option.summary, wants_value});
  offers.push_back({comma == std::string::npos ? option.name : option.name.substr(comma + 1), option.summary, wants_value});
}

std::vector<Offer> options_of(const Command& command) {
  std::vector<Offer> offers;
  for (const auto& option : command.options) add_option(offers, option);
  for (const auto& option : common_options()) add_option(offers, option);
  offers.push_back({"--help", "what this takes"});
  return offers;
}

// "archive show" of "keys" is a word behind "keys", a word behind "keys archive", and options behind all three.
void add_command(std::vector<Place>& places, const Noun& noun, const Command& command) {
  std::string path = noun.name;
  for (const auto& word : command.name.empty() ? std::vector<std::string>{} : split(command.name, ' ')) {
    auto& offers = cli::place_at(places, path).offers;
    const bool is_last = command.name.ends_with(word);
    if (std::ranges::find(offers, word, &Offer::word) == offers.end())
      offers.push_back({word, is_last ? command.summary : "commands of " + word});
    path += " " + word;
  }
  cli::place_at(places, path).offers = options_of(command);
}

std::vector<Place> places_of(const Table& table) {
  std::vector<Place> places = {{"", {}}};
  for (const auto& noun : table) {
    places.front().offers.push_back({noun.name, noun.summary});
    for (const auto& command : noun.commands) add_command(places, noun, command);
  }
  return places;
}

Command script_command(const char* shell, cli::CompletionScript script, const std::shared_ptr<Table>& table) {
  return {shell, std::string("the script for ") + shell, {}, [script, table](const Invocation& call) -> Status {
            const std::string text = script("rota", places_of(*table));
            call.talk.out() << (call.json() ? to_json(Json::Object{{"script", text}}) + "\n" : text);
            return {};
          }};
}

}  // namespace

Noun completion_noun(std::vector<Noun> table) {
  const auto all = std::make_shared<Table>(std::move(table));
  Noun noun{"completion", "what a shell may offer when the tab key is pressed",
            {script_command("bash", cli::bash_completion, all), script_command("zsh", cli::zsh_completion, all),
             script_command("fish", cli::fish_completion, all)},
            {"source <(rota completion bash)", "rota completion fish >~/.config/fish/completions/rota.fish"}};
  Noun itself = noun;
  for (auto& command : itself.commands) command.run = nullptr;  // only its words: a table that ran itself would never end
  all->push_back(std::move(itself));
  return noun;
}

}  // namespace rota::app
