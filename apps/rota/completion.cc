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
// A place on the command line ("", "factory", "keys archive show") and what may stand behind it: words, or options.
struct Place {
  std::string path;
  std::vector<Offer> offers;
};

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

bool takes_options(const Place& place) { return place.offers.front().word.starts_with('-'); }

// Places are few: they are looked through.
Place& place_at(std::vector<Place>& places, const std::string& path) {
  const auto known = std::ranges::find(places, path, &Place::path);
  return known != places.end() ? *known : places.emplace_back(Place{path, {}});
}

// "archive show" of "keys" is a word behind "keys", a word behind "keys archive", and options behind all three.
void add_command(std::vector<Place>& places, const Noun& noun, const Command& command) {
  std::string path = noun.name;
  for (const auto& word : command.name.empty() ? std::vector<std::string>{} : split(command.name, ' ')) {
    auto& offers = place_at(places, path).offers;
    const bool is_last = command.name.ends_with(word);
    if (std::ranges::find(offers, word, &Offer::word) == offers.end())
      offers.push_back({word, is_last ? command.summary : "commands of " + word});
    path += " " + word;
  }
  place_at(places, path).offers = options_of(command);
}

std::vector<Place> places_of(const Table& table) {
  std::vector<Place> places = {{"", {}}};
  for (const auto& noun : table) {
    places.front().offers.push_back({noun.name, noun.summary});
    for (const auto& command : noun.commands) add_command(places, noun, command);
  }
  return places;
}

std::string quoted(const std::string& text, std::string_view instead_of_quote) {
  std::string out = "'";
  for (const char c : text) c == '\'' ? out += instead_of_quote : out += c;
  return out + "'";
}

// The places as one pattern of a shell's `case`: how far the words before the cursor lead.
std::string known_places(const std::vector<Place>& places) {
  std::string text;
  for (const auto& place : places)
    if (!place.path.empty()) text += (text.empty() ? "'" : "|'") + place.path + "'";
  return text;
}

std::string bash_script(const std::vector<Place>& places) {
  std::string cases;
  for (const auto& place : places) {
    std::string words;
    for (const auto& offer : place.offers) words += (words.empty() ? "" : " ") + offer.word;
    cases += "    '" + place.path + "') offers='" + words + "' ;;\n";
  }
  return R"(# bash completion of rota: source <(rota completion bash)
_rota() {
  local word=${COMP_WORDS[COMP_CWORD]} offers='' place='' at
  for at in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    at="${place:+$place }$at"
    case $at in
      )" + known_places(places) + R"() place=$at ;;
      *) break ;;
    esac
  done
  case $place in
)" + cases + R"(  esac
  COMPREPLY=()
  [[ $offers == -* && $word != -* ]] && return # a value: most often a file
  COMPREPLY=($(compgen -W "$offers" -- "$word"))
}
complete -o default -F _rota rota
)";
}

std::string zsh_script(const std::vector<Place>& places) {
  std::string cases;
  for (const auto& place : places) {
    cases += "    '" + place.path + "') offers=(";
    for (const auto& offer : place.offers) cases += "\n      " + quoted(offer.word + ":" + offer.summary, "'\\''");
    cases += ") ;;\n";
  }
  return R"(#compdef rota
# zsh completion of rota: source <(rota completion zsh)
_rota() {
  local -a offers
  local place='' at
  for at in "${(@)words[2,CURRENT-1]}"; do
    at="${place:+$place }$at"
    case $at in
      )" + known_places(places) + R"() place=$at ;;
      *) break ;;
    esac
  done
  case $place in
)" + cases + R"(  esac
  if [[ $offers[1] != -* ]]; then _describe command offers
  elif [[ $PREFIX == -* ]]; then _describe -o option offers
  else _files; fi
}
if [[ $funcstack[1] == _rota ]]; then _rota "$@"; else compdef _rota rota; fi
)";
}

// fish asks a condition per offer: which words were seen so far, and which were not.
std::string fish_condition(const Place& place) {
  if (place.path.empty()) return "__fish_use_subcommand";
  std::string condition;
  for (const auto& word : split(place.path, ' '))
    condition += (condition.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + word);
  if (takes_options(place)) return condition;
  condition += "; and not __fish_seen_subcommand_from";
  for (const auto& offer : place.offers) condition += " " + offer.word;
  return condition;
}

std::string fish_offer(const Offer& offer) {
  if (!offer.word.starts_with('-')) return " -f -a " + offer.word;
  const bool is_long = offer.word.starts_with("--");
  return (is_long ? " -l " + offer.word.substr(2) : " -s " + offer.word.substr(1)) + (offer.wants_value ? " -r" : "");
}

std::string fish_script(const std::vector<Place>& places) {
  std::string script = "# fish completion of rota: rota completion fish | source\n";
  for (const auto& place : places)
    for (const auto& offer : place.offers)
      script += "complete -c rota -n '" + fish_condition(place) + "'" + fish_offer(offer) + " -d " +
                quoted(offer.summary, "\\'") + "\n";
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
