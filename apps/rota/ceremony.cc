// rota ceremony: the next root made by several people, over a draft file that travels by any means.
#include "ceremony.h"

#include "ceremony/draft_finish.h"
#include "ceremony/draft_new.h"
#include "ceremony/draft_review.h"
#include "keys/key_file.h"

namespace rota::app {
namespace {

constexpr std::uint64_t kMaxRoots = 32u << 20;

// "root:alice:alice.pub" in so many parts, the last of which may hold colons.
Result<std::vector<std::string>> parts_of(const std::string& option, const std::string& text, const std::string& form) {
  const std::size_t count = split(form, ':').size();
  std::vector<std::string> parts;
  std::string_view rest = text;
  while (parts.size() + 1 < count) {
    const auto colon = rest.find(':');
    if (colon == std::string_view::npos) return bad_input("--" + option + ": want " + form + ", got '" + text + "'");
    parts.emplace_back(rest.substr(0, colon));
    rest.remove_prefix(colon + 1);
  }
  parts.emplace_back(rest);
  return parts;
}

Result<tuf::Role> role_of(const std::string& name) {
  const auto role = tuf::role_named(lower(name));
  if (role) return *role;
  return bad_input("role: want root, targets, snapshot or timestamp, got '" + name + "'");
}

ceremony::Stream stream_of(const Invocation& call) {
  return call.given.has("prod") ? ceremony::Stream::prod : ceremony::Stream::ci;
}

class WishReader {
 public:
  explicit WishReader(const Invocation& call) : call_(call) {}

  Result<ceremony::DraftWish> wish() {
    wish_.factory = call_.given.text("factory");
    wish_.reason = call_.given.text("message");
    wish_.author = call_.given.text("author");
    wish_.stream = stream_of(call_);
    wish_.now = SystemClock().now();
    TRY(read_expiry());
    TRY(each("add", "ROLE:OWNER:FILE.pub", [this](const auto& parts) { return add(parts); }));
    TRY(each("remove", "ROLE:KEY", [this](const auto& parts) { return remove(parts); }));
    TRY(each("replace", "ROLE:KEY:OWNER:FILE.pub", [this](const auto& parts) { return replace(parts); }));
    TRY(each("threshold", "ROLE:NUMBER", [this](const auto& parts) { return threshold(parts); }));
    TRY(each("owner", "KEY:NAME", [this](const auto& parts) { return owner(parts); }));
    return std::move(wish_);
  }

 private:
  using Parts = std::vector<std::string>;

  Status each(const std::string& option, const std::string& form, const std::function<Status(const Parts&)>& take) {
    for (const auto& text : call_.given.list(option)) TRY_IN("--" + option, take(TRY(parts_of(option, text, form))));
    return {};
  }

  Status read_expiry() {
    const bool at = call_.given.has("expires"), after = call_.given.has("expire-after");
    if (at && after) return bad_input("--expires and --expire-after: want one of them");
    if (at) wish_.expires = TRY_IN("--expires", parse_instant(call_.given.text("expires")));
    if (after) wish_.expires = TRY_IN("--expire-after", after_period(wish_.now, call_.given.text("expire-after")));
    return {};
  }

  Result<ceremony::KeyEntry> entry(const std::string& role, const std::string& owner, const std::string& path) const {
    const Bytes bytes = TRY(call_.files.read(path, keys::kMaxKeyFile));
    auto key = TRY_IN("'" + path + "'", keys::read_public_key_file(bytes));
    const auto meant = TRY(role_of(role));
    return ceremony::KeyEntry{meant, owner, std::move(key)};
  }

  Status add(const Parts& parts) {
    wish_.add.push_back(TRY(entry(parts[0], parts[1], parts[2])));
    return {};
  }
  Status remove(const Parts& parts) {
    const auto role = TRY(role_of(parts[0]));
    wish_.remove.push_back({role, parts[1]});
    return {};
  }
  Status replace(const Parts& parts) {
    auto next = TRY(entry(parts[0], parts[2], parts[3]));
    ceremony::KeyExit exit{next.role, parts[1]};
    wish_.replace.emplace_back(std::move(exit), std::move(next));
    return {};
  }
  Status threshold(const Parts& parts) {
    const auto role = TRY(role_of(parts[0]));
    wish_.thresholds.emplace_back(role, TRY(decimal(parts[1], 1000)));
    return {};
  }
  Status owner(const Parts& parts) {
    wish_.owners.emplace_back(parts[0], parts[1]);
    return {};
  }

  const Invocation& call_;
  ceremony::DraftWish wish_;
};

// The roots before the anchor, for those whose own pin is older; the chain as it is when the server does not show them,
// or shows others.
ceremony::Chain with_older_roots(const ceremony::RootSource& source, const ceremony::Chain& chain) {
  std::vector<Bytes> roots;
  for (auto version = chain.front()->version - 1; version >= 1 && roots.size() < ceremony::kMaxDraftChain; --version) {
    auto bytes = ceremony::fetch_root(source, version);
    if (!bytes.ok() || !*bytes) break;
    roots.insert(roots.begin(), std::move(**bytes));
  }
  for (const auto& root : chain) roots.emplace_back(BytesView(root.raw()));
  auto whole = ceremony::verify_chain(roots);
  return whole.ok() ? std::move(whole).value() : chain;
}

// Both chains are changed alike, one draft each.
Status hint_at_production(const Invocation& call, ceremony::RootSource source) {
  if (source.stream == ceremony::Stream::prod) return {};
  source.stream = ceremony::Stream::prod;
  if (TRY(ceremony::fetch_newest_root(source)))
    call.talk.hint(
        "this factory has a production chain too: make a second draft of the same changes with --prod, and finish it "
        "after this one");
  return {};
}

// From a file, without a network; else from the server.
Result<ceremony::Chain> chain_to_start_from(const Invocation& call) {
  if (call.given.has("from")) {
    const Bytes bytes = TRY_IN("--from", call.files.read(call.given.text("from"), kMaxRoots));
    return TRY_IN("--from", ceremony::read_trusted_chain(bytes));
  }
  const std::string factory = call.given.text("factory");
  auto source = TRY(call.service.root_source(factory));
  source.stream = stream_of(call);
  TRY(hint_at_production(call, source));
  const auto chain = TRY(server_chain(call, source, factory));
  TRY(remember(call, source, factory, chain.back()));
  return with_older_roots(source, chain);
}

Status ceremony_new(const Invocation& call) {
  const std::string path = call.given.text("output");
  if (TRY(call.files.facts(path)).exists()) return conflict("'" + path + "': exists already", "name another file");
  const auto wish = TRY(WishReader(call).wish());
  const auto chain = TRY(chain_to_start_from(call));
  const auto draft = TRY(ceremony::checked_draft(TRY(ceremony::new_draft(chain, wish))));
  TRY(ceremony::DraftFile(call.files, path).write(draft.draft));
  const auto review = ceremony::reviewed(draft, wish.now);
  for (const auto& line : ceremony::lines(draft, review)) call.talk.say(line);
  call.talk.hint("compare the draft's number by telephone, then each signs: rota ceremony sign " + path +
                 " -k ARCHIVE");
  if (call.json())
    call.talk.out() << to_json(ceremony::to_json(draft, review)) << "\n";
  else
    call.talk.out() << path << "\n";
  return {};
}

using Kind = Option::Kind;

const Option kDraft{Kind::argument, "draft", "the draft file"};
const Option kTrustedRoot{Kind::value, "--trusted-root", "a root, or a roots archive, obtained by other means"};
const Option kFirstUse{Kind::flag, "--trust-on-first-use", "believe what is shown when nothing else is known"};
const Option kYes{Kind::flag, "--yes", "do not ask"};
const Option kAllow{Kind::value, "--allow", "let these findings pass; a comma between several"};
const Option kKeys{Kind::value, "-k,--keys", "archives or private key files; a comma between several"};
const Option kPassphraseFile{Kind::value, "--passphrase-file", "its first line opens sealed archives (also /dev/fd/N)"};
const Option kPinFile{Kind::value, "--pin-file", "PIN of the token or TPM that a key lives in"};
const Option kSigner{Kind::value, "--signer", "the program that signs for keys behind one"};
const Option kIdentity{Kind::value, "--identity", "file with age identities; a comma between several"};

Command new_command() {
  return {"new",
          "a draft of the next root, with the changes that are named",
          {{Kind::required_value, "-o,--output", "the draft file to write"},
           {Kind::required_value, "--factory", "whose root"},
           {Kind::required_value, "-m,--message", "why, for the record"},
           {Kind::value, "--author", "your name, for the record"},
           {Kind::value, "--from", "start from this root or roots archive, without a network"},
           {Kind::flag, "--prod", "of the production chain"},
           kTrustedRoot,
           kFirstUse,
           {Kind::values, "--add", "ROLE:OWNER:FILE.pub; may be repeated"},
           {Kind::values, "--remove", "ROLE:KEY, KEY an id, its beginning, or its owner"},
           {Kind::values, "--replace", "ROLE:KEY:OWNER:FILE.pub"},
           {Kind::values, "--threshold", "ROLE:NUMBER"},
           {Kind::values, "--owner", "KEY:NAME, for a key that has no name yet"},
           {Kind::value, "--expires", "when the root expires, 2030-01-01T00:00:00Z (a year from now)"},
           {Kind::value, "--expire-after", "the same as a period from now, 1Y3M5D"}},
          ceremony_new};
}

std::vector<Command> ceremony_commands() {
  const Option output{Kind::value, "-o,--output", "write here, not over the draft"};
  const Option transcript{Kind::value, "--transcript", "where it goes (the draft's name and .transcript)"};
  const Option carry{Kind::value, "--carry", "no network: write the finished root to this file"};
  const Option factory{Kind::value, "--factory", "whose root (the one the draft names)"};
  return {new_command(),
          {"review",
           "what it would change, who has signed, who is missing",
           {kDraft, kTrustedRoot, kKeys, kPassphraseFile, kIdentity, kPinFile, kSigner},
           ceremony_review},
          {"sign",
           "sign it with every key that fits, after showing it",
           {kDraft, kKeys, output, kTrustedRoot, kFirstUse, kAllow, kYes, kPassphraseFile, kIdentity, kPinFile, kSigner},
           ceremony_sign},
          {"merge",
           "join the signatures of copies of one draft",
           {{Kind::arguments, "drafts", "two or more"}, output},
           ceremony_merge},
          {"finish",
           "publish it once enough have signed, and write the transcript",
           {kDraft, transcript, carry, factory, kTrustedRoot, kFirstUse, kAllow, kYes},
           ceremony_finish},
          {"verify",
           "check a transcript, or the result of a drill, without a network",
           {{Kind::argument, "file", "the transcript, or the drill's result"}, kTrustedRoot},
           ceremony_verify}};
}

}  // namespace

int key_holder_exit_code(Fault fault) {
  switch (fault) {
    case Fault::bad_input:
    case Fault::not_found:
      return 1;
    case Fault::rejected:
    case Fault::expired:
      return 2;
    case Fault::io:
      return 3;
    case Fault::conflict:
      return 4;
    case Fault::denied:
      return 5;
    case Fault::unavailable:
      return 6;
  }
  abort_with("rota: no such fault");
}

Noun ceremony_noun() {
  return {"ceremony",
          "the next root, made by several people",
          ceremony_commands(),
          {"rota ceremony new -o next.draft --factory acme -m 'Bob leaves' --replace root:bob:carol:carol.pub",
           "rota ceremony sign next.draft -k alice.tgz", "rota ceremony merge next.draft next-from-carol.draft",
           "rota ceremony finish next.draft"},
          key_holder_exit_code};
}

}  // namespace rota::app
