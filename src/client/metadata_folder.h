// The metadata of a repository, seen from outside: which file is called what, and what an answer means.
// In:    a folder's URL, the name of a file, the most it may hold.
// Out:   bytes nobody has verified yet.
// Never: a failure taken for absence: not_found is a 404 and nothing else.
#pragma once

#include <string>

#include "base/fetcher.h"
#include "tuf/metadata.h"

namespace rota::client {

// Without a '/' at its end.
std::string folder_url(std::string url);

class MetadataFolder {
 public:
  MetadataFolder(Fetcher& fetcher, const std::string& url) : fetcher_(fetcher), url_(folder_url(url)) {}

  // Errors: not_found (404), denied (401, 403, TLS), unavailable (any other status, no connection, time-out), rejected
  // (longer than `max`).
  Result<FetchReply> get(const std::string& name, std::size_t max) const;
  // A file that has to be there: a 404 is unavailable too.
  Result<Bytes> needed(const std::string& name, std::size_t max) const;
  // Piece by piece into `sink`; the errors of get(), and those of the sink.
  Status stream(const std::string& name, std::uint64_t max, std::function<Status(BytesView)> sink) const;

 private:
  Result<FetchReply> answer(const std::string& name, FetchRequest request) const;
  Fetcher& fetcher_;
  std::string url_;
};

// "7.snapshot.json" with consistent snapshots (TUF 6.2), "snapshot.json" otherwise and in the uptane dialect; nothing of a
// role's name can leave the folder.
std::string file_name_in(const tuf::Root& root, std::string_view role, tuf::Version version);

}  // namespace rota::client
