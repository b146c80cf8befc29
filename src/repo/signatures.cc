#include "repo/signatures.h"

#include <set>

namespace rota::repo {
namespace {

using tuf::Role;

class Merging {
 public:
  Merging(const tuf::Root& root, tuf::Envelope file) : root_(root), file_(std::move(file)) {}

  // A signature that verifies is in once; that of a key which is in already is left out.
  Status add(const Json& signature) {
    const auto key = TRY(signer_of(signature));
    if (signed_by_.insert(key).second) signatures_.push_back(signature);
    return {};
  }

  Status sign(const tuf::Signer& signer) {
    if (!signed_by_.insert(signer.public_key()).second) return {};
    for (const auto& [id, key] : root_.keys)
      if (key == signer.public_key()) signatures_.push_back(TRY(tuf::signature_json(signer, id, file_.body)));
    return {};
  }

  Bytes envelope() const { return tuf::envelope_bytes(file_.body, Json(signatures_)); }

 private:
  Result<crypto::PublicKey> signer_of(const Json& signature) {
    const Bytes alone = tuf::envelope_bytes(Json(Json::Object{}), Json(Json::Array{signature}));
    file_.signatures = TRY_IN("signature", tuf::parse_envelope(alone, tuf::kMaxRoot)).signatures;
    const auto tally = tuf::tally(root_, Role::targets, file_);
    if (tally.signed_by.size() == 1) return root_.keys.at(tally.signed_by.front());
    std::string why = "signature of the targets";
    for (const auto& fault : tally.faults) why += ": " + fault;
    return rejected(why);
  }

  const tuf::Root& root_;
  tuf::Envelope file_;
  std::set<crypto::PublicKey> signed_by_;
  Json::Array signatures_;
};

}  // namespace

Result<Bytes> signed_again(const Bytes& file, const tuf::Root& root, const std::vector<Json>& given,
                           const std::vector<const tuf::Signer*>& own) {
  Merging merging(root, TRY(tuf::parse_envelope(file, tuf::kMaxTargets)));
  const Json present = TRY(parse_json(file, {.max_bytes = tuf::kMaxTargets}));
  for (const Json& signature : *TRY(present.array("signatures")))
    static_cast<void>(merging.add(signature));  // of a key that is not listed any more: dropped
  for (const Json& signature : given) TRY(merging.add(signature));
  for (const auto* signer : own) TRY(merging.sign(*signer));
  return merging.envelope();
}

}  // namespace rota::repo
