#include "arguments.h"

#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace rota::conformance {
namespace {

using Command = Arguments::Command;

const std::map<std::string, std::string Arguments::*, std::less<>> kOptions = {
    {"--metadata-dir", &Arguments::metadata_dir},
    {"--metadata-url", &Arguments::metadata_url},
    {"--target-base-url", &Arguments::target_base_url},
    {"--target-dir", &Arguments::target_dir},
};
const std::map<std::string, Command, std::less<>> kCommands = {
    {"init", Command::init}, {"refresh", Command::refresh}, {"download", Command::download}};

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& words) : words_(words) {}

  Result<Arguments> read() {
    while (at_ < words_.size()) TRY(take_word());
    if (!command_) return bad_input("command line: want init, refresh or download");
    arguments_.command = *command_;
    TRY(all_given());
    return std::move(arguments_);
  }

 private:
  Status take_word() {
    const std::string& word = words_[at_++];
    if (const auto option = kOptions.find(word); option != kOptions.end()) {
      arguments_.*(option->second) = TRY(value_of(word));
    } else if (word == "--target-name") {
      arguments_.target_names.push_back(TRY(value_of(word)));
    } else if (const auto command = kCommands.find(word); command != kCommands.end() && !command_) {
      command_ = command->second;
      if (command_ == Command::init) arguments_.trusted_root = TRY(value_of(word));
    } else {
      return bad_input("command line: unexpected '" + word + "'");
    }
    return {};
  }

  Result<std::string> value_of(const std::string& word) {
    if (at_ == words_.size()) return bad_input("command line: " + word + ": want a value, got nothing");
    return words_[at_++];
  }

  Status all_given() const {
    TRY(given("--metadata-dir", arguments_.metadata_dir));
    if (command_ == Command::init) return {};
    TRY(given("--metadata-url", arguments_.metadata_url));
    if (command_ == Command::refresh) return {};
    TRY(given("--target-base-url", arguments_.target_base_url));
    TRY(given("--target-dir", arguments_.target_dir));
    if (arguments_.target_names.empty()) return bad_input("command line: download: want --target-name");
    return {};
  }

  static Status given(std::string_view option, const std::string& value) {
    if (value.empty()) return bad_input("command line: want " + std::string(option));
    return {};
  }

  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  std::optional<Command> command_;
  Arguments arguments_;
};

}  // namespace

Result<Arguments> read_arguments(const std::vector<std::string>& words) { return Reader(words).read(); }

}  // namespace rota::conformance
