#include "json_mutation.h"

#include <cctype>
#include <cstring>
#include <map>
#include <random>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* input, std::size_t size, std::size_t max);

namespace rota::fuzz {
namespace {

struct Span {
  std::size_t from = 0, to = 0;
};

// clang-format off
constexpr std::string_view kEdges[] = {
    "null", "true", "0", "-0", "-1", "1", "2", "1.0", "1e0", "1001", "2147483647", "2147483648", "4294967296",
    "9007199254740991", "9007199254740992", "9223372036854775807", "9223372036854775808",
    "123456789012345678901234567890", "\"\"", "\"a\"", "\"A\"", "\"1\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"",
    "\"\xc3\xa9\"", "\"\\u00e9\"", "\"\\/\"", "[]", "{}", "[[]]", "[null]", "{\"\":0}", "\"*\"", "\"?\"", "\"*/*\"",
    "\"../x\"", "\"a/b\"", "\".\"", "\"0\"", "\"f\"",
    "\"0000000000000000000000000000000000000000000000000000000000000000\"", "\"1.0.31\"", "\"1.\"", "\"2.0.0\"",
    "\"2028-02-29T23:59:59Z\"", "\"2027-02-29T00:00:00Z\"", "\"9999-12-31T23:59:59Z\"", "\"2028-01-01T00:00:60Z\"",
    "\"ed25519\"", "\"ED25519\"", "\"rsa\"", "\"ecdsa\"", "\"ecdsa-sha2-nistp384\"", "\"rsassa-pss-sha256\"",
    "\"root\"", "\"Root\"", "\"targets\"", "\"snapshot\"", "\"timestamp\"",
};
constexpr std::string_view kNames[] = {
    "_type", "spec_version", "version", "expires", "consistent_snapshot", "keys", "roles", "keyids", "threshold",
    "keytype", "scheme", "keyval", "public", "meta", "targets.json", "snapshot.json", "length", "hashes", "sha256",
    "sha512", "targets", "custom", "delegations", "name", "paths", "path_hash_prefixes", "terminating",
    "succinct_roles", "bit_length", "name_prefix", "signatures", "signed", "keyid", "sig", "method", "x",
};
// clang-format on

// What the text holds: every value (names of members are among them) and every member or item, as far as it reads as
// JSON.
class Outline {
 public:
  explicit Outline(BytesView text) : text_(text) {
    std::vector<std::size_t> open;
    for (std::size_t at = 0; at < text.size();) at = take(at, open);
  }

  std::vector<Span> values, entries, objects;

 private:
  std::size_t take(std::size_t at, std::vector<std::size_t>& open) {
    const char c = text_[at];
    if (c == '{' || c == '[') open.push_back(at);
    if ((c == '}' || c == ']') && !open.empty()) close(at, open);
    if (c == '"') return whole({at, string_end(at)});
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-') return whole({at, word_end(at)});
    return at + 1;
  }

  void close(std::size_t at, std::vector<std::size_t>& open) {
    const Span list{open.back(), at + 1};
    open.pop_back();
    if (text_[list.from] == '{') objects.push_back(list);
    whole(list);
  }

  std::size_t whole(Span value) {
    values.push_back(value);
    begin_of_[value.to] = value.from;
    const bool is_name = value.to < text_.size() && text_[value.to] == ':';
    if (!is_name) entries.push_back({name_before(value.from), value.to});
    return value.to;
  }

  // Where the member begins whose value is at `at`; `at` itself for an item.
  std::size_t name_before(std::size_t at) const {
    const auto name = at > 1 && text_[at - 1] == ':' ? begin_of_.find(at - 1) : begin_of_.end();
    return name == begin_of_.end() ? at : name->second;
  }

  std::size_t string_end(std::size_t at) const {
    for (++at; at < text_.size() && text_[at] != '"'; ++at) {
      if (text_[at] == '\\') ++at;
    }
    return std::min(at + 1, text_.size());
  }

  std::size_t word_end(std::size_t at) const {
    const auto in_word = [&](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '+' || c == '.';
    };
    while (at < text_.size() && in_word(text_[at])) ++at;
    return at;
  }

  BytesView text_;
  std::map<std::size_t, std::size_t> begin_of_;  // end of a value -> its begin
};

class Mutation {
 public:
  Mutation(BytesView text, std::uint32_t seed) : text_(text), outline_(text), random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }
  template <typename List>
  auto one_of(const List& list) {
    return list[below(std::size(list))];
  }

  Bytes made() {
    if (outline_.values.empty()) return Bytes(one_of(kEdges));
    switch (below(9)) {
      case 0:
        return with(any(outline_.values), Bytes(one_of(kEdges)));
      case 1:
        return with(any(outline_.values), quoted(any(outline_.values)));
      case 2:
        return without_entry();
      case 3:
        return with_entry_twice();
      case 4:
        return with_member();
      case 5:
        return with_white_space();
      case 6:
        return spelled_otherwise();
      case 7:
        return counted_on();
      default:
        return nested();
    }
  }

 private:
  Span any(const std::vector<Span>& spans) { return spans.empty() ? Span{text_.size(), text_.size()} : one_of(spans); }
  Bytes quoted(Span span) const { return Bytes(text_.substr(span.from, span.to - span.from)); }
  Bytes with(Span span, const Bytes& instead) const {
    return Bytes(text_.substr(0, span.from)) + instead + Bytes(text_.substr(span.to));
  }

  Bytes without_entry() {
    Span gone = any(outline_.entries);
    if (gone.to < text_.size() && text_[gone.to] == ',') return with({gone.from, gone.to + 1}, "");
    if (gone.from > 0 && text_[gone.from - 1] == ',') --gone.from;
    return with(gone, "");
  }

  // Beside itself, or beside another one.
  Bytes with_entry_twice() {
    const Span entry = any(outline_.entries);
    const Span beside = below(2) == 0 ? entry : any(outline_.entries);
    return with({beside.to, beside.to}, "," + quoted(entry));
  }

  Bytes with_member() {
    if (outline_.objects.empty()) return with_white_space();
    const Span object = any(outline_.objects);
    const Bytes member = "\"" + Bytes(one_of(kNames)) + "\":" + Bytes(one_of(kEdges));
    const bool empty = object.to - object.from <= 2;
    return with({object.from + 1, object.from + 1}, empty ? member : member + ",");
  }

  Bytes with_white_space() {
    static constexpr std::string_view kWhite[] = {" ", "\n", "\t", "\r\n", "  "};
    const Span value = any(outline_.values);
    const std::size_t at = below(2) == 0 ? value.from : value.to;
    return with({at, at}, Bytes(one_of(kWhite)));
  }

  // One character of a text as an escape.
  Bytes spelled_otherwise() {
    const Span value = any(outline_.values);
    if (value.to - value.from < 3 || text_[value.from] != '"') return with_white_space();
    const std::size_t at = value.from + 1 + below(value.to - value.from - 2);
    return with({at, at + 1}, "\\u00" + hex(text_.substr(at, 1)));
  }

  // A number one higher or lower, a text one character longer or shorter.
  Bytes counted_on() {
    const Span value = any(outline_.values);
    const char last = text_[value.to - 1];
    if (last >= '0' && last <= '9')
      return with({value.to - 1, value.to}, Bytes(1, last == '9' ? '8' : static_cast<char>(last + 1)));
    if (last != '"' || value.to - value.from < 3) return with(value, Bytes(one_of(kEdges)));
    const std::size_t at = value.from + 1 + below(value.to - value.from - 2);
    return below(2) == 0 ? with({at, at + 1}, "") : with({at, at}, Bytes(1, text_[at]));
  }

  Bytes nested() {
    static constexpr std::size_t kDepths[] = {1, 1, 2, 60, 64};
    const Span value = any(outline_.values);
    const std::size_t depth = one_of(kDepths);
    return with(value, Bytes(depth, '[') + quoted(value) + Bytes(depth, ']'));
  }

  BytesView text_;
  Outline outline_;
  std::minstd_rand random_;
};

}  // namespace

Bytes mutated_json(BytesView text, std::uint32_t seed) {
  return Mutation(text, seed).made();
}

std::size_t mutate_json_after(std::size_t choices, unsigned char* input, std::size_t size, std::size_t max,
                              std::uint32_t seed) {
  if (size <= choices || seed % 8 == 0) return LLVMFuzzerMutate(input, size, max);
  if (choices > 0 && seed % 8 == 1) {
    LLVMFuzzerMutate(input, choices, choices);
    return size;
  }
  const BytesView text(reinterpret_cast<const char*>(input) + choices, size - choices);
  const Bytes changed = mutated_json(text, seed);
  const std::size_t kept = std::min(changed.size(), max - choices);
  std::memcpy(input + choices, changed.data(), kept);
  return choices + kept;
}

}  // namespace rota::fuzz
