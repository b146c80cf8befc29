// One metadata file taken apart: what is signed, by whom, and the very bytes the signatures cover.
// In:    a file as received.
// Out:   SignedFile. Canonical files are read where they lie; others are put into canonical form first, from a strict
// tree. Never: belief; a value that the covered bytes do not spell.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tuf/file_bytes.h"
#include "tuf/metadata.h"

namespace rota::tuf {

// The bytes a signature may cover, in the order devices try them (device.md 5.3). Forms are made when they are first
// needed; whether one signature by one key verifies is found out once.
class SignedBytes {
 public:
  // A part of a file that is canonical already, and in which of the forms.
  struct Found {
    BytesView text;
    bool is_device_form = false, is_olpc_form = false;  // the uptane form it always is
  };
  // Of a value, of which `found`, when given, is the text. Both must outlive this object.
  SignedBytes(const Json& body, const std::optional<Found>& found, Dialect dialect);
  // Of the text alone.
  SignedBytes(const Found& found, Dialect dialect);

  bool verified_by(const crypto::PublicKey& key, crypto::Scheme scheme, BytesView signature);
  // The first form.
  BytesView text();

 private:
  struct Form {
    CanonicalForm form;
    std::optional<BytesView> found;  // where it lies in the file
    std::optional<Bytes> made;
  };
  BytesView text_of(Form& form);
  Bytes made(CanonicalForm form) const;
  bool verifies(const crypto::PublicKey& key, crypto::Scheme scheme, BytesView signature);
  std::vector<Form> forms_;
  const Json* body_ = nullptr;
  BytesView found_;
  std::map<std::tuple<Bytes, crypto::Scheme, Bytes>, bool> verdicts_ = {};  // by key, scheme, signature
};

struct SignedFile {
  FileBytes bytes;  // as received; `covered` may lie in it
  Dialect dialect = Dialect::uptane;
  std::vector<Signature> signatures;
  std::optional<SignedBytes::Found> covered;  // nothing: canonical(body)
  Json body;  // the value of "signed"; without `targets`, and what no client reads, where `entries` has those
  struct Entries {
    std::vector<Target> kept;
    std::size_t count = 0;
  };
  std::optional<Entries> entries;
};

// As parse_envelope, and refuses the same.
Result<SignedFile> read_signed(FileBytes bytes, std::size_t max_bytes);
// The same for a targets file, of which only the entries that are wanted are kept.
Result<SignedFile> read_signed_targets(FileBytes bytes, std::size_t max_bytes, const Wanted& wanted);

// The two ways in which those read, for tests that hold them against each other. The first gives nothing when the file
// is not canonical as received, or has a fault: then the second decides. What the first gives, the second gives too.
std::optional<SignedFile> read_streamed(const FileBytes& bytes);
std::optional<SignedFile> read_streamed(const FileBytes& bytes, const Wanted& wanted);
Result<SignedFile> read_whole(const FileBytes& bytes, std::size_t max_bytes);

// Form only, as their namesakes over an Envelope.
Result<Timestamp> read_timestamp(const SignedFile& file);
Result<Snapshot> read_snapshot(const SignedFile& file);
Result<Targets> read_targets(SignedFile file, const Wanted& wanted = Wanted::all());
// The same of its body and its entries.
Result<Targets> read_targets(const Json& body, std::optional<SignedFile::Entries> entries, const Wanted& wanted);

}  // namespace rota::tuf
