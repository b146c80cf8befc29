#include "tuf/admit.h"
#include "tuf/form.h"

namespace rota::tuf {
namespace {

using Faults = std::vector<std::string>;

void note(Faults& faults, const Status& status) {
  if (!status.ok()) faults.push_back(status.error().what);
}

template <typename T>
void note(Faults& faults, const Result<T>& result) {
  if (!result.ok()) faults.push_back(result.error().what);
}

void look_at_head(const Json& body, Role role, Dialect dialect, Faults& faults) {
  const std::string type = form::type_name(role, dialect);
  if (body.text_or("_type", "") != type)
    faults.push_back("_type: want '" + type + "', got " + form::described(body.find("_type")));
  if (dialect == Dialect::tuf) note(faults, form::is_spec_1(body));
  if (dialect == Dialect::uptane && form::dialect_of(body) != dialect)
    faults.push_back("spec_version: want none in the uptane dialect");
  note(faults, form::version_of(body, dialect));
  note(faults, form::expires_of(body));
  note(faults, dialect == Dialect::uptane ? in_canonical_subset(body) : has_safe_integers(body));
}

void look_at_signatures(const Json& json, std::size_t limit, Faults& faults) {
  const auto envelope = form::take_apart(to_json(json), limit);
  note(faults, envelope);
  if (!envelope.ok()) return;
  note(faults, form::ids_once(envelope->signatures));
  for (const Signature& signature : envelope->signatures) {
    const auto scheme = scheme_of_method(signature.method);
    if (envelope->dialect == Dialect::uptane && (!scheme || *scheme == crypto::Scheme::ecdsa_sha256))
      faults.push_back("signature of key " + signature.key_id.brief() + ": method '" + KeyId{signature.method}.brief() +
                       "' is unknown");
  }
}

// uptane: devices and people select by `custom`, so each target has one.
void look_at_customs(const Json& body, Faults& faults) {
  for (const char* name : {"custom", "delegations"}) {
    if (const Json* member = body.find(name); member != nullptr && member->is_null())
      faults.push_back(std::string(name) + ": want it absent rather than null");
  }
  const Json* targets = body.find("targets");
  if (targets == nullptr || targets->if_object() == nullptr) return;
  for (const auto& [name, target] : *targets->if_object()) {
    const Json* custom = target.find("custom");
    if (custom == nullptr || custom->if_object() == nullptr)
      faults.push_back("target '" + name.substr(0, 80) + "': custom: want an object, got " + form::described(custom));
  }
}

template <typename T>
Status without_value(const Result<T>& result) {
  return result.ok() ? Status() : Status(result.error());
}

Status readable(const Json& body, Role role) {
  const Envelope envelope{.body = body, .signatures = {}, .dialect = form::dialect_of(body)};
  switch (role) {
    case Role::root:
      return without_value(read_root(envelope));
    case Role::targets:
      return without_value(read_targets(envelope));
    case Role::snapshot:
      return without_value(read_snapshot(envelope));
    case Role::timestamp:
      return without_value(read_timestamp(envelope));
  }
  abort_with("Role: not one of its values");
}

Faults faults_of(Role role, BytesView bytes, Dialect dialect) {
  const std::size_t limit = max_size(role, dialect);
  const auto json = parse_json(bytes, {.numbers = JsonRules::Numbers::any, .max_bytes = 4 * limit});
  if (!json.ok()) return {json.error().what};
  Faults faults;
  if (const std::size_t size = to_json(*json).size(); size > limit)
    faults.push_back("size: want at most " + std::to_string(limit) + " bytes, got " + std::to_string(size));
  const Json* signed_part = json->find("signed");
  if (signed_part != nullptr) look_at_signatures(*json, 4 * limit, faults);
  const Json& body = signed_part == nullptr ? *json : *signed_part;
  look_at_head(body, role, dialect, faults);
  if (role == Role::targets && dialect == Dialect::uptane) look_at_customs(body, faults);
  if (faults.empty()) note(faults, readable(body, role));
  return faults;
}

}  // namespace

std::vector<std::string> form_faults(Role role, BytesView envelope, Dialect dialect) {
  Faults faults = faults_of(role, envelope, dialect);
  const std::string prefix = std::string(name_of(role)) + ": ";
  for (std::string& fault : faults) {
    if (!fault.starts_with(prefix)) fault.insert(0, prefix);
  }
  return faults;
}

}  // namespace rota::tuf
