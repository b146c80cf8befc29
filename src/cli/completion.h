// What a shell may offer when the tab key is pressed, as the script that it reads.
#pragma once

#include <string>
#include <vector>

namespace rota::cli {

// Something a shell offers, and why one would take it.
struct Offer {
  std::string word, summary;
  bool wants_value = false;
};
// A place on the command line ("", "factory", "keys archive show") and what may stand behind it: words, or options. Never
// without an offer.
struct Place {
  std::string path;
  std::vector<Offer> offers;
};
// The place of that path, made when it is new.
Place& place_at(std::vector<Place>& places, const std::string& path);

// Of a program whose `completion bash` (or zsh, fish) prints it.
using CompletionScript = std::string (*)(const std::string& program, const std::vector<Place>& places);
std::string bash_completion(const std::string& program, const std::vector<Place>& places);
std::string zsh_completion(const std::string& program, const std::vector<Place>& places);
std::string fish_completion(const std::string& program, const std::vector<Place>& places);

}  // namespace rota::cli
