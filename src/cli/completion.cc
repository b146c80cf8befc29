#include "cli/completion.h"

#include <algorithm>

#include "base/bytes.h"

namespace rota::cli {
namespace {

using Places = std::vector<Place>;

bool takes_options(const Place& place) { return place.offers.front().word.starts_with('-'); }

std::string quoted(const std::string& text, std::string_view instead_of_quote) {
  std::string out = "'";
  for (const char c : text) c == '\'' ? out += instead_of_quote : out += c;
  return out + "'";
}

// The places as one pattern of a shell's `case`: how far the words before the cursor lead.
std::string known_places(const Places& places) {
  std::string text;
  for (const auto& place : places)
    if (!place.path.empty()) text += (text.empty() ? "'" : "|'") + place.path + "'";
  return text;
}

std::string with_program(std::string script, const std::string& program) {
  constexpr std::string_view kName = "@program@";
  for (auto at = script.find(kName); at != std::string::npos; at = script.find(kName, at)) script.replace(at, kName.size(), program);
  return script;
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

}  // namespace

// Places are few: they are looked through.
Place& place_at(Places& places, const std::string& path) {
  const auto known = std::ranges::find(places, path, &Place::path);
  return known != places.end() ? *known : places.emplace_back(Place{path, {}});
}

std::string bash_completion(const std::string& program, const Places& places) {
  std::string cases;
  for (const auto& place : places) {
    std::string words;
    for (const auto& offer : place.offers) words += (words.empty() ? "" : " ") + offer.word;
    cases += "    '" + place.path + "') offers='" + words + "' ;;\n";
  }
  return with_program(R"(# bash completion of @program@: source <(@program@ completion bash)
_@program@() {
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
complete -o default -F _@program@ @program@
)", program);
}

std::string zsh_completion(const std::string& program, const Places& places) {
  std::string cases;
  for (const auto& place : places) {
    cases += "    '" + place.path + "') offers=(";
    for (const auto& offer : place.offers)
      cases += "\n      " + quoted(offer.word + (offer.summary.empty() ? "" : ":" + offer.summary), "'\\''");
    cases += ") ;;\n";
  }
  return with_program(R"(#compdef @program@
# zsh completion of @program@: source <(@program@ completion zsh)
_@program@() {
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
if [[ $funcstack[1] == _@program@ ]]; then _@program@ "$@"; else compdef _@program@ @program@; fi
)", program);
}

std::string fish_completion(const std::string& program, const Places& places) {
  std::string script = "# fish completion of " + program + ": " + program + " completion fish | source\n";
  for (const auto& place : places)
    for (const auto& offer : place.offers)
      script += "complete -c " + program + " -n '" + fish_condition(place) + "'" + fish_offer(offer) +
                (offer.summary.empty() ? "" : " -d " + quoted(offer.summary, "\\'")) + "\n";
  return script;
}

}  // namespace rota::cli
