// rota-tuf-repository: a small TUF repository for the journey of tests/conformance, and a plain HTTP server before it.
//   publish FOLDER [name=value]...   writes what recipe.h says over what is there; other files stay
//   serve FOLDER                     prints its port, then writes each request to FOLDER/requests, until a signal
#include <csignal>
#include <fstream>
#include <iostream>

#include "base/files.h"
#include "cli/talk.h"
#include "http/server.h"
#include "recipe.h"

namespace rota::conformance {
namespace {

constexpr std::uint64_t kMaxFile = 1 << 20;

Status write(Files& files, const std::string& path, BytesView bytes) {
  TRY(make_folders(files, folder_of(path), 0755));
  return replace_file(files, path, bytes, 0644);
}

Status publish(const std::string& folder, const std::vector<std::string>& words) {
  PosixFiles files;
  for (const auto& [path, bytes] : files_of(TRY(read_recipe(words)))) TRY(write(files, folder + "/" + path, bytes));
  return {};
}

// A path is looked up as it was asked for: the files are named by their URLs.
http::Response answer(const std::string& folder, const http::Request& request) {
  std::ofstream(folder + "/requests", std::ios::app) << request.method << ' ' << request.path << '\n';
  if (request.path.find("/../") != std::string::npos) return http::text_response(400, "");
  auto bytes = PosixFiles().read(folder + request.path, kMaxFile);
  return bytes.ok() ? http::Response{.body = *std::move(bytes)} : http::text_response(404, "");
}

void wait_for_signal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  int got = 0;
  sigwait(&signals, &got);
}

Status serve(const std::string& folder) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);  // the server's threads leave the end to wait_for_signal
  http::Server server(http::ServerOptions{});
  const http::Router nothing;
  http::ListenOptions options;
  options.router = &nothing;
  options.gate = [&folder](const http::Request& request) { return answer(folder, request); };
  const auto port = TRY(server.listen(std::move(options)));
  server.start();
  std::cout << port << std::endl;
  wait_for_signal();
  server.stop();
  return {};
}

Status carry_out(const std::vector<std::string>& words) {
  if (words.size() >= 2 && words[0] == "publish") return publish(words[1], {words.begin() + 2, words.end()});
  if (words.size() == 2 && words[0] == "serve") return serve(words[1]);
  return bad_input("want publish FOLDER [name=value]... or serve FOLDER");
}

}  // namespace
}  // namespace rota::conformance

int main(int argc, char** argv) {
  const auto done = rota::conformance::carry_out({argv + 1, argv + argc});
  if (done.ok()) return 0;
  rota::cli::Talk::standard().error(done.error());
  return rota::cli::exit_code(done.error().fault);
}
