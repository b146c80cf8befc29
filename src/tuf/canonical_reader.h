// Reads JSON that is canonical as it stands (formats.md 7), piece by piece, in one pass and without a copy.
// In:    bytes of a file, nothing believed.
// Out:   values in file order; the text of any of them is the text a signature covers.
// Never: anything accepted that strict JSON with one value, no duplicate members and plain integers would not be; bytes
//        that canonical(the same value) would spell otherwise. Whoever stops with ok() false asks parse_json instead.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace rota::tuf {

// Canonical here: no white space; members strictly ascending by the bytes of their unescaped names; in text only '"',
// '\', LF, CR and TAB escaped, each in its short form, and valid UTF-8 without other control characters; integers of at
// most 18 digits, no -0, fraction or exponent; at most 64 levels.
class CanonicalReader {
 public:
  explicit CanonicalReader(std::string_view text) : text_(text) {}

  // Text as it stands between its quotes.
  struct Text {
    std::string_view raw;
    bool escaped = false;
    std::string unescaped() const;
    // `plain`: not empty, nothing in it that is escaped.
    bool is(std::string_view plain) const {
      return raw.size() == plain.size() && raw.front() == plain.front() && raw == plain;
    }
  };
  // Where the reading of one object stands.
  struct Members {
    Text names[2];  // the last one and the one before, in turns
    unsigned turn = 0;
    bool begun = false;
  };

  // Each reads what its name says. False or nothing: something else stands here, or it is not canonical; ok() is false
  // then and stays so, and nothing more is read.
  bool literal(std::string_view exactly);
  bool literal(char exactly) {
    if (!ok_ || peek() != exactly) return fail();
    ++at_;
    return true;
  }
  bool enter_object();
  const Text* next_member(Members& members);  // its name, until the next call; nullptr with ok(): the object has ended
  bool enter_array();
  bool next_item(bool& begun);  // false with ok(): the array has ended
  std::optional<Text> text();
  std::optional<std::int64_t> integer();
  bool skip();                 // any value, checked like those that are kept
  std::optional<Json> tree();  // any value

  bool ok() const { return ok_; }
  std::size_t at() const { return at_; }
  const char* here() const { return text_.data() + at_; }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  // Of what was read so far: how its spelling differs between the canonical forms.
  bool has_white_escapes() const { return white_escapes_; }  // LF, CR, TAB: other bytes in the olpc form
  bool has_non_ascii() const { return non_ascii_; }          // other bytes in the device form

 private:
  bool fail() {
    ok_ = false;
    return false;
  }
  bool read_text(Text& text);
  bool enter(char bracket);
  bool leave(char bracket);
  bool escape();
  bool utf8();
  std::optional<Json> object();
  std::optional<Json> array();

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool ok_ = true;
  bool white_escapes_ = false;
  bool non_ascii_ = false;
};

}  // namespace rota::tuf
