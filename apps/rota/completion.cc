// rota completion bash|zsh|fish: what a shell may offer, written from the table of nouns.
#include <algorithm>

#include "nouns.h"

namespace rota::app {
namespace {

using Table = std::vector<Noun>;

// Something a shell offers, and why one would take it.
struct Offer {
  std::string word, summary;
  bool wants_value = false;
};
// A place on the command line ("", "factory", "factory create") and what may stand there.
struct Place {
  std::string noun, verb;
  std::vector<Offer> offers;
};

// "-o,--output": two words of one option.
void add_option(std::vector<Offer>& offers, const Option& option) {
  if (option.kind == Option::Kind::argument) return;
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

bool is_command(const Noun& noun) { return noun.commands.front().name.empty(); }

std::vector<Place> places_of(const Table& table) {
  std::vector<Place> places = {{"", "", {}}};
  for (const auto& noun : table) {
    places.front().offers.push_back({noun.name, noun.summary});
    if (is_command(noun)) {
      places.push_back({noun.name, "", options_of(noun.commands.front())});
      continue;
    }
    Place verbs{noun.name, "", {}};
    for (const auto& command : noun.commands) verbs.offers.push_back({command.name, command.summary});
    places.push_back(verbs);
    for (const auto& command : noun.commands) places.push_back({noun.name, command.name, options_of(command)});
  }
  return places;
}

std::string quoted(const std::string& text, std::string_view instead_of_quote) {
  std::string out = "'";
  for (const char c : text) c == '\'' ? out += instead_of_quote : out += c;
  return out + "'";
}

// The pattern of a shell's `case`: a noun that is a command has its options everywhere behind it.
std::string pattern(const Place& place) {
  if (!place.verb.empty()) return "'" + place.noun + " " + place.verb + "'";
  const bool options = !place.noun.empty() && place.offers.front().word.starts_with('-');
  return "'" + place.noun + "'" + (options ? "|'" + place.noun + " '*" : "");
}

std::string bash_script(const std::vector<Place>& places) {
  std::string cases;
  for (const auto& place : places) {
    std::string words;
    for (const auto& offer : place.offers) words += (words.empty() ? "" : " ") + offer.word;
    cases += "    " + pattern(place) + ") offers='" + words + "' ;;\n";
  }
  return R"(# bash completion of rota: source <(rota completion bash)
_rota() {
  local word=${COMP_WORDS[COMP_CWORD]} offers='' place
  case $COMP_CWORD in
    1) place='' ;;
    2) place=${COMP_WORDS[1]} ;;
    *) place="${COMP_WORDS[1]} ${COMP_WORDS[2]}" ;;
  esac
  COMPREPLY=()
  [[ $place == *' '* && $word != -* ]] && return # a value: the name of a file, most often
  case $place in
)" + cases + R"(  esac
  COMPREPLY=($(compgen -W "$offers" -- "$word"))
}
complete -o default -F _rota rota
)";
}

std::string zsh_script(const std::vector<Place>& places) {
  std::string cases;
  for (const auto& place : places) {
    cases += "    " + pattern(place) + ") offers=(";
    for (const auto& offer : place.offers) cases += "\n      " + quoted(offer.word + ":" + offer.summary, "'\\''");
    cases += ") ;;\n";
  }
  return R"(#compdef rota
# zsh completion of rota: source <(rota completion zsh)
_rota() {
  local -a offers
  local place
  case $CURRENT in
    2) place='' ;;
    3) place=$words[2] ;;
    *) place="$words[2] $words[3]" ;;
  esac
  if [[ $place == *' '* && $PREFIX != -* ]]; then _files; return; fi
  case $place in
)" + cases + R"(  esac
  if [[ $PREFIX == -* ]]; then _describe -o option offers; else _describe command offers; fi
}
if [[ $funcstack[1] == _rota ]]; then _rota "$@"; else compdef _rota rota; fi
)";
}

// fish asks a condition per offer: which words were seen so far.
std::string fish_condition(const Place& place, const std::string& verbs) {
  if (place.noun.empty()) return "__fish_use_subcommand";
  const std::string noun = "__fish_seen_subcommand_from " + place.noun;
  if (!place.verb.empty()) return noun + "; and __fish_seen_subcommand_from " + place.verb;
  return verbs.empty() ? noun : noun + "; and not __fish_seen_subcommand_from " + verbs;
}

std::string fish_offer(const Offer& offer) {
  if (!offer.word.starts_with('-')) return " -f -a " + offer.word;
  const bool is_long = offer.word.starts_with("--");
  return (is_long ? " -l " + offer.word.substr(2) : " -s " + offer.word.substr(1)) + (offer.wants_value ? " -r" : "");
}

std::string fish_script(const std::vector<Place>& places) {
  std::string script = "# fish completion of rota: rota completion fish | source\n";
  for (const auto& place : places) {
    std::string verbs;
    if (!place.offers.front().word.starts_with('-'))
      for (const auto& offer : place.offers) verbs += (verbs.empty() ? "" : " ") + offer.word;
    for (const auto& offer : place.offers)
      script += "complete -c rota -n '" + fish_condition(place, verbs) + "'" + fish_offer(offer) + " -d " +
                quoted(offer.summary, "\\'") + "\n";
  }
  return script;
}

using Script = std::string (*)(const std::vector<Place>&);

Command script_command(const char* shell, Script script, const std::shared_ptr<Table>& table) {
  return {shell, std::string("the script for ") + shell, {}, [script, table](const Invocation& call) -> Status {
            const std::string text = script(places_of(*table));
            call.talk.out() << (call.json() ? to_json(Json::Object{{"script", text}}) + "\n" : text);
            return {};
          }};
}

}  // namespace

Noun completion_noun(std::vector<Noun> table) {
  const auto all = std::make_shared<Table>(std::move(table));
  Noun noun{"completion", "what a shell may offer when the tab key is pressed",
            {script_command("bash", bash_script, all), script_command("zsh", zsh_script, all),
             script_command("fish", fish_script, all)},
            {"source <(rota completion bash)", "rota completion fish >~/.config/fish/completions/rota.fish"}};
  Noun itself = noun;
  for (auto& command : itself.commands) command.run = nullptr;  // only its words: a table that ran itself would never end
  all->push_back(std::move(itself));
  return noun;
}

}  // namespace rota::app
