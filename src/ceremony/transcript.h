// What is left of a ceremony for those who were not there: the draft with all signatures and the root that was
// published (docs/formats/ceremony.md).
// In:    a finished draft, the root as it is served.
// Out:   a file that can be checked without a network, by whoever believes one root of the chain.
// Never: a verdict that is not worked out again by the one who checks.
#pragma once

#include <string>

#include "ceremony/draft_file.h"

namespace rota::ceremony {

struct Ending {
  enum class How { published, carried };  // served by `server`, or written to a file on a machine without a network
  How how = How::published;
  std::string server = {};  // as the machine that finished says; empty when carried
  Time at = {};             // likewise
};

struct Transcript {
  CheckedDraft draft;
  tuf::Trusted<tuf::Root> root;  // the next root as published
  Ending ending;
};

// rejected: `root` is not the draft's next root, or not signed by both thresholds.
Result<Transcript> transcript_of(CheckedDraft draft, BytesView root, Ending ending);

// {"format":"rota-transcript/1","draft","draft-sha256","root":{"version","sha256","bytes"},"signatures":[{"keyid","keytype",
//  "owner","counts-for":[…],"verdict":"valid","signed-at"}],"ending","server","finished-at"}: canonical, with a line
//  end.
Json transcript_json(const Transcript& transcript);
Bytes transcript_bytes(const Transcript& transcript);

// Works all of it out again. rejected: anything that is not what it would have been made to say.
Result<Transcript> read_transcript(BytesView bytes);
// Ok when the ceremony is of the same chain as `believed`, which may have gone on since; rejected when it is of another
// one, bad_input when the two do not meet.
Status belongs_to(const Transcript& transcript, const Chain& believed);

}  // namespace rota::ceremony
