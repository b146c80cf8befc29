#include "tuf/canonical.h"

#include <algorithm>
#include <utility>

namespace rota::tuf {
namespace {

constexpr std::int64_t kMaxInteger = (std::int64_t{1} << 53) - 1;

// One character of valid UTF-8 at `at`, which moves past it.
char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(at);
  const std::size_t more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  char32_t point = more == 0 ? lead : lead & (0x3fu >> more);
  for (std::size_t i = 1; i <= more && at + i < text.size(); ++i) point = (point << 6) | (byte(at + i) & 0x3fu);
  at = std::min(at + more + 1, text.size());
  return point;
}

[[gnu::cold]] void write_utf16_escape(std::string& out, char32_t point) {
  const auto unit = [&](char32_t value) {
    const char bytes[] = {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
    out += "\\u" + hex({bytes, sizeof bytes});
  };
  if (point < 0x10000) return unit(point);
  unit(0xd800 + ((point - 0x10000) >> 10));
  unit(0xdc00 + ((point - 0x10000) & 0x3ff));
}

// What libaktualizr prints where the uptane form is raw: other control characters and everything beyond ASCII.
[[gnu::cold]] void write_device_text(std::string& out, std::string_view text) {
  constexpr std::string_view kNamed = "\"\\\n\r\t\b\f", kNames = "\"\\nrtbf";
  for (std::size_t at = 0; at < text.size();) {
    const char32_t point = next_code_point(text, at);
    const bool ascii = point < 0x80;
    const auto named = ascii ? kNamed.find(static_cast<char>(point)) : std::string_view::npos;
    if (named != std::string_view::npos)
      (out += '\\') += kNames[named];
    else if (ascii && point >= 0x20)
      out.push_back(static_cast<char>(point));
    else
      write_utf16_escape(out, point);
  }
}

// Runs of characters that are written as they are go over in one piece.
void write_raw_text(std::string& out, std::string_view text, CanonicalForm form) {
  const auto is_escaped = [form](char c) {
    const bool white = c == '\n' || c == '\r' || c == '\t';
    return c == '"' || c == '\\' || (white && form == CanonicalForm::uptane);
  };
  for (std::size_t at = 0;;) {
    const std::size_t end =
        static_cast<std::size_t>(std::find_if(text.begin() + at, text.end(), is_escaped) - text.begin());
    out.append(text, at, end - at);
    if (end == text.size()) return;
    const char c = text[end];
    (out += '\\') += c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c;
    at = end + 1;
  }
}

class Writer {
 public:
  Writer(std::string& out, CanonicalForm form) : out_(out), form_(form) {}

  void write(const Json& value) {
    if (value.is_null()) out_ += "null";
    if (const auto* truth = value.if_bool()) out_ += *truth ? "true" : "false";
    if (const auto* integer = value.if_int()) out_ += std::to_string(*integer);
    if (const auto* number = value.if_number()) out_ += number->text;
    if (const auto* text = value.if_text()) write_text(*text);
    if (const auto* items = value.if_array()) write_array(*items);
    if (const auto* members = value.if_object()) write_object(*members);
  }

 private:
  void write_text(std::string_view text) {
    out_.push_back('"');
    if (form_ == CanonicalForm::device)
      write_device_text(out_, text);
    else
      write_raw_text(out_, text, form_);
    out_.push_back('"');
  }

  void write_array(const Json::Array& items) {
    char before = '[';
    for (const Json& item : items) {
      out_.push_back(std::exchange(before, ','));
      write(item);
    }
    out_ += items.empty() ? "[]" : "]";
  }

  void write_object(const Json::Object& members) {
    char before = '{';
    for (const auto& [name, member] : members) {
      out_.push_back(std::exchange(before, ','));
      write_text(name);
      out_.push_back(':');
      write(member);
    }
    out_ += members.empty() ? "{}" : "}";
  }

  std::string& out_;
  CanonicalForm form_;
};

bool in_subset(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return (c >= 0x20 && c <= 0x7e) || c == '\n' || c == '\r' || c == '\t'; });
}

enum class Text { any, subset };

// `where` is the path of `value`, empty at the top.
Status check(const Json& value, Text rule, const std::string& where) {
  const auto refuse = [&](std::string_view why) {
    return bad_input((where.empty() ? "signed content" : where) + ": " + std::string(why));
  };
  const auto refused = [&](std::string_view text) { return rule == Text::subset && !in_subset(text); };
  if (value.if_number() != nullptr) return refuse("want integers of at most 2^53-1 in plain form");
  if (const auto* integer = value.if_int(); integer != nullptr && (*integer > kMaxInteger || *integer < -kMaxInteger))
    return refuse("want integers of at most 2^53-1, got " + std::to_string(*integer));
  if (const auto* text = value.if_text(); text != nullptr && refused(*text))
    return refuse("want printable ASCII, line ends and tabs only");
  if (const auto* items = value.if_array()) {
    for (std::size_t i = 0; i < items->size(); ++i)
      TRY(check((*items)[i], rule, where + "[" + std::to_string(i) + "]"));
  }
  if (const auto* members = value.if_object()) {
    for (const auto& [name, member] : *members) {
      if (refused(name)) return refuse("a member's name: want printable ASCII, line ends and tabs only");
      TRY(check(member, rule, where.empty() ? name : where + "." + name));
    }
  }
  return {};
}

}  // namespace

std::string canonical(const Json& value, CanonicalForm form) {
  std::string out;
  Writer(out, form).write(value);
  return out;
}

Status in_canonical_subset(const Json& value) {
  return check(value, Text::subset, "");
}

Status has_safe_integers(const Json& value) {
  return check(value, Text::any, "");
}

}  // namespace rota::tuf
