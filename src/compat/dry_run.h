// A run that changes nothing: what it would write and send is kept in memory, and what follows sees it as done.
// In:    the real files and network.
// Out:   the run as it would go, and lists of what it would have done.
// Never: a file changed; a request other than GET, but the one that fetches an access token.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fetcher.h"
#include "base/files.h"

namespace rota::compat {

// What is there, and over it what was written here.
class DryFiles final : public Files {
 public:
  explicit DryFiles(Files& real) : real_(real) {}
  ~DryFiles() override;  // wipes what was written: keys are among it
  // Files whose bytes differ now from what is really there, and those that would be gone; by path, in order.
  std::vector<std::string> writes();

  Result<Bytes> read(const std::string& path, std::uint64_t max) override;
  Result<FileFacts> facts(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Status create(const std::string& path, BytesView bytes, unsigned mode) override;
  Result<Bytes> read_part(const std::string& path, std::uint64_t offset, std::size_t max) override;
  Status append(const std::string& path, BytesView bytes) override;
  Status sync(const std::string&) override { return {}; }
  Status sync_folder(const std::string&) override { return {}; }
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status make_folder(const std::string& path, unsigned mode) override;
  Status set_mode(const std::string& path, unsigned mode) override;
  // Nobody is kept waiting by a run that writes nothing.
  Result<std::unique_ptr<FileLock>> lock(const std::string& path, Seconds wait) override;
  Result<std::uint64_t> free_bytes(const std::string& folder) override { return real_.free_bytes(folder); }

 private:
  struct Written {
    FileFacts facts;  // Kind::none: removed
    Bytes bytes;
  };
  Result<Written*> own(const std::string& path);  // what is there, taken over; not_found
  Files& real_;
  std::map<std::string, Written> written_;
};

// The real network for what only asks.
class DryFetcher final : public Fetcher {
 public:
  explicit DryFetcher(Fetcher& real) : real_(real) {}
  // "POST https://…/root", in order.
  const std::vector<std::string>& requests() const { return requests_; }
  Result<FetchReply> fetch(const FetchRequest& request) override;

 private:
  FetchReply accepted(const FetchRequest& request);
  void keep(const std::string& folder, const std::string& name, const Bytes& body);
  Fetcher& real_;
  std::vector<std::string> requests_;
  std::map<std::string, std::optional<FetchReply>> answers_;  // by URL: what a GET shows now; nothing: 404
};

}  // namespace rota::compat
