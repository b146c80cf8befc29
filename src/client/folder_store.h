// A client's trust in a folder, for people and programs to look at: root.json, timestamp.json, snapshot.json, targets.json and
// delegated roles, each byte for byte as received, without a version in its name; a role's name is percent-encoded.
// Older roots, the clock's floor and the lock are in `history/` below it.
// In:    files that somebody may have edited: what is read is not trusted.
// Out:   files replaced whole; at any power cut the old or the new one is there.
// Never: a file outside the folder, whatever a role is called; another *.json file in the folder.
#pragma once

#include <memory>

#include "base/files.h"
#include "client/trust_store.h"

namespace rota::client {

class FolderStore final : public TrustStore {
 public:
  // The folder is made when missing; one that holds only root.json is a start. One client at a time: conflict when another
  // still holds it after `wait`.
  static Result<std::unique_ptr<FolderStore>> open(Files& files, const std::string& folder, Seconds wait = Seconds(30));

  // TUF 5.2: forgets what the folder holds and starts it from a root obtained out of band. rejected: it does not verify; the
  // folder is then as it was. conflict as above.
  static Status init(Files& files, const std::string& folder, BytesView root);

  Keeps keeps() const override { return Keeps::files; }
  // rejected: root.json is no root, and there is no history beside it.
  Result<std::vector<tuf::Version>> root_versions() override;
  Result<Bytes> root(tuf::Version version) override;
  Result<Stored> load() override;
  Status accept_roots(std::span<const AcceptedRoot> roots, const Stored& left) override;
  Status accept(tuf::Role role, const tuf::FileBytes& bytes, const tuf::Floors& floors) override;
  Status replace(const tuf::Generation& generation, const tuf::Floors& floors) override;
  Result<Bytes> delegated(const std::string& role) override;
  Status keep_delegated(const std::string& role, BytesView bytes) override;
  Result<std::optional<Time>> clock_floor() override;
  Status set_clock_floor(Time time) override;

 private:
  FolderStore(Files& files, std::string folder, std::unique_ptr<FileLock> lock)
      : files_(files), folder_(std::move(folder)), lock_(std::move(lock)) {}

  std::string path_of(std::string_view role) const;
  std::string history() const { return folder_ + "/history"; }
  std::string old_root(tuf::Version version) const;
  Result<std::vector<tuf::Version>> history_versions();
  Result<Bytes> read(const std::string& path);
  Result<std::optional<AcceptedRoot>> newest_root();
  Status write_history(std::span<const AcceptedRoot> roots);
  Status remove_cleared(const tuf::Generation& left);
  Status show_root(tuf::Version version);
  Status forget_all();

  Files& files_;
  std::string folder_;
  std::unique_ptr<FileLock> lock_;
  // As this object read or wrote them last; the lock keeps other clients away.
  std::optional<AcceptedRoot> shown_ = {};  // root.json
  std::optional<std::vector<tuf::Version>> in_history_ = {};
  tuf::Generation held_ = {};
};

}  // namespace rota::client
