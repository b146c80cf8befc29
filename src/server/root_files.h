// <N>.root.json and <N>.root-chain, as both places that serve them answer (docs/formats/root-chain.md).
// In:    the factory's roots, shared with everybody who reads them.
// Out:   a body that is composed while it is sent.
// Never: a chain held in memory for one device; a chain where <N>.root.json is 404.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "tuf/verify.h"

namespace rota::server {

constexpr std::string_view kNumberedRoot = ".root.json", kRootChain = ".root-chain";

// N of "<N><suffix>", a plain decimal from 1 to 2^31 - 1; nothing for another name.
std::optional<tuf::Version> root_version_of(std::string_view file, std::string_view suffix);

// x-rota-root-chain in the answer to <served>.root.json when there are newer ones. A hint: nobody has to trust it.
void hint_at_chain(http::Response& response, tuf::Version served, tuf::Version newest);

// Roots `first`, first + 1, … of the repository, of which there is one at least. 304 when the request says that it has
// these already.
http::Response root_chain_answer(const http::Request& request, tuf::Version first,
                                 std::vector<std::shared_ptr<const Bytes>> roots);

}  // namespace rota::server
