// A repository in a folder, for media that are carried to a machine, for mirrors on a disk, and for benchmarks.
// In:    requests below one URL.
// Out:   the files of the folder as answers; 404 for what is not there.
// Never: a file outside the folder; anything but GET.
#pragma once

#include "base/fetcher.h"
#include "base/files.h"

namespace rota::client {

class FolderFetcher final : public Fetcher {
 public:
  // Answers "<url>/a/b.json" from "<folder>/a/b.json". A part of the path is decoded where that leaves one name; a role called
  // "a/b" is looked for as it is spelled in the request, "a%2Fb".
  FolderFetcher(Files& files, std::string url, std::string folder)
      : files_(files), url_(std::move(url)), folder_(std::move(folder)) {}

  // rejected: longer than max_body, or a URL that is not below the one given. io: the folder cannot be read.
  Result<FetchReply> fetch(const FetchRequest& request) override;

 private:
  Status send(const std::string& path, std::uint64_t size, const std::function<Status(BytesView)>& sink);
  Files& files_;
  std::string url_, folder_;
};

}  // namespace rota::client
