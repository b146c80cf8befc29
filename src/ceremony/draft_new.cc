#include "ceremony/draft_new.h"

#include <algorithm>

namespace rota::ceremony {
namespace {

using tuf::KeyId;
using tuf::Role;

constexpr std::size_t kLongestName = 64, kLongestReason = 1000, kShortestId = 8;
constexpr std::size_t kRoomForChain = 1u << 20;  // in a draft, in base64

// One line of ASCII: it stands in the signed root, and on people's screens.
Status is_plain(std::string_view what, std::string_view text, std::size_t longest) {
  const bool plain = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
  if (!trim(text).empty() && plain && text.size() <= longest) return {};
  return bad_input(std::string(what) + ": want one line of ASCII text, at most " + std::to_string(longest) +
                   " characters");
}

// As many of the newest roots as there is room for.
std::vector<Bytes> carried(const Chain& chain) {
  std::vector<Bytes> roots;
  std::size_t size = 0;
  for (auto root = chain.rbegin(); root != chain.rend() && roots.size() < kMaxDraftChain; ++root) {
    const BytesView raw = (*root).raw();
    size += raw.size() * 4 / 3 + 8;
    if (size > kRoomForChain) break;
    roots.emplace_back(raw);
  }
  std::ranges::reverse(roots);
  return roots;
}

class Drafting {
 public:
  Drafting(RootEdit edit, const DraftWish& wish) : edit_(std::move(edit)), wish_(wish) {}

  Result<Json> body() {
    TRY(is_plain("reason", wish_.reason, kLongestReason));
    if (!wish_.author.empty()) TRY(is_plain("author", wish_.author, kLongestName));
    edit_.set_version(edit_.version() + 1);
    edit_.set_expires(wish_.expires.value_or(renewed_expiry(edit_.expires(), wish_.now)));
    edit_.set_changelog({wish_.author, wish_.now}, wish_.reason);
    TRY(change_keys());
    for (const auto& [role, threshold] : wish_.thresholds) TRY(edit_.set_threshold(role, threshold));
    for (const auto& [key, owner] : wish_.owners) TRY(name_owner(TRY(found(key, everywhere())), owner));
    return edit_.body();
  }

 private:
  Status change_keys() {
    for (const auto& [exit, entry] : wish_.replace) {
      const KeyId old_id = TRY(leaving(exit));
      TRY(enter(entry));
      TRY(edit_.remove_key(exit.role, old_id));
    }
    for (const auto& entry : wish_.add) TRY(enter(entry));
    for (const auto& exit : wish_.remove) TRY(edit_.remove_key(exit.role, TRY(leaving(exit))));
    return {};
  }

  Status enter(const KeyEntry& entry) {
    const std::string role(tuf::name_of(entry.role));
    const auto before = edit_.key_ids(entry.role);
    const KeyId id = TRY_IN("key of " + entry.owner, edit_.add_key(entry.role, entry.key));
    if (std::ranges::find(before, id) != before.end())
      return bad_input("role " + role + ": has the key " + id.brief() + " already");
    return name_owner(id, entry.owner);
  }

  Status name_owner(const KeyId& id, const std::string& owner) {
    TRY(is_plain("owner", owner, kLongestName));
    edit_.set_key_owner(id, {owner, wish_.now});
    return {};
  }

  Result<KeyId> leaving(const KeyExit& exit) const {
    return TRY_IN("role " + std::string(tuf::name_of(exit.role)), found(exit.key, edit_.key_ids(exit.role)));
  }

  std::vector<KeyId> everywhere() const {
    std::vector<KeyId> ids;
    for (const auto& [id, key] : *edit_.body().find("keys")->if_object()) ids.push_back({id});
    return ids;
  }

  Result<KeyId> found(const std::string& key, const std::vector<KeyId>& among) const {
    std::vector<KeyId> fitting;
    for (const auto& id : among) {
      const bool by_id = key.size() >= kShortestId && id.hex.starts_with(key);
      if (by_id || (!key.empty() && owner_in(edit_.body(), id) == key)) fitting.push_back(id);
    }
    if (fitting.size() == 1) return fitting.front();
    std::string ids;
    for (const auto& id : fitting.empty() ? among : fitting) {
      const std::string owner = owner_in(edit_.body(), id);
      ids += (ids.empty() ? "" : ", ") + id.brief() + (owner.empty() ? "" : " (" + owner + ")");
    }
    return bad_input((fitting.empty() ? "no key '" : "several keys '") + key + "'; there are " + ids);
  }

  RootEdit edit_;
  const DraftWish& wish_;
};

}  // namespace

std::string owner_in(const Json& body, const KeyId& id) {
  const Json* owners = body.find("x-key-owners");
  const Json* entry = owners == nullptr ? nullptr : owners->find(id.hex);
  return entry == nullptr ? std::string() : entry->text_or("polis-id", "");
}

Result<Draft> new_draft(const Chain& chain, const DraftWish& wish) {
  const auto& trusted = *chain.back();
  if (trusted.dialect != tuf::Dialect::uptane) return bad_input("ceremonies are for roots of the uptane dialect");
  TRY(is_plain("factory", wish.factory, 200));
  Drafting drafting(TRY(RootEdit::of(trusted.body)), wish);
  const Json body = TRY(drafting.body());
  const Draft draft{.factory = wish.factory, .stream = wish.stream, .chain = carried(chain), .body = body};
  const auto again = TRY(checked_draft(TRY(read_draft(draft_bytes(draft)))));
  return again.draft;
}

}  // namespace rota::ceremony
