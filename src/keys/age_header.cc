#include "keys/age_header.h"

#include <algorithm>

namespace rota::keys {
namespace {

constexpr std::string_view kVersionLine = "age-encryption.org/v1\n";
constexpr std::string_view kArmorStart = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view kArmorEnd = "-----END AGE ENCRYPTED FILE-----";
constexpr std::size_t kMaxHeader = 64 * 1024, kMaxStanzas = 64, kColumns = 64, kMac = 32;

Error misformed(const std::string& what) { return bad_input("age: " + what); }

// Reads a header line by line; only LF ends a line.
class Lines {
 public:
  explicit Lines(BytesView text) : text_(text) {}

  Result<BytesView> next() {
    const auto end = text_.substr(at_, kMaxHeader).find('\n');
    if (end == BytesView::npos || at_ + end > kMaxHeader) return misformed("the header does not end");
    const BytesView line = text_.substr(at_, end);
    at_ += end + 1;
    return line;
  }
  std::size_t at() const { return at_; }

 private:
  BytesView text_;
  std::size_t at_ = 0;
};

bool is_visible(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) { return c >= 33 && c <= 126; });
}

Result<Bytes> read_body(Lines& lines) {
  Bytes body;
  while (true) {
    const BytesView line = TRY(lines.next());
    if (line.size() > kColumns) return misformed("a stanza's line is longer than 64 columns");
    body += TRY(unbase64_bare(line));
    if (line.size() < kColumns) return body;
  }
}

Result<AgeStanza> read_stanza(BytesView line, Lines& lines) {
  AgeStanza stanza{split(line.substr(3), ' '), {}};
  if (!std::ranges::all_of(stanza.words, is_visible)) return misformed("a stanza's words");
  stanza.body = TRY(read_body(lines));
  return stanza;
}

Result<AgeHeader> read_binary(BytesView bytes) {
  Lines lines(bytes);
  TRY(lines.next());  // the version: is_age has seen it
  AgeHeader header;
  BytesView line = TRY(lines.next());
  for (; line.starts_with("-> "); line = TRY(lines.next())) {
    if (header.stanzas.size() == kMaxStanzas) return misformed("more than 64 stanzas");
    header.stanzas.push_back(TRY(read_stanza(line, lines)));
  }
  if (!line.starts_with("--- ")) return misformed("want '---', got another line");
  if (header.stanzas.empty()) return misformed("no stanza");
  const bool scrypt = std::ranges::any_of(header.stanzas, [](const auto& s) { return s.words[0] == "scrypt"; });
  if (scrypt && header.stanzas.size() > 1) return misformed("a scrypt stanza stands alone");
  header.mac = TRY(unbase64_bare(line.substr(4)));
  if (header.mac.size() != kMac) return misformed("the header's MAC has another size");
  header.text = Bytes(bytes.substr(0, lines.at() - line.size() - 1 + 3));
  header.payload = Bytes(bytes.substr(lines.at()));
  return header;
}

// Strict ASCII armour (RFC 7468): full lines of 64 columns, white space only around it.
Result<Bytes> without_armor(BytesView text) {
  std::vector<std::string> lines = split(trim(text), '\n');
  for (std::string& line : lines)
    if (line.ends_with('\r')) line.pop_back();
  if (lines.front() != kArmorStart) return misformed("the first line of the ASCII armour");
  if (lines.back() != kArmorEnd) return misformed("the ASCII armour does not end");
  Bytes base64_text;
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
    const bool last = i + 2 == lines.size();
    if (lines[i].empty() || lines[i].size() > kColumns || (!last && lines[i].size() < kColumns))
      return misformed("the lines of the ASCII armour");
    base64_text += lines[i];
  }
  return TRY_IN("age: ASCII armour", unbase64(base64_text));
}

}  // namespace

bool is_age(BytesView bytes) {
  return bytes.starts_with(kVersionLine) || trim(bytes.substr(0, 256)).starts_with(kArmorStart);
}

Result<AgeHeader> read_age_header(BytesView bytes) {
  if (!is_age(bytes)) return misformed("not an age v1 file");
  if (bytes.starts_with(kVersionLine)) return read_binary(bytes);
  const Bytes binary = TRY(without_armor(bytes));
  if (!binary.starts_with(kVersionLine)) return misformed("not an age v1 file inside the ASCII armour");
  return read_binary(binary);
}

Bytes age_header_text(const std::vector<AgeStanza>& stanzas) {
  Bytes text(kVersionLine);
  for (const AgeStanza& stanza : stanzas) {
    text += "->";
    for (const auto& word : stanza.words) text += " " + word;
    std::string body = base64_bare(stanza.body);
    for (; body.size() >= kColumns; body.erase(0, kColumns)) text += "\n" + body.substr(0, kColumns);
    text += "\n" + body + "\n";
  }
  return text + "---";
}

std::string base64_bare(BytesView bytes) {
  std::string text = base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  return text;
}

Result<Bytes> unbase64_bare(std::string_view text) {
  if (text.find('=') != std::string_view::npos) return misformed("base64 with padding");
  std::string padded(text);
  padded.append((4 - padded.size() % 4) % 4, '=');
  return unbase64(padded);
}

}  // namespace rota::keys
