#include "tuf/wanted.h"

#include "tuf/metadata.h"

namespace rota::tuf {

Wanted Wanted::all() {
  return Wanted(Rule::all);
}
Wanted Wanted::none() {
  return Wanted(Rule::none);
}

Wanted Wanted::named(std::string name) {
  Wanted wanted(Rule::named);
  wanted.name_ = std::move(name);
  return wanted;
}

Wanted Wanted::where(std::function<bool(const Target&)> rule) {
  Wanted wanted(Rule::where);
  wanted.asked_ = std::move(rule);
  return wanted;
}

bool Wanted::may_want(std::string_view name) const {
  return rule_ == Rule::all || rule_ == Rule::where || (rule_ == Rule::named && name == name_);
}

bool Wanted::wants(const Target& target) const {
  return may_want(target.name) && (rule_ != Rule::where || asked_(target));
}

}  // namespace rota::tuf
