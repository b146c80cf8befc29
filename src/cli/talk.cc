#include "cli/talk.h"

#include <algorithm>
#include <iostream>

namespace rota::cli {
namespace {

// Messages quote what strangers wrote.
std::string fit_for_a_terminal(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f; }, '?');
  return out;
}

}  // namespace

Talk Talk::standard() { return Talk(std::cout, std::cerr); }

void Talk::say(std::string_view line) const { err() << fit_for_a_terminal(line) << '\n'; }
void Talk::warn(std::string_view line) const { err() << "warning: " << fit_for_a_terminal(line) << '\n'; }
void Talk::hint(std::string_view line) const { err() << "hint: " << fit_for_a_terminal(line) << '\n'; }

void Talk::error(const Error& error) const {
  err() << "error: " << fit_for_a_terminal(error.what) << '\n';
  if (!error.hint.empty()) hint(error.hint);
}

std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& cell : header) widths.push_back(cell.size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  const auto line = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths[i] - row[i].size() + 2, ' ');
    }
    out += '\n';
  };
  line(header);
  for (const auto& row : rows) line(row);
  return out;
}

int exit_code(Fault fault) { return fault == Fault::bad_input ? 2 : 1; }

}  // namespace rota::cli
