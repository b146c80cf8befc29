// What keys have signed on this machine, so that nobody gets two different roots of one version out of one person: the
// second would be a fork for devices that have not seen the first.
// In:    the draft that is about to be signed, the ids of the keys.
// Out:   a refusal, or a note that is durable before the signature leaves.
// Never: proof for others; a machine that forgets protects nobody.
#pragma once

#include <string>
#include <vector>

#include "ceremony/draft_file.h"

namespace rota::ceremony {

class SigningMemory {
 public:
  // `folder` like ~/.config/rota/signed: <key id>.<stream>.json, {"format":"rota-signed/1","version","draft"}.
  SigningMemory(Files& files, std::string folder) : files_(&files), folder_(std::move(folder)) {}

  // conflict when one of these keys has signed another root of that version, or a later one; names key and version.
  Status may_sign(const CheckedDraft& draft, const std::vector<tuf::KeyId>& keys) const;
  // Never goes back to an earlier version.
  Status remember(const CheckedDraft& draft, const std::vector<tuf::KeyId>& keys) const;

 private:
  struct Signed {
    tuf::Version version = 0;
    std::string draft;
  };
  Result<Signed> recall(const tuf::KeyId& key, Stream stream) const;  // version 0: never
  std::string path(const tuf::KeyId& key, Stream stream) const {
    return folder_ + "/" + key.hex + "." + std::string(name_of(stream)) + ".json";
  }
  Files* files_;
  std::string folder_;
};

}  // namespace rota::ceremony
