// rota: what an owner and a developer do, one noun per file. Reads the command line; the nouns do the rest.
// Under the name of a tool it replaces it is that tool.
#include <CLI/CLI.hpp>
#include <iostream>

#include "base/files.h"
#include "compat/fioctl.h"
#include "compat/garage_sign.h"
#include "nouns.h"

namespace {

using namespace rota;
using app::Command;
using app::Noun;
using app::Option;

std::vector<Noun> nouns() {
  return {app::factory_noun(), app::device_noun(), app::target_noun(),
          app::source_noun(),  app::build_noun(),  app::login_noun()};
}

// The texts one command was given; the parser keeps pointers into it.
struct Texts {
  std::map<std::string, std::string> values;
  std::map<std::string, bool> flags;
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
    case Option::Kind::argument:
    case Option::Kind::required_value:
      to.add_option(option.name, texts.values[name], option.summary)->required();
      return;
  }
}

const std::vector<Option>& common_options() {
  static const std::vector<Option> kCommon = {
      {Option::Kind::value, "--server", "address of the service"},
      {Option::Kind::value, "--token-file", "file that holds the API token"},
      {Option::Kind::value, "--ca", "file of the CA that the service's certificate is from"},
      {Option::Kind::flag, "--json", "the result as JSON"}};
  return kCommon;
}

// Only what was given: an option that is absent has no text.
app::Given given(const CLI::App& parsed, const Texts& texts) {
  std::map<std::string, std::string> values;
  for (const CLI::Option* option : parsed.get_options()) {
    if (option->count() == 0) continue;
    const std::string name = option->get_lnames().empty() ? option->get_name() : option->get_lnames().front();
    const auto text = texts.values.find(name);
    values[name] = text == texts.values.end() ? "" : text->second;
  }
  return app::Given(std::move(values));
}

int run(const Command& command, const app::Given& texts, const cli::Talk& talk) {
  PosixFiles files;
  app::Service service(files, {texts.text("server"), texts.text("token-file"), texts.text("ca")});
  const Status done = command.run({texts, service, files, talk});
  if (done) return 0;
  talk.error(done.error());
  return cli::exit_code(done.error().fault);
}

// A command of the table and where the parser put it.
struct Parsed {
  const Command* command;
  CLI::App* parser;
  std::unique_ptr<Texts> texts;
};

std::vector<Parsed> declare(CLI::App& program, const std::vector<Noun>& table) {
  std::vector<Parsed> declared;
  for (const auto& noun : table) {
    CLI::App* group = program.add_subcommand(noun.name, noun.summary);
    for (const auto& command : noun.commands) {
      CLI::App* parser = command.name.empty() ? group : group->add_subcommand(command.name, command.summary);
      if (parser != group) group->require_subcommand(1);
      declared.push_back({&command, parser, std::make_unique<Texts>()});
      for (const auto& option : command.options) add_option(*parser, option, *declared.back().texts);
      for (const auto& option : common_options()) add_option(*parser, option, *declared.back().texts);
    }
  }
  return declared;
}

int rota_main(int argc, char** argv, const cli::Talk& talk) {
  CLI::App program("Keys, factories, devices and builds of Rota.", "rota");
  program.require_subcommand(1);
  program.set_version_flag("--version", ROTA_VERSION);
  const auto table = nouns();
  const auto declared = declare(program, table);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);
    talk.error(bad_input(error.what(), "see rota --help, rota NOUN --help"));
    return 2;
  }
  for (const auto& [command, parser, texts] : declared)
    if (parser->parsed()) return run(*command, given(*parser, *texts), talk);
  return 2;
}

}  // namespace

// The program's other names are the tools it replaces.
int main(int argc, char** argv) {
  const auto talk = cli::Talk::standard();
  const std::string name = argc == 0 ? "rota" : file_name_of(argv[0]);
  const std::vector<std::string> args(argv + std::min(argc, 1), argv + argc);
  if (name == "garage-sign" || name == "uptane-sign") return compat::garage_sign_main(args, talk);
  if (name == "fioctl") return compat::fioctl_main(args, talk);
  return rota_main(argc, argv, talk);
}
