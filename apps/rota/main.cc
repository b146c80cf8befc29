// rota: what an owner and a developer do, one noun per file. Under the name of a tool it replaces it is that tool.
#include <algorithm>

#include "base/files.h"
#include "command_line.h"
#include "compat/fioctl.h"
#include "compat/garage_sign.h"
#include "crypto/secret.h"
#include "nouns.h"

namespace {

using namespace rota;

std::vector<app::Noun> nouns() {
  std::vector<app::Noun> table = {app::factory_noun(), app::device_noun(), app::target_noun(),
                                  app::source_noun(),  app::build_noun(),  app::keys_noun(),
                                  app::ceremony_noun(), app::login_noun()};
  table.push_back(app::completion_noun(table));
  return table;
}

Status run(const app::Call& call, const cli::Talk& talk) {
  PosixFiles files;
  const auto& given = call.given;
  app::Service service(files, {given.text("server"), given.text("token-file"), given.text("ca")});
  return call.command->run({given, service, files, talk});
}

int exit_code(const std::vector<app::Noun>& table, const std::vector<std::string>& words, Fault fault) {
  const auto noun = std::ranges::find(table, words.empty() ? std::string() : words.front(), &app::Noun::name);
  return (noun == table.end() ? cli::exit_code : noun->exit_code)(fault);
}

int rota_main(const std::vector<std::string>& words, const cli::Talk& talk) {
  const auto table = nouns();
  const auto call = app::read_command_line(table, words, talk.out());
  if (call && !*call) return 0;
  const Status done = call ? run(**call, talk) : call.error();
  if (done) return 0;
  talk.error(done.error());
  return exit_code(table, words, done.error().fault);
}

}  // namespace

// The program's other names are the tools it replaces.
int main(int argc, char** argv) {
  rota::crypto::keep_memory_private();
  const auto talk = cli::Talk::standard();
  const std::string name = argc == 0 ? "rota" : file_name_of(argv[0]);
  const std::vector<std::string> args(argv + std::min(argc, 1), argv + argc);
  if (name == "garage-sign" || name == "uptane-sign") return compat::garage_sign_main(args, talk);
  if (name == "fioctl") return compat::fioctl_main(args, talk);
  return rota_main(args, talk);
}
