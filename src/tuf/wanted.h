// Which entries of a targets file are kept. The others are read, checked for form and forgotten.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace rota::tuf {

struct Target;

class Wanted {
 public:
  static Wanted all();
  static Wanted none();
  static Wanted named(std::string name);
  // Asked about each entry; `rule` must not keep the reference.
  static Wanted where(std::function<bool(const Target&)> rule);

  // False: an entry of that name is not wanted, whatever it holds. Spares making it.
  bool may_want(std::string_view name) const;
  bool wants(const Target& target) const;

 private:
  enum class Rule { all, none, named, where };
  explicit Wanted(Rule rule) : rule_(rule) {}
  Rule rule_;
  std::string name_ = {};
  std::function<bool(const Target&)> asked_ = {};
};

}  // namespace rota::tuf
