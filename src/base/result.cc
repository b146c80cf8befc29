#include "base/result.h"

#include <cstdio>

namespace rota {

std::string_view name_of(Fault fault) {
  switch (fault) {
    case Fault::rejected: return "rejected";
    case Fault::expired: return "expired";
    case Fault::not_found: return "not found";
    case Fault::unavailable: return "unavailable";
    case Fault::denied: return "denied";
    case Fault::bad_input: return "bad input";
    case Fault::conflict: return "conflict";
    case Fault::io: return "i/o";
  }
  abort_with("Fault: not one of its values");
}

Error Error::in(std::string_view where) const { return {fault, std::string(where) + ": " + what, hint}; }

void abort_with(std::string_view why) {
  std::fprintf(stderr, "bug: %.*s\n", static_cast<int>(why.size()), why.data());
  std::abort();
}

Error rejected(std::string what, std::string hint) { return {Fault::rejected, std::move(what), std::move(hint)}; }
Error bad_input(std::string what, std::string hint) { return {Fault::bad_input, std::move(what), std::move(hint)}; }
Error not_found(std::string what, std::string hint) { return {Fault::not_found, std::move(what), std::move(hint)}; }
Error conflict(std::string what, std::string hint) { return {Fault::conflict, std::move(what), std::move(hint)}; }
Error unavailable(std::string what, std::string hint) {
  return {Fault::unavailable, std::move(what), std::move(hint)};
}
Error denied(std::string what, std::string hint) { return {Fault::denied, std::move(what), std::move(hint)}; }
Error io_error(std::string what, std::string hint) { return {Fault::io, std::move(what), std::move(hint)}; }

Error want_got(std::string_view what, std::string_view want, std::string_view got) {
  return rejected(std::string(what) + ": want " + std::string(want) + ", got " + std::string(got));
}

Error want_got(std::string_view what, long long want, long long got) {
  return want_got(what, std::to_string(want), std::to_string(got));
}

}  // namespace rota
