// TUF 5.3: from the root held to the newest one, each verified by the one before and stored before the next is believed.
// In:    a repository that may lie, the trust it is judged by.
// Out:   `trust` and `store` moved on together.
// Never: a failure taken for the end: only an authenticated 404 is; a version skipped; more roots in memory than one large one
//        takes.
#pragma once

#include "client/limits.h"
#include "client/metadata_folder.h"
#include "client/trust.h"

namespace rota::client {

// Asks for N+1.root.json until there is none. When the repository says in `x-rota-root-chain` that there are several more, it
// is asked once for the rest in one file (docs/formats/root-chain.md). Stops after limits.roots_per_refresh (unavailable).
// After an error everything accepted before it is kept.
Status walk_roots(const MetadataFolder& folder, TrustStore& store, Trust& trust, const Limits& limits);

// Roots of the chain that the store does not hold yet, and what later ones made void: one commit, none when nothing is owed.
Status save_chain(TrustStore& store, Trust& trust);

}  // namespace rota::client
