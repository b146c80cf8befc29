// What a draft of root updates would change, and what stands against it. Private to src/repo; signs nothing that stays.
#pragma once

#include <string>
#include <vector>

#include "repo/production.h"
#include "repo/root_updates_rows.h"

namespace rota::repo {

struct UpdatesReview {
  Json amendments{Json::Array{}}, errors{Json::Array{}}, warnings{Json::Array{}};  // [{"kind","message","args"}]
  std::vector<std::string> refusals() const;                                       // the messages of the errors
};

struct UpdatesScene {
  const Standing& before;
  const std::vector<OnlineKey>& keys;
  const std::vector<ProductionFile>& files;
  Time now;
};

// The newest roots of both streams with these members' changes as one publication. Signatures of keys that the draft
// does not list any more are left out.
Change change_of(const UpdatesRow& row);
UpdatesReview reviewed(const UpdatesScene& scene, const UpdatesRow& row);

Json issue(std::string_view kind, std::string message, Json args = Json(Json::Object{}));
// The id under which a root body lists the server's key of a role; empty: none.
std::string online_id_in(const Json& body, tuf::Role role, const std::vector<OnlineKey>& keys);
Json online_ids_in(const Json& body, const std::vector<OnlineKey>& keys);  // {role: id}

}  // namespace rota::repo
