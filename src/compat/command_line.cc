#include "compat/command_line.h"

#include <algorithm>

#include "base/bytes.h"

namespace rota::compat {
namespace {

bool starts_with_words(std::string_view text, std::string_view words) {
  return words.empty() || text == words || (text.starts_with(words) && text[words.size()] == ' ');
}

// "--opt=value" and "--opt:value" taken apart.
std::pair<std::string, std::optional<std::string>> split_option(std::string_view argument) {
  const auto at = argument.starts_with("--") ? argument.find_first_of("=:") : std::string_view::npos;
  if (at == std::string_view::npos) return {std::string(argument), std::nullopt};
  return {std::string(argument.substr(0, at)), std::string(argument.substr(at + 1))};
}

bool is_it(const Option& o, std::string_view text) {
  return text == o.name || (text.size() == 2 && text[0] == '-' && o.short_name != 0 && text[1] == o.short_name);
}

}  // namespace

std::string Asked::value(std::string_view option) const {
  return value_if(option).value_or("");
}

std::optional<std::string> Asked::value_if(std::string_view option) const {
  const auto at = values.find(option);
  if (at == values.end() || at->second.empty()) return std::nullopt;
  return at->second.back();
}

std::vector<std::string> Asked::list(std::string_view option) const {
  const auto at = values.find(option);
  if (at == values.end()) return {};
  return {at->second.rbegin(), at->second.rend()};
}

Grammar::Grammar(std::vector<Command> commands, std::vector<Option> everywhere)
    : commands_(std::move(commands)), everywhere_(std::move(everywhere)) {}

// Whether an option takes a value can be told before the command is known to its last word: commands that begin alike
// agree.
// (`--version` alone is the program's; after `targets add` it is a target's.)
const Option* Grammar::option(std::string_view text, std::string_view words) const {
  for (const auto& command : commands_)
    for (const auto& o : command.options)
      if (!words.empty() && starts_with_words(command.words, words) && is_it(o, text)) return &o;
  for (const auto& o : everywhere_)
    if (is_it(o, text)) return &o;
  for (const auto& command : commands_)
    for (const auto& o : command.options)
      if (is_it(o, text)) return &o;
  return nullptr;
}

std::optional<std::string> Grammar::next_words(std::string_view words, std::string_view word) const {
  const std::string longer = words.empty() ? std::string(word) : std::string(words) + " " + std::string(word);
  const bool known = std::any_of(commands_.begin(), commands_.end(),
                                 [&](const Command& c) { return starts_with_words(c.words, longer); });
  return known ? std::optional(longer) : std::nullopt;
}

const Command* Grammar::command(std::string_view words) const {
  for (const auto& c : commands_)
    if (c.words == words) return &c;
  return nullptr;
}

Result<Asked> Grammar::parse(const std::vector<std::string>& arguments) const {
  Asked asked;
  std::vector<std::pair<std::string, std::string>> given;  // as written, value
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].starts_with('-') || arguments[i].size() < 2) {
      auto longer = next_words(asked.words, arguments[i]);
      if (!longer) return bad_input("unknown argument '" + arguments[i] + "'");
      asked.words = *longer;
      continue;
    }
    auto [name, value] = split_option(arguments[i]);
    const Option* found = option(name, asked.words);
    if (found == nullptr) return bad_input("unknown option " + name);
    if (found->kind == Option::Kind::flag && value) return bad_input("option " + name + " takes no value");
    if (found->kind != Option::Kind::flag && !value) {
      if (++i == arguments.size()) return bad_input("option " + name + " needs a value");
      value = arguments[i];
    }
    given.emplace_back(name, value.value_or(""));
  }
  const Command* command_asked = command(asked.words);
  for (auto& [name, value] : given) {
    const Option* known = nullptr;
    const auto look_in = [&](const std::vector<Option>& options) {
      for (const auto& o : options)
        if (is_it(o, name)) known = &o;
    };
    look_in(everywhere_);
    if (command_asked != nullptr) look_in(command_asked->options);
    if (known == nullptr) return bad_input("unknown option " + name);
    asked.values[std::string(known->name)].push_back(std::move(value));
  }
  TRY(check(asked));
  return asked;
}

Status Grammar::check(const Asked& asked) const {
  const Command* found = command(asked.words);
  if (found == nullptr || asked.has("--help")) return {};
  for (const auto& o : found->options) {
    const auto given = asked.values.find(o.name);
    const auto times = given == asked.values.end() ? 0 : given->second.size();
    if (o.need == Option::Need::required && times == 0) return bad_input("missing option " + std::string(o.name));
    if (o.kind != Option::Kind::list && times > 1) return bad_input("option " + std::string(o.name) + " given twice");
  }
  return {};
}

std::string Grammar::usage(std::string_view program, std::string_view words) const {
  std::string out = "usage: " + std::string(program) + " COMMAND [OPTIONS]\n\n";
  std::size_t width = 0;
  for (const auto& c : commands_) width = std::max(width, c.words.size());
  for (const auto& c : commands_) {
    if (!starts_with_words(c.words, words)) continue;
    out += "  " + std::string(c.words) + std::string(width - c.words.size() + 2, ' ') + std::string(c.summary) + "\n";
    if (!words.empty())
      for (const auto& o : c.options) {
        out += "      " + std::string(o.name);
        if (o.short_name != 0) out += std::string(", -") + o.short_name;
        if (o.kind != Option::Kind::flag) out += " VALUE";
        if (o.need == Option::Need::required) out += "  (required)";
        if (o.kind == Option::Kind::list) out += "  (repeatable)";
        out += "\n";
      }
  }
  out += "\n  everywhere:";
  for (const auto& o : everywhere_) out += " " + std::string(o.name) + (o.kind == Option::Kind::flag ? "" : " VALUE");
  return out + "\n";
}

}  // namespace rota::compat
