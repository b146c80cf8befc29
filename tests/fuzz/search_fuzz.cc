// The search through delegated roles: the walk asks for the roles that a plain reading of TUF 5.6.7 asks for, in that
// order, and finds what that finds. The input is {"path":…,"limit":…,"roles":{"targets":{…},"a":{…}}}: what each role's
// file holds besides its head. Files are signed here.
#include <algorithm>

#include "json_mutation.h"
#include "must_hold.h"
#include "signed_anew.h"
#include "tuf/search.h"

using namespace rota;
using namespace rota::tuf;
using rota::fuzz::must_hold;

ROTA_FUZZ_MUTATES_JSON(0)

namespace {

constexpr std::string_view kUntil = "2028-01-01T00:00:00Z";
constexpr std::size_t kMostRoles = 24;

Bytes signed_by_all(const Json& body) {
  return fuzz::envelope_of(fuzz::signatures_over(body, Dialect::tuf, {2, 3, 4, 6}), to_json(body));
}

// The metadata of one input.
class World {
 public:
  explicit World(const Json::Object& roles) {
    Json listing = test::head(Role::snapshot, 1, kUntil, Dialect::tuf);
    listing["meta"]["targets.json"]["version"] = 1;
    for (const auto& [name, members] : roles) {
      if (files_.size() == kMostRoles || members.if_object() == nullptr) continue;
      files_[name] = file_of(members);
      listing["meta"][name + ".json"]["version"] = 1;
    }
    listing_ = signed_by_all(listing);
  }

  Result<Fresh<Snapshot>> snapshot() const {
    static const Fresh<Root> root = fresh(test::trusted_root({.dialect = Dialect::tuf}), test::kNow).value();
    static const Fresh<Timestamp> timestamp = fresh(next_timestamp(root, {}, stamp()).value(), test::kNow).value();
    return fresh(TRY(next_snapshot(root, timestamp, {}, listing_)), test::kNow);
  }
  Result<Fresh<Targets>> top(const Fresh<Snapshot>& snapshot) const {
    static const Fresh<Root> root = fresh(test::trusted_root({.dialect = Dialect::tuf}), test::kNow).value();
    return fresh(TRY(next_targets(root, snapshot, {}, TRY(file("targets")))), test::kNow);
  }
  Result<Fresh<Targets>> delegated(const std::string& role, const Authority& by, const FileMeta& listed) const {
    return fresh(TRY(next_delegated(by, listed, TRY(file(role)))), test::kNow);
  }

 private:
  static Bytes stamp() {
    Json body = test::head(Role::timestamp, 1, kUntil, Dialect::tuf);
    body["meta"]["snapshot.json"]["version"] = 1;
    return signed_by_all(body);
  }
  static Bytes file_of(const Json& members) {
    Json body = test::head(Role::targets, 1, kUntil, Dialect::tuf);
    body["targets"] = Json(Json::Object{});
    for (const char* name : {"targets", "delegations"}) {
      if (const Json* member = members.find(name)) body[name] = *member;
    }
    return signed_by_all(body);
  }
  Result<Bytes> file(const std::string& role) const {
    const auto found = files_.find(role);
    if (found == files_.end()) return unavailable("no such file");
    return found->second;
  }

  std::map<std::string, Bytes> files_;
  Bytes listing_;
};

// What a search came to; a role that could not be had ends it.
struct Outcome {
  std::vector<std::string> asked;
  std::optional<std::string> found;  // the target's hashes, as text
  bool whole = false;
  bool operator==(const Outcome&) const = default;
};

std::string text_of(const Target& target) {
  std::string text = std::to_string(target.length);
  for (const auto& [algorithm, digest] : target.hashes) text += " " + algorithm + ":" + digest;
  return text;
}

Outcome searched(const World& world, const Fresh<Snapshot>& snapshot, const Fresh<Targets>& top,
                 const std::string& path, SearchLimits limits) {
  Outcome outcome;
  TargetSearch search(snapshot, top, path, limits);
  for (;;) {
    const auto wish = search.wish();
    must_hold(wish.ok() || wish.error().fault == Fault::rejected, "a search is refused as rejected");
    if (!wish.ok()) return outcome;
    if (!*wish) break;
    outcome.asked.push_back((*wish)->role);
    must_hold(outcome.asked.size() <= static_cast<std::size_t>(limits.roles), "no more roles than the limit");
    auto delegated = world.delegated((*wish)->role, (*wish)->authority, (*wish)->listed);
    if (!delegated.ok()) return outcome;
    search.take(std::move(delegated).value());
  }
  must_hold(search.visited() == outcome.asked, "what was asked for was visited");
  if (search.found()) outcome.found = text_of(*search.found());
  outcome.whole = true;
  return outcome;
}

// TUF 5.6.7 as it is written: a stack, the first delegation on top.
class PlainSearch {
 public:
  PlainSearch(const World& world, const Fresh<Snapshot>& snapshot, const std::string& path)
      : world_(world), snapshot_(snapshot), path_(path) {}

  Outcome outcome(const Fresh<Targets>& top) {
    visit(*top);
    while (!stack_.empty() && !outcome_.found) {
      const auto next = std::move(stack_.back());
      stack_.pop_back();
      if (!seen_.insert(next.speaker.role).second) continue;
      const auto listed = snapshot_->meta.find(next.speaker.role + ".json");
      if (listed == snapshot_->meta.end()) return outcome_;
      outcome_.asked.push_back(next.speaker.role);
      const auto by = authority(next.delegations, next.speaker, Dialect::tuf);
      const auto delegated = world_.delegated(next.speaker.role, by, listed->second);
      if (!delegated.ok()) return outcome_;
      visit(**delegated);
    }
    outcome_.whole = true;
    return outcome_;
  }

 private:
  struct Pending {
    Delegations delegations;
    Speaker speaker;
  };

  void visit(const Targets& targets) {
    const auto target = std::ranges::find(targets.targets, path_, &Target::name);
    if (target != targets.targets.end()) {
      outcome_.found = text_of(*target);
      return;
    }
    if (!targets.delegations) return;
    std::vector<Pending> children;
    for (const Speaker& speaker : speakers_for(*targets.delegations, path_)) {
      children.push_back({*targets.delegations, speaker});
      if (!speaker.terminating) continue;
      stack_.clear();
      break;
    }
    stack_.insert(stack_.end(), children.rbegin(), children.rend());
  }

  const World& world_;
  const Fresh<Snapshot>& snapshot_;
  const std::string path_;
  std::vector<Pending> stack_;
  std::set<std::string> seen_;
  Outcome outcome_;
};

Status try_world(const Json& input, const Json::Object& roles) {
  const World world(roles);
  const std::string path = input.text_or("path", "");
  const auto snapshot = TRY(world.snapshot());
  const auto top = TRY(world.top(snapshot));
  const Outcome outcome = searched(world, snapshot, top, path, {});
  must_hold(outcome == PlainSearch(world, snapshot, path).outcome(top), "both searches agree");
  const auto limit = static_cast<int>(std::clamp<std::int64_t>(input.integer_or("limit", 3), 0, 30));
  const Outcome limited = searched(world, snapshot, top, path, {.levels = limit, .roles = limit});
  must_hold(!limited.whole || limited == outcome, "limits refuse, they do not change what is found");
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const auto input = parse_json({reinterpret_cast<const char*>(bytes), std::min<std::size_t>(size, 8192)});
  if (!input.ok() || input->find("roles") == nullptr || input->find("roles")->if_object() == nullptr) return 0;
  static_cast<void>(try_world(*input, *input->find("roles")->if_object()).ok());
  return 0;
}
