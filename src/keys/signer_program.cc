#include "keys/signer_program.h"

#include <algorithm>

#include "base/child.h"

namespace rota::keys {
namespace {

constexpr Seconds kPatience = Seconds(300);  // somebody may have to touch a token
constexpr std::uint64_t kMaxAnswer = 16 * 1024;
constexpr std::size_t kMaxName = 200;

std::string_view method_of(crypto::KeyType type) {
  switch (type) {
    case crypto::KeyType::ed25519: return "ed25519";
    case crypto::KeyType::rsa: return "rsassa-pss-sha256";
    case crypto::KeyType::ecdsa_p256: return "ecdsa-sha256";
    case crypto::KeyType::ecdsa_p384: return "ecdsa-sha384";
  }
  abort_with("KeyType: not one of its values");
}

// `arguments`: the verb, the name, …
Result<Bytes> answer_of(const std::string& program, std::vector<std::string> arguments, BytesView input) {
  if (program.empty())
    return denied("key '" + arguments.at(1) + "' is with a program that signs", "name it with --signer PROGRAM");
  Command command{.argv = std::move(arguments), .input = Bytes(input), .max_output = kMaxAnswer, .timeout = kPatience};
  command.argv.insert(command.argv.begin(), program);
  for (const char* name : {"HOME", "USER", "LANG", "XDG_RUNTIME_DIR"})
    if (const char* value = std::getenv(name)) command.environment.emplace_back(name, value);
  auto answer = TRY_IN("signer", output_of(command, Fault::denied));
  return answer;
}

class KeyOfProgram final : public crypto::HeldKey {
 public:
  KeyOfProgram(std::string program, std::string name, crypto::KeyType type)
      : program_(std::move(program)), name_(std::move(name)), type_(type) {}
  crypto::KeyReference reference() const override { return {"signer", name_}; }
  Result<Bytes> sign(BytesView message) const override {
    return answer_of(program_, {"sign", name_, std::string(method_of(type_))}, message);
  }

 private:
  std::string program_, name_;
  crypto::KeyType type_;
};

}  // namespace

Status is_signer_name(std::string_view name) {
  const bool printable = std::ranges::all_of(name, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (name.empty() || name.size() > kMaxName || !printable || name[0] == '-')
    return bad_input("signer: want a name of 1 to 200 printable characters, got '" + std::string(name.substr(0, 40)) + "'");
  return {};
}

Result<crypto::PublicKey> ask_public_key(const std::string& program, const std::string& name) {
  const Bytes text = TRY(answer_of(program, {"public", name}, ""));
  const bool pem = text.starts_with("-----BEGIN");
  auto key = TRY_IN("signer: public " + name,
                    pem ? crypto::PublicKey::from_pem(text) : crypto::PublicKey::from_ed25519_hex(trim(text)));
  return key;
}

std::shared_ptr<const crypto::HeldKey> key_of_program(std::string program, std::string name, crypto::KeyType type) {
  return std::make_shared<KeyOfProgram>(std::move(program), std::move(name), type);
}

}  // namespace rota::keys
