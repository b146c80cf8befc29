// Errors are values. A function that can be refused returns Result<T>; TRY(expr) takes the value or returns the error.
#pragma once

#include <concepts>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace rota {

// What the caller should do about it. Closed on purpose: a switch over it has no default.
enum class Fault {
  rejected,     // never accept these bytes; report them
  expired,      // was good once; fetch a newer one
  not_found,    // it does not exist
  unavailable,  // the other side did not answer; back off and retry
  denied,       // one side does not accept who the other is (TLS, 401, 403); retrying does not help
  bad_input,    // a person must correct something
  conflict,     // somebody else was first; reload and redo
  io,           // this machine failed (disk full, permission, broken file)
};

std::string_view name_of(Fault fault);

// Text for people: `what` is "where: what: want X, got Y"; `hint`, if any, says what to do next.
struct Error {
  Fault fault;
  std::string what;
  std::string hint = {};

  // The same error seen from one level up: "where: what".
  Error in(std::string_view where) const;
};

[[noreturn]] void abort_with(std::string_view why);

// Either a T or an Error. Looking at the wrong side aborts: that is a bug, never an input.
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : side_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : side_(std::in_place_index<1>, std::move(error)) {}
  template <typename U>
    requires(std::convertible_to<U &&, T> && !std::same_as<std::remove_cvref_t<U>, T> &&
             !std::same_as<std::remove_cvref_t<U>, Error> && !std::same_as<std::remove_cvref_t<U>, Result<T>>)
  Result(U&& value) : side_(std::in_place_index<0>, std::forward<U>(value)) {}

  bool ok() const { return side_.index() == 0; }
  explicit operator bool() const { return ok(); }

  const T& value() const& { return *checked(); }
  T& value() & { return *const_cast<T*>(std::as_const(*this).checked()); }
  T value() && { return std::move(value()); }  // by value: safe in `for (x : f().value())`
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T operator*() && { return std::move(value()); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  const Error& error() const& {
    if (ok()) abort_with("Result: error() of a value");
    return *std::get_if<1>(&side_);
  }
  Error&& error() && {
    if (ok()) abort_with("Result: error() of a value");
    return std::move(*std::get_if<1>(&side_));
  }

 private:
  const T* checked() const {
    if (!ok()) abort_with("Result: value() of an error: " + std::get_if<1>(&side_)->what);
    return std::get_if<0>(&side_);
  }
  std::variant<T, Error> side_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  void value() const {
    if (error_) abort_with("Result: value() of an error: " + error_->what);
  }
  const Error& error() const {
    if (!error_) abort_with("Result: error() of a value");
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

namespace detail {
template <typename T>
T take(Result<T>&& r) {
  return std::move(r).value();
}
inline void take(Result<void>&&) {}
}  // namespace detail

// The value of `expr`, or an early return of its error. Not inside a coroutine: use co_return there.
#define TRY(...) ROTA_TRY(ROTA_TRY_NAME(__COUNTER__), , __VA_ARGS__)
// As TRY, with "where: " put before the error's text.
#define TRY_IN(where, ...) ROTA_TRY(ROTA_TRY_NAME(__COUNTER__), .in(where), __VA_ARGS__)

#define ROTA_TRY(name, as, ...)                                \
  __extension__({                                              \
    auto name = (__VA_ARGS__);                                 \
    if (!name.ok()) return std::move(name).error() as;         \
    ::rota::detail::take(std::move(name));                     \
  })
#define ROTA_TRY_NAME(n) ROTA_TRY_JOINED(rota_try_, n)
#define ROTA_TRY_JOINED(a, b) a##b

Error rejected(std::string what, std::string hint = {});
Error bad_input(std::string what, std::string hint = {});
Error not_found(std::string what, std::string hint = {});
Error conflict(std::string what, std::string hint = {});
Error unavailable(std::string what, std::string hint = {});
Error denied(std::string what, std::string hint = {});
Error io_error(std::string what, std::string hint = {});

// rejected, "what: want X, got Y".
Error want_got(std::string_view what, std::string_view want, std::string_view got);
Error want_got(std::string_view what, long long want, long long got);

}  // namespace rota
