// A target's bytes on the disk (TUF 5.7): what is there is hashed, what comes is hashed on its way.
// In:    a target's verified facts, bytes piece by piece.
// Out:   a file with exactly that length and those hashes, or none.
// Never: a part of it under the target's name; a name outside the folder.
#pragma once

#include <memory>

#include "base/files.h"
#include "crypto/hash.h"
#include "tuf/metadata.h"

namespace rota::client {

// <folder>/<percent-encoded target path>. bad_input: an empty path, or one too long for a file's name.
Result<std::string> target_file_path(const std::string& folder, std::string_view target_path);

// Length and every known hash, piece by piece.
class TargetCheck {
 public:
  // rejected: no hash of a known algorithm is listed.
  static Result<TargetCheck> of(const tuf::Target& target);
  // rejected: more bytes than the target has.
  Status add(BytesView piece);
  // rejected: fewer bytes, or another hash.
  Status end();

 private:
  struct Listed {
    std::string algorithm, hex;
    crypto::Digest digest;
  };
  explicit TargetCheck(std::int64_t length) : length_(length) {}
  std::int64_t length_, seen_ = 0;
  std::vector<Listed> listed_;
};

// The file at `path` is the target.
Result<bool> is_target(Files& files, const std::string& path, const tuf::Target& target);

// A target on its way: hidden beside its place until it is whole. What a power cut left of it is begun anew.
class IncomingTarget {
 public:
  // conflict: it is on its way already, by another client.
  static Result<IncomingTarget> open(Files& files, const std::string& path, const tuf::Target& target);
  IncomingTarget(IncomingTarget&&) = default;
  IncomingTarget& operator=(IncomingTarget&&) = delete;

  Status add(BytesView piece);
  // Checked, durable, and under its name. Otherwise nothing of it is left.
  Status end();
  Status give_up();

 private:
  IncomingTarget(Files& files, std::string path, std::string part, TargetCheck check, std::unique_ptr<FileLock> lock)
      : files_(files), path_(std::move(path)), part_(std::move(part)), check_(std::move(check)), lock_(std::move(lock)) {}
  Files& files_;
  std::string path_, part_;
  TargetCheck check_;
  std::unique_ptr<FileLock> lock_;
};

}  // namespace rota::client
