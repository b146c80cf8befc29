#include "tuf/target_reader.h"

#include <array>

namespace rota::tuf {
namespace {

using Text = CanonicalReader::Text;

constexpr auto kIsHexDigit = [] {
  std::array<bool, 256> table{};
  for (const unsigned char c : std::string_view("0123456789abcdefABCDEF")) table[c] = true;
  return table;
}();

// Without a branch for each: nearly all that comes here is hex.
bool is_hex(std::string_view text) {
  bool all = true;
  for (const char c : text) all &= kIsHexDigit[static_cast<unsigned char>(c)];
  return all;
}

// What metadata.h asks of a hash; which bytes an algorithm nobody knows gives is not looked at.
bool has_form(const Text& algorithm, const Text& digest) {
  return !algorithm.is("sha256") || (digest.raw.size() == 64 && is_hex(digest.raw));
}

// One entry as it lies in the file; used again for the next, so that those nobody wants cost no memory.
class Entry {
 public:
  bool read(CanonicalReader& reader) {
    hashes_.clear();
    custom_ = {};
    bool has_length = false, has_hashes = false;
    CanonicalReader::Members members;
    reader.enter_object();
    while (const Text* name = reader.next_member(members)) {
      if (name->is("length"))
        has_length = read_length(reader);
      else if (name->is("hashes"))
        has_hashes = read_hashes(reader);
      else if (const char* from = reader.here(); reader.skip() && name->is("custom"))
        custom_ = {from, reader.here()};
    }
    return has_length && has_hashes;
  }

  Target made(std::string name) const {
    Target target{std::move(name), {}, length_, std::string(custom_)};
    for (const auto& [algorithm, digest] : hashes_)
      target.hashes.emplace(algorithm.unescaped(), lower(digest.escaped ? digest.unescaped() : digest.raw));
    return target;
  }

 private:
  bool read_length(CanonicalReader& reader) {
    const auto length = reader.integer();
    length_ = length.value_or(-1);
    return length_ >= 0;
  }

  bool read_hashes(CanonicalReader& reader) {
    bool good = true;
    CanonicalReader::Members members;
    reader.enter_object();
    while (const Text* algorithm = reader.next_member(members)) {
      const auto digest = reader.text();
      good = good && digest && has_form(*algorithm, *digest);
      if (digest) hashes_.emplace_back(*algorithm, *digest);
    }
    return good;
  }

  std::int64_t length_ = 0;
  std::vector<std::pair<Text, Text>> hashes_;
  std::string_view custom_;
};

}  // namespace

std::optional<SignedFile::Entries> read_entries(CanonicalReader& reader, const Wanted& wanted) {
  SignedFile::Entries entries;
  Entry entry;
  CanonicalReader::Members members;
  reader.enter_object();
  while (const Text* name = reader.next_member(members)) {
    if (!entry.read(reader)) return std::nullopt;
    ++entries.count;
    if (!wanted.may_want(name->escaped ? name->unescaped() : name->raw)) continue;
    Target target = entry.made(name->unescaped());
    if (wanted.wants(target)) entries.kept.push_back(std::move(target));
  }
  return reader.ok() ? std::optional(std::move(entries)) : std::nullopt;
}

}  // namespace rota::tuf
