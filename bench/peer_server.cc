// Serves a made repository over plain loopback HTTP until its stdin ends: both clients of bench/peer ask here.
// usage: peer_server ROOT-FILE TARGETS   (writes 1.root.json to ROOT-FILE, prints the base URL)
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "http/server.h"
#include "made_repository.h"

using namespace rota;
using namespace rota::bench;

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  MadeRepository repository({.targets = static_cast<std::size_t>(std::stoul(argv[2]))});
  std::ofstream(argv[1], std::ios::binary) << repository.file("1.root.json");
  http::Router router;
  router.add({.method = "GET",
              .pattern = "/metadata/{name}",
              .handler = [&](const http::Request& request) {
                const auto file = repository.files().find(request.param("name"));
                if (file == repository.files().end()) return http::text_response(404, "none\n");
                return http::Response{.headers = {{"Content-Type", "application/json"}}, .body = file->second};
              },
              .run = http::Route::Run::here});
  http::Server server({});
  const auto port = server.listen({.router = &router}).value();
  server.start();
  std::printf("http://127.0.0.1:%u/metadata\n", port);
  std::fflush(stdout);
  char byte = 0;
  while (read(0, &byte, 1) > 0) {
  }
  return 0;
}
