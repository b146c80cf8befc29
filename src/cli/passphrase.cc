#include "cli/passphrase.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <optional>

#include "crypto/kdf.h"

namespace rota::cli {
namespace {

using crypto::SecretBytes;

constexpr std::size_t kMaxPassphrase = 1024;

// The terminal without echo, as long as it lives.
class QuietTerminal {
 public:
  QuietTerminal() : descriptor_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (descriptor_ < 0 || ::tcgetattr(descriptor_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_quiet_ = ::tcsetattr(descriptor_, TCSAFLUSH, &quiet) == 0;
  }
  ~QuietTerminal() {
    if (is_quiet_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

  bool is_quiet() const { return is_quiet_; }
  void write(std::string_view text) const { (void)!::write(descriptor_, text.data(), text.size()); }
  SecretBytes line() const {
    Bytes typed;
    typed.reserve(kMaxPassphrase);
    char c = 0;
    while (typed.size() < kMaxPassphrase && ::read(descriptor_, &c, 1) == 1 && c != '\n' && c != '\r') typed.push_back(c);
    return SecretBytes(std::move(typed));
  }

 private:
  int descriptor_;
  termios before_{};
  bool is_quiet_ = false;
};

// nullopt: there is no terminal.
std::optional<SecretBytes> typed_line(std::string_view prompt) {
  const QuietTerminal terminal;
  if (!terminal.is_quiet()) return std::nullopt;
  terminal.write(std::string(prompt) + ": ");
  SecretBytes typed = terminal.line();
  terminal.write("\n");
  return typed;
}

}  // namespace

Result<SecretBytes> asked_passphrase(std::string_view prompt) {
  auto typed = typed_line(prompt);
  if (!typed) return denied("no terminal to ask for a passphrase", "give --passphrase-file FILE");
  if (typed->empty()) return denied("no passphrase was typed");
  return std::move(*typed);
}

Result<SecretBytes> asked_pin(std::string_view what) {
  auto typed = typed_line(what);
  if (!typed) return denied("no terminal to ask for the " + std::string(what), "give --pin-file FILE, of mode 0600");
  if (typed->empty()) return denied("no PIN was typed");
  return std::move(*typed);
}

Result<SecretBytes> new_passphrase(std::string_view prompt) {
  SecretBytes first = TRY(asked_passphrase(prompt));
  const SecretBytes second = TRY(asked_passphrase("the same again"));
  if (!crypto::same_bytes(first.reveal(), second.reveal())) return denied("the two passphrases differ");
  return first;
}

}  // namespace rota::cli
