// The bytes of one metadata file, kept once however many hold them. Copies share; nothing can change them.
#pragma once

#include <memory>

#include "base/bytes.h"

namespace rota::tuf {

class FileBytes {
 public:
  FileBytes() = default;
  FileBytes(Bytes bytes) : bytes_(std::make_shared<const Bytes>(std::move(bytes))) {}
  FileBytes(const char* text) : FileBytes(Bytes(text)) {}
  FileBytes(BytesView bytes) : FileBytes(Bytes(bytes)) {}

  const Bytes& bytes() const { return bytes_ == nullptr ? kNone : *bytes_; }
  operator BytesView() const { return bytes(); }
  bool empty() const { return bytes().empty(); }
  std::size_t size() const { return bytes().size(); }
  bool operator==(const FileBytes& other) const { return bytes_ == other.bytes_ || bytes() == other.bytes(); }
  bool operator==(const Bytes& other) const { return bytes() == other; }
  bool operator==(BytesView other) const { return bytes() == other; }
  bool operator==(const char* other) const { return bytes() == other; }

 private:
  inline static const Bytes kNone;
  std::shared_ptr<const Bytes> bytes_;
};

}  // namespace rota::tuf
