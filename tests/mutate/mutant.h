// Put before each source that carries mutants. A source is compiled once with all of its mutants in it; the environment
// says which one is awake: ROTA_MUTANT="src/tuf/verify.cc:17". None is, otherwise.
#pragma once

#include <type_traits>
#include <utility>
#include <vector>

namespace mutate {

// The mutants of one source.
class File {
 public:
  explicit File(const char* path);
  // True when the mutant of that number is awake; notes that somebody asked.
  bool awake(int number) {
    const auto at = static_cast<std::vector<bool>::size_type>(number);
    if (at >= asked.size()) asked.resize(at + 1);
    asked[at] = true;
    return number == awake_;
  }

  const char* path;
  std::vector<bool> asked;

 private:
  int awake_ = -1;
};

// The value that a condition declares, or nothing.
template <typename T>
T declared(bool nothing, T value) {
  if constexpr (std::is_default_constructible_v<T>) {
    if (nothing) return T{};
  }
  return value;
}

// `a < edge(awake) < b` is `a < b`, or `a <= b` when the mutant is awake; likewise for <=, > and >=.
struct Edge {
  bool moved;
};
template <typename A>
struct Half {
  const A& a;
  bool moved;
};

template <typename A>
constexpr Half<A> operator<(const A& a, Edge edge) { return {a, edge.moved}; }
template <typename A>
constexpr Half<A> operator<=(const A& a, Edge edge) { return {a, edge.moved}; }
template <typename A>
constexpr Half<A> operator>(const A& a, Edge edge) { return {a, edge.moved}; }
template <typename A>
constexpr Half<A> operator>=(const A& a, Edge edge) { return {a, edge.moved}; }
// The other side as a comparison with A wants it: each lane of a vector is compared with a number, any other value as it is.
template <typename A, typename B>
constexpr decltype(auto) beside(const B& b) {
  if constexpr (std::is_scalar_v<A> || std::is_class_v<A>) {
    return (b);
  } else {
    return A{} + static_cast<std::decay_t<decltype(A{}[0])>>(b);
  }
}
template <typename A, typename B>
constexpr auto operator<(Half<A> half, const B& b) {
  return half.moved ? half.a <= beside<A>(b) : half.a < beside<A>(b);
}
template <typename A, typename B>
constexpr auto operator<=(Half<A> half, const B& b) {
  return half.moved ? half.a < beside<A>(b) : half.a <= beside<A>(b);
}
template <typename A, typename B>
constexpr auto operator>(Half<A> half, const B& b) {
  return half.moved ? half.a >= beside<A>(b) : half.a > beside<A>(b);
}
template <typename A, typename B>
constexpr auto operator>=(Half<A> half, const B& b) {
  return half.moved ? half.a > beside<A>(b) : half.a >= beside<A>(b);
}

}  // namespace mutate
