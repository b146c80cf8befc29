// The tar stream of the hub API (repo-api.md 8.2): PAX, plain files only, a CRC with each.
// In:    a stranger's file.
// Out:   entries in order, their bytes a piece at a time.
// Never: a link, a folder, a device; a name that is believed (the caller matches it against its grammar).
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace rota::server {

struct TarEntry {
  std::string name;
  std::uint64_t size = 0;
  std::optional<std::uint32_t> crc;  // of PAX record FIO.ostree.CRC
};

class UploadTar {
 public:
  explicit UploadTar(const std::string& path) : in_(path, std::ios::binary) {}
  // The next entry, or nothing at the archive's end; what was not read of the last one is skipped.
  // rejected: truncated, a wrong header checksum, anything but a plain file, a PAX record over 64 KiB.
  Result<std::optional<TarEntry>> next();
  // Up to 128 KiB of the entry; empty at its end. Valid until the next call.
  Result<BytesView> piece();

 private:
  struct Pax {
    std::optional<std::string> path;
    std::optional<std::uint64_t> size;
    std::optional<std::uint32_t> crc;
  };
  Result<Bytes> exactly(std::size_t n);
  Status skip_rest();
  Result<Pax> read_pax(std::uint64_t size);
  Result<TarEntry> entry_of(BytesView header, const Pax& pax);

  std::ifstream in_;
  std::uint64_t left_ = 0, padding_ = 0;
  Bytes buffer_;
};

}  // namespace rota::server
