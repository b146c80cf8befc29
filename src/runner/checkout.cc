#include "runner/checkout.h"

namespace rota::runner {
namespace {

constexpr Seconds kFetchTime{1800};

bool is_plain(std::string_view text) { return text.find_first_of("\"\\\n\r\t ") == std::string_view::npos && !text.starts_with("-"); }

std::string origin_of(const std::string& url) {
  auto host = url.find("://");
  return url.substr(0, url.find('/', host == std::string::npos ? 0 : host + 3)) + "/";
}

// Removed when it goes out of scope.
class SecretFile {
 public:
  SecretFile(Files& files, std::string path) : files_(files), path_(std::move(path)) {}
  ~SecretFile() { static_cast<void>(files_.remove(path_).ok()); }
  SecretFile(const SecretFile&) = delete;
  SecretFile& operator=(const SecretFile&) = delete;
  const std::string& path() const { return path_; }
  Status write(const crypto::SecretBytes& text) { return files_.create(path_, text.reveal(), 0600); }

 private:
  Files& files_;
  std::string path_;
};

crypto::SecretBytes git_config(const RunDefinition& run, const std::string& ca_file) {
  std::string text = "[http]\n\tfollowRedirects = false\n";
  if (!ca_file.empty()) text += "\tsslCAInfo = \"" + ca_file + "\"\n";
  text += "[http \"" + origin_of(run.url) + "\"]\n\textraHeader = \"Authorization: Token " + std::string(run.key.reveal()) + "\"\n";
  text += "[protocol]\n\tallow = never\n[protocol \"https\"]\n\tallow = always\n[protocol \"http\"]\n\tallow = always\n";
  text += "[core]\n\thooksPath = /dev/null\n[advice]\n\tdetachedHead = false\n";
  return crypto::SecretBytes(std::move(text));
}

}  // namespace

Command Checkout::git(std::vector<std::string> arguments, const std::string& config) const {
  Command command;
  command.argv = {"git"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.environment = {{"GIT_CONFIG_NOSYSTEM", "1"}, {"GIT_CONFIG_GLOBAL", config}, {"GIT_TERMINAL_PROMPT", "0"},
                         {"HOME", "/nonexistent"}, {"LC_ALL", "C"}};
  command.timeout = kFetchTime;
  return command;
}

Status Checkout::fetch(const Remote& remote, const std::string& into) {
  for (const auto* text : {&remote.url, &remote.commit, &run_.url})
    if (!is_plain(*text)) return rejected("checkout: '" + *text + "': want no quotes, spaces or leading '-'");
  SecretFile config(files_, into + ".gitconfig");
  TRY(config.write(git_config(run_, ca_file_)));
  TRY(output_of(git({"init", "--quiet", "--template=", into}, config.path())));
  TRY(output_of(git({"-C", into, "fetch", "--quiet", "--depth=1", "--no-tags", remote.url, remote.commit}, config.path()),
                Fault::unavailable));
  TRY(output_of(git({"-C", into, "checkout", "--quiet", "--detach", "FETCH_HEAD"}, config.path())));
  return {};
}

Result<std::string> Checkout::commit_time(const std::string& folder) {
  auto seconds = TRY(decimal(trim(TRY_IN("git", output_of(git({"-C", folder, "show", "-s", "--format=%ct"}, "/dev/null"))))));
  return rfc3339(Time(Seconds(seconds)));
}

}  // namespace rota::runner
