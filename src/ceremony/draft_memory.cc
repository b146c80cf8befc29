#include "ceremony/draft_memory.h"

namespace rota::ceremony {
namespace {

constexpr std::string_view kFormat = "rota-signed/1";
constexpr std::size_t kMaxNote = 4096;

}  // namespace

Result<SigningMemory::Signed> SigningMemory::recall(const tuf::KeyId& key, Stream stream) const {
  if (!is_sha256_hex(key.hex)) return rejected("key id " + key.brief() + ": want 64 hex digits");
  const std::string file = path(key, stream);
  if (!TRY(files_->facts(file)).exists()) return Signed{};
  const auto json = TRY_IN("'" + file + "'", parse_json(TRY(files_->read(file, kMaxNote))));
  if (json.text_or("format", "") != kFormat) return io_error("'" + file + "': want '" + std::string(kFormat) + "'");
  return Signed{json.integer_or("version", 0), json.text_or("draft", "")};
}

Status SigningMemory::may_sign(const CheckedDraft& draft, const std::vector<tuf::KeyId>& keys) const {
  for (const auto& key : keys) {
    const auto before = TRY(recall(key, draft.draft.stream));
    const bool same = before.version == draft.next.version && before.draft == draft.digest;
    if (before.version < draft.next.version || same) continue;
    return conflict("key " + key.brief() + " has signed root " + std::to_string(before.version) +
                        " on this machine, in draft " + before.draft.substr(0, 12) + "; this is another root " +
                        std::to_string(draft.next.version),
                    "two roots of one version split the fleet; if the other draft was given up: --allow another-draft");
  }
  return {};
}

Status SigningMemory::remember(const CheckedDraft& draft, const std::vector<tuf::KeyId>& keys) const {
  TRY(make_folders(*files_, folder_, 0700));
  for (const auto& key : keys) {
    if (TRY(recall(key, draft.draft.stream)).version > draft.next.version) continue;
    const Json note(Json::Object{{"format", kFormat}, {"version", Json(draft.next.version)}, {"draft", draft.digest}});
    TRY(replace_file(*files_, path(key, draft.draft.stream), to_json(note) + "\n", 0600));
  }
  return {};
}

}  // namespace rota::ceremony
