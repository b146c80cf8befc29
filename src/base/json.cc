#include "base/json.h"

#include <simdjson.h>

#include <cstdio>

namespace rota {
namespace {

using simdjson::ondemand::json_type;

bool is_number_text(std::string_view t) {
  std::size_t at = 0;
  const auto digits = [&] {
    const auto from = at;
    while (at < t.size() && t[at] >= '0' && t[at] <= '9') ++at;
    return at - from;
  };
  if (at < t.size() && t[at] == '-') ++at;
  const auto whole_from = at;
  const auto whole = digits();
  if (whole == 0 || (whole > 1 && t[whole_from] == '0')) return false;
  if (at < t.size() && t[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < t.size() && (t[at] == 'e' || t[at] == 'E')) {
    ++at;
    if (at < t.size() && (t[at] == '+' || t[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == t.size();
}

class Reader {
 public:
  explicit Reader(const JsonRules& rules) : rules_(rules) {}

  Result<Json> document(BytesView bytes) {
    if (bytes.size() > rules_.max_bytes)
      return bad_input("json: longer than " + std::to_string(rules_.max_bytes) + " bytes");
    if (bytes.starts_with("\xEF\xBB\xBF")) return bad_input("json: starts with a byte order mark");
    const simdjson::padded_string padded(bytes);
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document document;
    if (auto error = parser.iterate(padded).get(document)) return syntax(error);
    simdjson::ondemand::value top;
    if (auto error = document.get_value().get(top)) {
      return error == simdjson::SCALAR_DOCUMENT_AS_VALUE ? bad_input("json: want an object or an array at the top")
                                                         : syntax(error);
    }
    Json json = TRY(value(top, 1));
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return bad_input("json: text after the value");
    return json;
  }

 private:
  [[gnu::cold]] static Error syntax(simdjson::error_code error) {
    return bad_input(std::string("json: ") + simdjson::error_message(error));
  }

  Result<Json> value(simdjson::ondemand::value v, int depth) {
    if (++values_ > rules_.max_values) return bad_input("json: more than " + std::to_string(rules_.max_values) + " values");
    json_type type{};
    if (auto error = v.type().get(type)) return syntax(error);
    switch (type) {
      case json_type::object: return object(v, depth);
      case json_type::array: return array(v, depth);
      case json_type::string: return text(v);
      case json_type::number: return number(v);
      case json_type::boolean: {
        bool truth = false;
        if (auto error = v.get_bool().get(truth)) return syntax(error);
        return Json(truth);
      }
      case json_type::null: break;
    }
    bool null = false;
    if (auto error = v.is_null().get(null)) return syntax(error);
    if (!null) return bad_input("json: a word that is not null");
    return Json(nullptr);
  }

  Result<Json> object(simdjson::ondemand::value v, int depth) {
    if (depth > rules_.max_depth) return bad_input("json: nested too deep");
    simdjson::ondemand::object members;
    if (auto error = v.get_object().get(members)) return syntax(error);
    Json::Object out;
    for (auto field : members) {
      std::string_view key;
      if (auto error = field.unescaped_key().get(key)) return syntax(error);
      const std::string name(key);  // the parser's buffer is reused below
      simdjson::ondemand::value member;
      if (auto error = field.value().get(member)) return syntax(error);
      if (out.contains(name)) return bad_input("json: member '" + name.substr(0, 80) + "' twice in one object");
      out.emplace(name, TRY(value(member, depth + 1)));
    }
    return Json(std::move(out));
  }

  Result<Json> array(simdjson::ondemand::value v, int depth) {
    if (depth > rules_.max_depth) return bad_input("json: nested too deep");
    simdjson::ondemand::array items;
    if (auto error = v.get_array().get(items)) return syntax(error);
    Json::Array out;
    for (auto item : items) {
      simdjson::ondemand::value element;
      if (auto error = item.get(element)) return syntax(error);
      out.push_back(TRY(value(element, depth + 1)));
    }
    return Json(std::move(out));
  }

  static Result<Json> text(simdjson::ondemand::value v) {
    std::string_view s;
    if (auto error = v.get_string().get(s)) return syntax(error);
    return Json(s);
  }

  Result<Json> number(simdjson::ondemand::value v) const {
    const std::string token(trim(v.raw_json_token()));
    if (!is_number_text(token)) return bad_input("json: '" + token.substr(0, 40) + "' is not a number");
    const bool integer = token.find_first_of(".eE") == std::string::npos && token != "-0";
    std::int64_t whole = 0;
    if (integer && !v.get_int64().get(whole)) return Json(whole);
    if (rules_.numbers == JsonRules::Numbers::integers)
      return bad_input("json: '" + token.substr(0, 40) + "' is not a 64-bit integer in plain form");
    double skipped = 0;
    if (auto error = v.get_double().get(skipped)) return syntax(error);
    return Json(Json::Number{token});
  }

  const JsonRules& rules_;
  std::size_t values_ = 0;
};

void write_text(std::string& out, std::string_view text) {
  out.push_back('"');
  for (char c : text) {
    switch (c) {
      case '"': out += "\\\""; continue;
      case '\\': out += "\\\\"; continue;
      case '\n': out += "\\n"; continue;
      case '\r': out += "\\r"; continue;
      case '\t': out += "\\t"; continue;
      default: break;
    }
    if (static_cast<unsigned char>(c) >= 0x20) {
      out.push_back(c);
      continue;
    }
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
    out += escape;
  }
  out.push_back('"');
}

// `indent` < 0 writes without white space.
class Writer {
 public:
  Writer(std::string& out, int indent) : out_(out), indent_(indent) {}

  void write(const Json& v) {
    if (v.is_null()) out_ += "null";
    if (const auto* b = v.if_bool()) out_ += *b ? "true" : "false";
    if (const auto* i = v.if_int()) out_ += std::to_string(*i);
    if (const auto* n = v.if_number()) out_ += n->text;
    if (const auto* s = v.if_text()) write_text(out_, *s);
    if (const auto* a = v.if_array()) list('[', *a, ']', [&](const Json& item) { write(item); });
    if (const auto* o = v.if_object())
      list('{', *o, '}', [&](const auto& member) {
        write_text(out_, member.first);
        out_ += indent_ < 0 ? ":" : " : ";
        write(member.second);
      });
  }

 private:
  template <typename Items, typename WriteOne>
  void list(char open, const Items& items, char close, WriteOne write_one) {
    out_.push_back(open);
    ++level_;
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_.push_back(',');
      first = false;
      line();
      write_one(item);
    }
    --level_;
    if (!first) line();
    out_.push_back(close);
  }

  void line() {
    if (indent_ < 0) return;
    out_.push_back('\n');
    out_.append(static_cast<std::size_t>(level_ * indent_), ' ');
  }

  std::string& out_;
  int indent_;
  int level_ = 0;
};

[[gnu::cold]] Error want(std::string_view name, std::string_view kind) {
  return bad_input("'" + std::string(name) + "': want " + std::string(kind));
}

}  // namespace

const Json* Json::find(std::string_view name) const {
  const auto* members = if_object();
  if (members == nullptr) return nullptr;
  const auto at = members->find(name);
  return at == members->end() ? nullptr : &at->second;
}

Json* Json::find(std::string_view name) { return const_cast<Json*>(std::as_const(*this).find(name)); }

Json& Json::operator[](std::string_view name) {
  if (is_null()) value_ = Object{};
  auto* members = if_object();
  if (members == nullptr) abort_with("Json: a member of something that is not an object");
  const auto at = members->find(name);
  return at != members->end() ? at->second : members->emplace(std::string(name), Json()).first->second;
}

void Json::push_back(Json item) {
  if (is_null()) value_ = Array{};
  auto* items = if_array();
  if (items == nullptr) abort_with("Json: push_back to something that is not an array");
  items->push_back(std::move(item));
}

Result<std::string> Json::text(std::string_view name) const {
  const Json* member = find(name);
  const auto* s = member == nullptr ? nullptr : member->if_text();
  if (s == nullptr) return want(name, "text");
  return *s;
}

Result<std::int64_t> Json::integer(std::string_view name) const {
  const Json* member = find(name);
  const auto* i = member == nullptr ? nullptr : member->if_int();
  if (i == nullptr) return want(name, "an integer");
  return *i;
}

Result<bool> Json::boolean(std::string_view name) const {
  const Json* member = find(name);
  const auto* b = member == nullptr ? nullptr : member->if_bool();
  if (b == nullptr) return want(name, "true or false");
  return *b;
}

Result<const Json::Array*> Json::array(std::string_view name) const {
  const Json* member = find(name);
  const auto* a = member == nullptr ? nullptr : member->if_array();
  if (a == nullptr) return want(name, "an array");
  return a;
}

Result<const Json::Object*> Json::object(std::string_view name) const {
  const Json* member = find(name);
  const auto* o = member == nullptr ? nullptr : member->if_object();
  if (o == nullptr) return want(name, "an object");
  return o;
}

std::string Json::text_or(std::string_view name, std::string_view otherwise) const {
  const Json* member = find(name);
  const auto* s = member == nullptr ? nullptr : member->if_text();
  return s != nullptr ? *s : std::string(otherwise);
}

std::int64_t Json::integer_or(std::string_view name, std::int64_t otherwise) const {
  const Json* member = find(name);
  const auto* i = member == nullptr ? nullptr : member->if_int();
  return i != nullptr ? *i : otherwise;
}

Result<Json> parse_json(BytesView bytes, const JsonRules& rules) { return Reader(rules).document(bytes); }

std::string to_json(const Json& value) {
  std::string out;
  Writer(out, -1).write(value);
  return out;
}

std::string to_pretty_json(const Json& value) {
  std::string out;
  Writer(out, 2).write(value);
  out.push_back('\n');
  return out;
}

}  // namespace rota
