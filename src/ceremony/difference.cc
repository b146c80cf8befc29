#include "ceremony/difference.h"

#include <algorithm>
#include <set>

namespace rota::ceremony {
namespace {

const Json kNothing;

const Json& member(const Json& json, std::string_view name) {
  const Json* found = json.find(name);
  return found == nullptr ? kNothing : *found;
}

std::set<std::string> names_of(const Json& a, const Json& b) {
  std::set<std::string> names;
  for (const Json* json : {&a, &b})
    if (json->if_object() != nullptr)
      for (const auto& [name, value] : *json->if_object()) names.insert(name);
  return names;
}

std::vector<KeyLine> keys_of(const Json& body, std::string_view role) {
  std::vector<KeyLine> lines;
  const Json& ids = member(member(member(body, "roles"), role), "keyids");
  if (ids.if_array() == nullptr) return lines;
  for (const Json& id : *ids.if_array()) {
    const std::string text = id.if_text() != nullptr ? *id.if_text() : rota::to_json(Json(Json::Array{id}));
    lines.push_back({text, member(member(body, "keys"), text).text_or("keytype", "?")});
  }
  return lines;
}

std::vector<KeyLine> without(const std::vector<KeyLine>& keys, const std::vector<KeyLine>& others) {
  std::vector<KeyLine> left;
  for (const auto& key : keys) {
    const auto same_id = [&](const KeyLine& other) { return other.id == key.id; };
    if (std::none_of(others.begin(), others.end(), same_id)) left.push_back(key);
  }
  return left;
}

RoleDifference role_difference(const Json& before, const Json& after, std::string_view role) {
  const auto old_keys = keys_of(before, role), new_keys = keys_of(after, role);
  return {without(new_keys, old_keys), without(old_keys, new_keys),
          member(member(before, "roles"), role).integer_or("threshold", 0),
          member(member(after, "roles"), role).integer_or("threshold", 0)};
}

// The role without what RoleDifference says of it.
Json rest_of_role(const Json& role, const RoleDifference& said) {
  Json rest = role;
  if (rest.if_object() == nullptr) return rest;
  rest.if_object()->erase("threshold");
  if (!said.added.empty() || !said.removed.empty()) rest.if_object()->erase("keyids");
  return rest;
}

// Key objects themselves: an id that is in both but means another key is the worst of differences.
void add_key_objects(RootDifference& out, const Json& before, const Json& after) {
  for (const auto& id : names_of(before, after)) {
    const bool in_both = before.find(id) != nullptr && after.find(id) != nullptr;
    if (in_both && !(member(before, id) == member(after, id))) out.others.push_back("keys/" + id);
  }
}

void add_roles(RootDifference& out, const Json& before, const Json& after) {
  for (const auto& name : names_of(member(before, "roles"), member(after, "roles"))) {
    const auto role = role_difference(before, after, name);
    if (!role.empty()) out.roles.emplace(name, role);
    if (!(rest_of_role(member(member(before, "roles"), name), role) ==
          rest_of_role(member(member(after, "roles"), name), role)))
      out.others.push_back("roles/" + name);
  }
}

std::string change(const auto& before, const auto& after) {
  if constexpr (std::is_same_v<std::decay_t<decltype(before)>, std::string>)
    return before + " -> " + after;
  else
    return std::to_string(before) + " -> " + std::to_string(after);
}

Json key_array(const std::vector<KeyLine>& keys) {
  Json out{Json::Array{}};
  for (const auto& key : keys) out.push_back(Json(Json::Object{{"keyid", key.id}, {"keytype", key.type}}));
  return out;
}

}  // namespace

bool RootDifference::empty() const {
  return version_before == version_after && expires_before == expires_after && roles.empty() && others.empty();
}

RootDifference difference(const Json& before, const Json& after) {
  RootDifference out{before.integer_or("version", 0), after.integer_or("version", 0), before.text_or("expires", ""),
                     after.text_or("expires", ""),    {},                             {}};
  add_roles(out, before, after);
  add_key_objects(out, member(before, "keys"), member(after, "keys"));
  for (const auto& name : names_of(before, after)) {
    if (name == "version" || name == "expires" || name == "roles" || name == "keys") continue;
    if (!(member(before, name) == member(after, name))) out.others.push_back(name);
  }
  return out;
}

std::vector<std::string> lines(const RootDifference& d) {
  std::vector<std::string> out;
  if (d.version_before != d.version_after) out.push_back("version: " + change(d.version_before, d.version_after));
  if (d.expires_before != d.expires_after) out.push_back("expires: " + change(d.expires_before, d.expires_after));
  for (const auto& [name, role] : d.roles) {
    for (const auto& key : role.removed) out.push_back(name + ": - " + key.id + " " + key.type);
    for (const auto& key : role.added) out.push_back(name + ": + " + key.id + " " + key.type);
    if (role.threshold_before != role.threshold_after)
      out.push_back(name + ": threshold " + change(role.threshold_before, role.threshold_after));
  }
  for (const auto& path : d.others) out.push_back("changed: " + path);
  return out;
}

Json to_json(const RootDifference& d) {
  Json roles{Json::Object{}};
  for (const auto& [name, role] : d.roles) {
    roles[name] = Json(Json::Object{{"added", key_array(role.added)}, {"removed", key_array(role.removed)}});
    roles[name]["threshold"] = Json(Json::Array{Json(role.threshold_before), Json(role.threshold_after)});
  }
  Json others{Json::Array{}};
  for (const auto& path : d.others) others.push_back(Json(path));
  return Json(Json::Object{{"version", Json(Json::Array{Json(d.version_before), Json(d.version_after)})},
                           {"expires", Json(Json::Array{Json(d.expires_before), Json(d.expires_after)})},
                           {"roles", std::move(roles)},
                           {"others", std::move(others)}});
}

}  // namespace rota::ceremony
