// Strict JSON as a value. Refused everywhere: duplicate members (after unescaping), text after the value, comments, a byte
// order mark, invalid UTF-8, lone surrogates, nesting deeper than 64, a scalar at the top.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"

namespace rota {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::map<std::string, Json, std::less<>>;  // sorted by the bytes of the unescaped key
  struct Number {                                           // a number that is not a plain 64-bit integer, as written
    std::string text;
    bool operator==(const Number&) const = default;
  };

  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(static_cast<std::int64_t>(value)) {}
  Json(std::int64_t value) : value_(value) {}
  Json(const char* text) : value_(std::string(text)) {}
  Json(std::string text) : value_(std::move(text)) {}
  Json(std::string_view text) : value_(std::string(text)) {}
  Json(Number number) : value_(std::move(number)) {}
  Json(Array items) : value_(std::move(items)) {}
  Json(Object members) : value_(std::move(members)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  const bool* if_bool() const { return std::get_if<bool>(&value_); }
  const std::int64_t* if_int() const { return std::get_if<std::int64_t>(&value_); }
  const std::string* if_text() const { return std::get_if<std::string>(&value_); }
  const Number* if_number() const { return std::get_if<Number>(&value_); }
  const Array* if_array() const { return std::get_if<Array>(&value_); }
  const Object* if_object() const { return std::get_if<Object>(&value_); }
  Array* if_array() { return std::get_if<Array>(&value_); }
  Object* if_object() { return std::get_if<Object>(&value_); }

  // The member of that name, or nullptr when this is no object or has none.
  const Json* find(std::string_view name) const;
  Json* find(std::string_view name);
  // The member of that name, made (null) when missing; a null becomes an object. Aborts on any other kind.
  Json& operator[](std::string_view name);
  void push_back(Json item);  // a null becomes an array

  // What a caller needs, or bad_input "<name>: want text" and so on.
  Result<std::string> text(std::string_view name) const;
  Result<std::int64_t> integer(std::string_view name) const;
  Result<bool> boolean(std::string_view name) const;
  Result<const Array*> array(std::string_view name) const;
  Result<const Object*> object(std::string_view name) const;
  // The member's text, or `otherwise` when it is missing, null or not text.
  std::string text_or(std::string_view name, std::string_view otherwise) const;
  std::int64_t integer_or(std::string_view name, std::int64_t otherwise) const;

  bool operator==(const Json&) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, Number, std::string, Array, Object> value_;
};

struct JsonRules {
  enum class Numbers { integers, any };
  Numbers numbers = Numbers::integers;  // integers: no fraction, exponent or -0, within 64 bits
  std::size_t max_bytes = 8u << 20;
  int max_depth = 64;
  std::size_t max_values = 500'000;  // a value takes tens of bytes in memory, and as few as two in the text
};

// Errors: bad_input, saying where.
Result<Json> parse_json(BytesView bytes, const JsonRules& rules = {});

// For programs: members sorted, no white space, everything but '"', '\' and control characters raw.
std::string to_json(const Json& value);
// For people: two spaces a level, "key" : value, a final newline.
std::string to_pretty_json(const Json& value);

}  // namespace rota
