#include "server/toml_text.h"

#include <toml++/toml.h>

#include <sstream>

#include "base/bytes.h"

namespace rota::server {
namespace {

// Reads a document; the library's exceptions end here.
Result<toml::table> parsed(std::string_view text) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return bad_input("toml: line " + std::to_string(error.source().begin.line) + ": " +
                     std::string(error.description()));
  }
}

bool is_secret_name(std::string_view key) {
  for (const std::string_view name : {"pass", "pin", "password", "secret", "token"})
    if (equals_ignoring_case(key, name)) return true;
  return false;
}

void mask(toml::node& node);

void mask_table(toml::table& table) {
  std::vector<std::string> secrets;
  for (auto&& [key, node] : table) {
    if (is_secret_name(key.str()))
      secrets.emplace_back(key.str());
    else
      mask(node);
  }
  for (const auto& key : secrets) table.insert_or_assign(key, "***");
}

void mask(toml::node& node) {
  if (auto* table = node.as_table()) mask_table(*table);
  if (auto* array = node.as_array())
    for (auto& item : *array) mask(item);
}

// Strings in double quotes on one line: what the ini reader of aktualizr understands too.
std::string written(const toml::node& node) {
  constexpr auto kFlags = toml::toml_formatter::default_flags &
                          ~(toml::format_flags::allow_literal_strings | toml::format_flags::allow_multi_line_strings);
  std::ostringstream out;
  node.visit([&](const auto& value) { out << toml::toml_formatter(value, kFlags); });
  return out.str();
}

}  // namespace

Result<std::string> masked_toml(std::string_view text) {
  auto table = TRY(parsed(text));
  mask_table(table);
  return written(table);
}

Result<std::string> one_toml_value(std::string_view text) {
  auto table = TRY(parsed("value = " + std::string(text)));
  toml::node* value = table.get("value");
  if (table.size() != 1 || value == nullptr) return bad_input("toml: want exactly one value");
  if (auto* inner = value->as_table()) {
    if (!inner->is_inline()) return bad_input("toml: want exactly one value");
  }
  std::string line = written(*value);
  if (const auto again = TRY(parsed("value = " + line)); again != table)
    return bad_input("toml: a value that cannot be written");
  return line;
}

std::string toml_string(std::string_view text) {
  return written(toml::value<std::string>(std::string(text)));
}

}  // namespace rota::server
