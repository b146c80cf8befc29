// The targets files that an owner's key has signed and that are in use, signed anew when that key changes (fioctl.md 7.7, 9).
// In:    the published files, the verified production root they are signed under, the one that is to come.
// Out:   signatures by tag or wave; which files would fall short of their threshold.
// Never: a file signed that does not verify today, or has expired; the content of one changed.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tuf/sign.h"
#include "tuf/verify.h"

namespace rota::ceremony {

using PublishedFiles = std::map<std::string, Bytes>;  // tag or wave -> envelope

// Those that carry a signature listed under one of `ids`.
Result<PublishedFiles> signed_under(const PublishedFiles& files, const std::set<tuf::KeyId>& ids);

// {"<tag>":[{"keyid","method","sig"}]}, one signature each. rejected: a file that `current` does not vouch for, or that has
// expired at `now`.
Result<Json> signatures_over(const PublishedFiles& files, const tuf::Root& current, const tuf::Signer& signer, Time now);

// The names of files that fall short of the targets threshold under `next` with `added` put to what they have; the server's
// own key is counted as if it had signed, which it does when the root is applied.
Result<std::vector<std::string>> falling_short(const PublishedFiles& files, const Json& added, const tuf::Root& next,
                                               const std::string& online_id);

}  // namespace rota::ceremony
