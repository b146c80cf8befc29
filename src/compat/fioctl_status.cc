// keys status (fioctl.md 11): what is published, who has signed it, when it expires, which keys an archive still needs, and
// which root the devices trust.
#include <algorithm>

#include "ceremony/anchor.h"
#include "compat/fioctl_updates.h"
#include "compat/fleet.h"

namespace rota::compat::fio {
namespace {

using ceremony::Stream;
using tuf::Role;

constexpr int kWarnDays = 30;
constexpr int kWarnDaysRenewed = 2;  // of the roles that the service renews by itself, timestamps of 7 days among them
constexpr Role kRoles[] = {Role::root, Role::targets, Role::snapshot, Role::timestamp};

struct RoleLine {
  Stream stream;
  Role role;
  std::int64_t version = 0;
  std::string expires;
  std::int64_t days = 0;
  tuf::Tally tally = {};
};

std::string joined(const std::vector<tuf::KeyId>& ids) {
  std::string text;
  for (const auto& id : ids) text.append(text.empty() ? "" : ", ").append(id.brief());
  return text.empty() ? "-" : text;
}

std::int64_t days_until(Time at, Time now) { return std::chrono::floor<std::chrono::days>(at - now).count(); }

// The role's file as served, judged by the verified root; nullopt where there is none.
Result<std::optional<RoleLine>> line_of(const ceremony::RootSource& source, const tuf::Trusted<tuf::Root>& root, Role role,
                                        Time now) {
  const std::string name = std::string(tuf::name_of(role)) + ".json";
  Bytes bytes(root.raw());
  if (role != Role::root) {
    const FetchRequest request{.url = source.url(name), .headers = source.headers, .max_body = tuf::max_size(role)};
    const auto reply = TRY(source.fetcher->fetch(request));
    if (reply.status == 404) return std::optional<RoleLine>();
    if (reply.status != 200) return ceremony::http_error(request, reply);
    bytes = reply.body;
  }
  const auto envelope = TRY_IN(name, tuf::parse_envelope(bytes, tuf::max_size(role)));
  RoleLine line{source.stream, role, envelope.body.integer_or("version", 0), envelope.body.text_or("expires", ""), 0,
                tuf::tally(*root, role, envelope)};
  line.days = days_until(TRY_IN(name + ": expires", parse_rfc3339(line.expires)), now);
  return std::optional<RoleLine>(std::move(line));
}

Result<std::vector<RoleLine>> all_lines(const Access& access, const ceremony::NewestRoots& newest, Time now) {
  std::vector<RoleLine> lines;
  for (const auto& [stream, root] : newest) {
    ceremony::RootSource source = access.source;
    source.stream = stream;
    for (const Role role : kRoles)
      if (auto line = TRY(line_of(source, root, role, now))) lines.push_back(std::move(*line));
  }
  return lines;
}

std::string status_of(const crypto::PublicKey& key, const ceremony::NewestRoots& newest, const keys::Archive& archive) {
  for (const auto& [stream, root] : newest)
    for (const Role role : kRoles)
      if (root->material(role).contains(key)) return "active " + std::string(tuf::name_of(role));
  if (const auto candidate = ceremony::archive_candidate(archive, Stream::ci); candidate.ok() && *candidate) {
    const bool later = (**candidate)->version > newest.at(Stream::ci)->version;
    for (const Role role : kRoles)
      if (later && (**candidate)->material(role).contains(key)) return "pending " + std::string(tuf::name_of(role));
  }
  return "retired";
}

Json status_json(const std::vector<RoleLine>& lines) {
  Json roles{Json::Array{}};
  for (const auto& line : lines) {
    Json entry(Json::Object{{"stream", ceremony::name_of(line.stream)},
                            {"role", tuf::name_of(line.role)},
                            {"version", Json(line.version)},
                            {"expires", line.expires},
                            {"days", Json(line.days)},
                            {"threshold", Json(line.tally.threshold)},
                            {"signed-by", Json(Json::Array{})},
                            {"missing", Json(Json::Array{})}});
    for (const auto& id : line.tally.signed_by) entry["signed-by"].push_back(Json(id.hex));
    for (const auto& id : line.tally.missing) entry["missing"].push_back(Json(id.hex));
    roles.push_back(std::move(entry));
  }
  return Json(Json::Object{{"roles", std::move(roles)}});
}

void print_table(const Run& run, const std::vector<RoleLine>& lines) {
  const std::vector<std::string> header = {"STREAM", "ROLE", "VERSION", "EXPIRES", "DAYS", "SIGNED BY", "NOT BY"};
  std::vector<std::vector<std::string>> rows(1);
  for (const auto& word : header) rows.front().emplace_back(word.size(), '-');
  for (const auto& line : lines)
    rows.push_back({std::string(ceremony::name_of(line.stream)), std::string(tuf::name_of(line.role)),
                    std::to_string(line.version), line.expires, std::to_string(line.days), joined(line.tally.signed_by),
                    joined(line.tally.missing)});
  run.talk.out() << cli::table(header, rows);
}

// Nothing: each role's own.
Result<std::optional<int>> asked_days(const Asked& asked) {
  const auto text = asked.value("--warn-days");
  if (!text) return std::optional<int>();
  return std::optional<int>(static_cast<int>(TRY_IN("--warn-days", decimal(*text, 3650))));
}

int warn_days_of(Role role) {
  return role == Role::snapshot || role == Role::timestamp ? kWarnDaysRenewed : kWarnDays;
}

// rejected, when a role does not verify or expires soon, or devices hold a root that was never published.
Status verdict(const std::vector<RoleLine>& lines, std::optional<int> warn_days, const std::optional<Fleet>& fleet) {
  std::string text;
  if (fleet && fleet->forked > 0)
    text = std::to_string(fleet->forked) + " devices hold a root that was never published here: " +
           names_of(fleet->forks, fleet->forked);
  for (const auto& line : lines) {
    const std::string where = std::string(ceremony::name_of(line.stream)) + " " + std::string(tuf::name_of(line.role));
    if (!line.tally.met())
      text.append(text.empty() ? "" : "; ").append(where + ": " + std::to_string(line.tally.signed_by.size()) + " of " +
                                                   std::to_string(line.tally.threshold) + " signatures");
    if (line.days < warn_days.value_or(warn_days_of(line.role)))
      text.append(text.empty() ? "" : "; ").append(where + ": expires " + line.expires);
  }
  return text.empty() ? Status() : rejected(text);
}

}  // namespace

Status keys_status(const Run& run) {
  if (run.asked.arguments.size() > 1) return bad_input("keys status: want at most one archive");
  const auto warn_days = TRY(asked_days(run.asked));
  auto unlock = TRY(unlock_of(run));
  OpenArchive source{keys::ArchiveFile(run.world.files, "")};
  if (!run.asked.arguments.empty())
    source = TRY(open_archive(run, run.asked.arguments.front(), unlock, Presence::required));
  const auto access = TRY(access_for(run, source.archive()));
  const auto newest = TRY(believed_roots(run, access, source.archive()));
  const auto lines = TRY(all_lines(access, newest, run.world.clock.now()));
  remember_roots(run, access, newest);
  std::optional<Fleet> fleet;
  if (run.asked.has("--fleet")) fleet = TRY(fetch_fleet(access.source, access.factory));
  Json json = status_json(lines);
  std::vector<std::vector<std::string>> rows;
  for (const auto& key : source.archive().keys()) {
    const auto status = status_of(key.public_key, newest, source.archive());
    rows.push_back({tuf::key_id(key.public_key).hex, status, key.pub_member});
    json["keys"].push_back(Json(Json::Object{
        {"keyid", rows.back()[0]}, {"status", status}, {"pub", key.pub_member},
        {"private", Json(source.archive().find(key.sec_member) != nullptr)}}));
  }
  if (fleet) json["fleet"] = fleet->json;
  if (run.json()) {
    run.talk.out() << to_pretty_json(json);
  } else {
    print_table(run, lines);
    if (!rows.empty()) run.talk.out() << '\n' << cli::table({"KEY", "STATUS", "MEMBER"}, rows);
    if (fleet) run.talk.out() << '\n' << fleet_text(*fleet);
  }
  return verdict(lines, warn_days, fleet);
}

}  // namespace rota::compat::fio
