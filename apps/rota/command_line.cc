#include "command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

namespace rota::app {
namespace {

// The texts one command was given; the parser keeps pointers into it.
struct Texts {
  std::map<std::string, std::string> values;
  std::map<std::string, std::vector<std::string>> lists;
  std::map<std::string, bool> flags;
};

// A command of the table and where the parser put it.
struct Declared {
  const Command* command;
  CLI::App* parser;
  std::unique_ptr<Texts> texts;
};

std::string long_name(const std::string& name) {
  const auto dashes = name.rfind("--");
  return dashes == std::string::npos ? name : name.substr(dashes + 2);
}

void add_option(CLI::App& to, const Option& option, Texts& texts) {
  const std::string name = long_name(option.name);
  switch (option.kind) {
    case Option::Kind::flag:
      to.add_flag(option.name, texts.flags[name], option.summary);
      return;
    case Option::Kind::value:
      to.add_option(option.name, texts.values[name], option.summary);
      return;
    case Option::Kind::values:
      to.add_option(option.name, texts.lists[name], option.summary)->allow_extra_args(false);
      return;
    case Option::Kind::arguments:
      to.add_option(option.name, texts.lists[name], option.summary)->required();
      return;
    case Option::Kind::argument:
    case Option::Kind::required_value:
      to.add_option(option.name, texts.values[name], option.summary)->required();
      return;
  }
}

std::string as_footer(const std::vector<std::string>& examples) {
  if (examples.empty()) return "";
  std::string text = "Examples:";
  for (const auto& line : examples) text += "\n  " + line;
  return text + "\n";
}

// What a group hands down to its commands is for the group alone.
CLI::App* add_word(CLI::App& to, const std::string& word, const std::string& summary) {
  CLI::App* added = to.add_subcommand(word, summary)->group("Commands");
  added->footer("");
  added->set_help_all_flag();
  return added;
}

// The place of a command whose name may be of several words: "archive show".
CLI::App* place_of(CLI::App& group, const Command& command) {
  CLI::App* at = &group;
  const auto words = split(command.name, ' ');
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool last = i + 1 == words.size();
    const auto known = at->get_subcommands([&](CLI::App* child) { return child->get_name() == words[i]; });
    at->require_subcommand(1);
    at = !known.empty() ? known.front() : add_word(*at, words[i], last ? command.summary : "Commands of " + words[i]);
  }
  return at;
}

std::vector<Declared> declare(CLI::App& program, const std::vector<Noun>& table) {
  std::vector<Declared> declared;
  for (const auto& noun : table) {
    CLI::App* group = add_word(program, noun.name, noun.summary);
    group->footer(as_footer(noun.examples));
    for (const auto& command : noun.commands) {
      CLI::App* parser = command.name.empty() ? group : place_of(*group, command);
      declared.push_back({&command, parser, std::make_unique<Texts>()});
      for (const auto& option : command.options) add_option(*parser, option, *declared.back().texts);
      for (const auto& option : common_options()) add_option(*parser, option, *declared.back().texts);
    }
  }
  return declared;
}

// Only what was given: an option that is absent has no text.
Given given(const CLI::App& parsed, const Texts& texts) {
  std::map<std::string, std::string> values;
  for (const CLI::Option* option : parsed.get_options()) {
    if (option->count() == 0) continue;
    const std::string name = option->get_lnames().empty() ? option->get_name() : option->get_lnames().front();
    const auto text = texts.values.find(name);
    values[name] = text == texts.values.end() ? "" : text->second;
  }
  return Given(std::move(values), texts.lists);
}

template <typename Named>
const Named* named(const std::vector<Named>& list, const std::string& name) {
  const auto found = std::find_if(list.begin(), list.end(), [&name](const Named& one) { return one.name == name; });
  return found == list.end() ? nullptr : &*found;
}

template <typename Named>
std::string names_of(const std::vector<Named>& list) {
  std::string text;
  for (const auto& one : list) text += (text.empty() ? "" : ", ") + one.name;
  return text;
}

// The commands behind the word `first` of a noun, by their next word; a command of one word has none behind it.
std::vector<Command> behind(const Noun& noun, const std::string& first) {
  std::vector<Command> commands;
  for (Command command : noun.commands) {
    if (!command.name.starts_with(first + " ")) continue;
    command.name = command.name.substr(first.size() + 1);
    commands.push_back(std::move(command));
  }
  return commands;
}

// The first words of a noun's commands, each once.
std::vector<Command> first_words(const Noun& noun) {
  std::vector<Command> words;
  for (Command command : noun.commands) {
    command.name = command.name.substr(0, command.name.find(' '));
    if (words.empty() || words.back().name != command.name) words.push_back(std::move(command));
  }
  return words;
}

bool asks_for_help(const std::string& word) {
  return word == "-h" || word == "--help" || word == "--help-all" || word == "--version";
}

// The word at `at` must be one of `list`; `so_far` is what stands before it.
template <typename Named>
Status check_word(const std::vector<std::string>& words, std::size_t at, const std::string& so_far,
                  const std::vector<Named>& list) {
  const std::string hint = "see " + so_far + " --help";
  if (at >= words.size()) return bad_input(so_far + ": want one of " + names_of(list), hint);
  if (asks_for_help(words[at]) || named(list, words[at]) != nullptr) return {};
  if (words[at].starts_with('-')) return bad_input(so_far + ": '" + words[at] + "' goes behind the command", hint);
  return bad_input(so_far + ": unknown command '" + words[at].substr(0, 80) + "': want one of " + names_of(list), hint);
}

// The parser knows a wrong first word only as one that is left over: these are told apart here.
Status check_words(const std::vector<Noun>& table, const std::vector<std::string>& words) {
  TRY(check_word(words, 0, "rota", table));
  const Noun* noun = named(table, words.front());
  if (noun == nullptr || noun->commands.front().name.empty()) return {};
  const std::string so_far = "rota " + noun->name;
  TRY(check_word(words, 1, so_far, first_words(*noun)));
  const auto more = behind(*noun, words[1]);
  return more.empty() ? Status() : check_word(words, 2, so_far + " " + words[1], more);
}

// The parser's own complaint, in lower case, with the help of the command it is about.
Error misuse(const CLI::ParseError& error, const CLI::App& program) {
  std::string text = error.what(), command = program.get_name();
  const CLI::App* at = &program;
  while (!at->get_subcommands().empty()) command += " " + (at = at->get_subcommands().front())->get_name();
  if (const auto colon = text.find("not expected: "); colon != std::string::npos)
    text = "unknown argument '" + text.substr(colon + 14) + "'";
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return bad_input(command + ": " + text, "see " + command + " --help");
}

std::vector<std::string> first_steps() {
  return {"rota login --server https://localhost:8080 --token-file admin.token --ca server-ca.pem",
          "rota factory create acme --archive acme-root-keys.tgz",
          "rota factory --help          the commands of a noun",
          "rota factory create --help   the options of a command"};
}

void describe(CLI::App& program) {
  program.set_version_flag("--version", "rota " ROTA_VERSION);
  program.set_help_all_flag("--help-all", "Print the commands of every noun and exit");
  program.require_subcommand(1);
  program.footer(as_footer(first_steps()));
  program.get_formatter()->label("SUBCOMMAND", "COMMAND");
  program.get_formatter()->label("Positionals", "Arguments");
  program.get_formatter()->label("REQUIRED", "(required)");
  program.get_formatter()->label("TEXT", "VALUE");
}

}  // namespace

const std::vector<Option>& common_options() {
  static const std::vector<Option> kCommon = {
      {Option::Kind::value, "--server", "address of the service"},
      {Option::Kind::value, "--token-file", "file that holds the API token"},
      {Option::Kind::value, "--ca", "file of the CA that the service's certificate is from"},
      {Option::Kind::flag, "--json", "the result as JSON"}};
  return kCommon;
}

Result<std::optional<Call>> read_command_line(const std::vector<Noun>& table, const std::vector<std::string>& words,
                                              std::ostream& out) {
  CLI::App program("Keys, factories, devices and builds of Rota.", "rota");
  describe(program);
  const auto declared = declare(program, table);
  TRY(check_words(table, words));
  try {
    program.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return misuse(error, program);
    program.exit(error, out, out);
    return std::optional<Call>();
  }
  for (const auto& [command, parser, texts] : declared)
    if (parser->parsed()) return std::optional<Call>({command, given(*parser, *texts)});
  return bad_input("rota: no command was given", "see rota --help");
}

}  // namespace rota::app
