// fioctl completion bash|zsh|fish: what a shell may offer, written from the tables that the command line is read by.
#include "cli/completion.h"

#include <algorithm>

#include "base/json.h"
#include "compat/fioctl_run.h"

namespace rota::compat::fio {
namespace {

using cli::Offer;
using cli::Place;

// The parser takes every flag with every command.
std::vector<Offer> flag_offers() {
  std::vector<Offer> offers;
  for (const auto& flag : known_flags()) {
    offers.push_back({std::string(flag.name), "", flag.kind == Flag::Kind::value});
    if (flag.short_name != 0) offers.push_back({std::string("-") + flag.short_name, "", flag.kind == Flag::Kind::value});
  }
  return offers;
}

// "keys tuf show-root" is a word behind "", "keys" and "keys tuf", and flags behind all three.
void add_command(std::vector<Place>& places, const Known& known, const std::vector<Offer>& flags) {
  std::string path;
  const auto words = split(known.words, ' ');
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto& offers = cli::place_at(places, path).offers;
    const std::string summary = i + 1 == words.size() ? std::string(known.summary) : "commands of " + words[i];
    if (std::ranges::find(offers, words[i], &Offer::word) == offers.end()) offers.push_back({words[i], summary});
    path += (path.empty() ? "" : " ") + words[i];
  }
  cli::place_at(places, path).offers = flags;
}

}  // namespace

Status completion(const Run& run) {
  const std::string shell(run.asked.command->words.substr(run.asked.command->words.find(' ') + 1));
  std::vector<Place> places;
  const auto flags = flag_offers();
  for (const auto& known : known_commands())
    if (known.availability == Availability::now) add_command(places, known, flags);
  const cli::CompletionScript script = shell == "bash"  ? cli::bash_completion
                                       : shell == "zsh" ? cli::zsh_completion
                                                        : cli::fish_completion;
  const std::string text = script("fioctl", places);
  run.talk.out() << (run.json() ? to_json(Json::Object{{"script", text}}) + "\n" : text);
  return {};
}

}  // namespace rota::compat::fio
