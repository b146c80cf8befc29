#include "keys/pkcs11_uri.h"

#include <algorithm>
#include <map>

namespace rota::keys {
namespace {

constexpr std::string_view kScheme = "pkcs11:", kFile = "file:";
constexpr std::string_view kIgnored[] = {"library-manufacturer", "library-description", "library-version",
                                         "slot-manufacturer", "slot-description"};

using Attributes = std::map<std::string, std::string, std::less<>>;

Error wrong(const std::string& what) { return bad_input("PKCS#11 URI: " + what); }

bool is_text(std::string_view value) {
  return std::ranges::none_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

Status read_attribute(Attributes& attributes, std::string_view part) {
  const auto equals = part.find('=');
  if (equals == std::string_view::npos) return wrong("want name=value, got '" + std::string(part.substr(0, 40)) + "'");
  const std::string name(part.substr(0, equals));
  auto value = TRY_IN("PKCS#11 URI: " + name.substr(0, 40), percent_decoded(part.substr(equals + 1)));
  if (name != "id" && !is_text(value)) return wrong(name.substr(0, 40) + ": a control character");
  if (!attributes.emplace(name, std::move(value)).second) return wrong(name.substr(0, 40) + " is given twice");
  return {};
}

Result<Attributes> attributes_of(std::string_view text) {
  Attributes attributes;
  const auto question = text.find('?');
  for (const auto& part : split(text.substr(0, question), ';'))
    if (!part.empty()) TRY(read_attribute(attributes, part));
  if (question == std::string_view::npos) return attributes;
  for (const auto& part : split(text.substr(question + 1), '&'))
    if (!part.empty()) TRY(read_attribute(attributes, part));
  return attributes;
}

std::string taken(Attributes& attributes, std::string_view name) {
  const auto at = attributes.find(name);
  if (at == attributes.end()) return {};
  std::string value = std::move(at->second);
  attributes.erase(at);
  return value;
}

Result<std::string> path_taken(Attributes& attributes, std::string_view name) {
  std::string path = taken(attributes, name);
  if (path.starts_with("|")) return wrong(std::string(name) + ": a program to run is not accepted; name a file");
  if (path.starts_with(kFile)) path.erase(0, kFile.size());
  if (path.starts_with("///")) path.erase(0, 2);  // file:///path
  if (!path.empty() && (!path.starts_with('/') || path.starts_with("//")))
    return wrong(std::string(name) + ": want an absolute path, got '" + path.substr(0, 80) + "'");
  return path;
}

Status holds_no_pin(const Attributes& attributes) {
  if (attributes.contains("pin-value"))
    return bad_input("PKCS#11 URI: pin-value: a PIN does not belong in a URI", "put it in a file of mode 0600 and say pin-source=/that/file");
  if (attributes.contains("module-name"))
    return bad_input("PKCS#11 URI: module-name: want module-path, which names one file");
  return {};
}

Status nothing_unknown(const Attributes& attributes) {
  for (const auto& [name, value] : attributes)
    if (!name.starts_with("x-") && std::ranges::find(kIgnored, name) == std::end(kIgnored))
      return wrong("unknown attribute '" + name.substr(0, 40) + "'");
  return {};
}

void append(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (!out.empty() && out.back() != ':' && out.back() != '?') out += out.find('?') == std::string::npos ? ';' : '&';
  out.append(name).append("=").append(percent_encoded(value, name.ends_with("path") || name == "pin-source" ? "/" : ""));
}

}  // namespace

Result<Pkcs11Uri> Pkcs11Uri::parse(std::string_view text) {
  if (text.size() > kMaxPkcs11Uri) return wrong("longer than " + std::to_string(kMaxPkcs11Uri) + " bytes");
  if (!text.starts_with(kScheme)) return wrong("want pkcs11:…, got '" + std::string(text.substr(0, 40)) + "'");
  auto attributes = TRY(attributes_of(text.substr(kScheme.size())));
  TRY(holds_no_pin(attributes));
  Pkcs11Uri uri;
  for (const auto& [name, member] : {std::pair{"token", &uri.token}, {"manufacturer", &uri.manufacturer}, {"model", &uri.model},
                                     {"serial", &uri.serial}, {"object", &uri.object}, {"id", &uri.id}, {"slot-id", &uri.slot_id}})
    *member = taken(attributes, name);
  if (!uri.slot_id.empty()) TRY_IN("PKCS#11 URI: slot-id", decimal(uri.slot_id, UINT32_MAX));
  uri.module_path = TRY(path_taken(attributes, "module-path"));
  uri.pin_source = TRY(path_taken(attributes, "pin-source"));
  if (const auto type = taken(attributes, "type"); !type.empty() && type != "private")
    return wrong("type: want private, got '" + type.substr(0, 40) + "'");
  TRY(nothing_unknown(attributes));
  return uri;
}

std::string Pkcs11Uri::text() const {
  std::string out(kScheme);
  append(out, "token", token);
  append(out, "manufacturer", manufacturer);
  append(out, "model", model);
  append(out, "serial", serial);
  append(out, "slot-id", slot_id);
  append(out, "id", id);
  append(out, "object", object);
  append(out, "type", "private");
  if (module_path.empty() && pin_source.empty()) return out;
  out += '?';
  append(out, "module-path", module_path);
  append(out, "pin-source", pin_source);
  return out;
}

}  // namespace rota::keys
