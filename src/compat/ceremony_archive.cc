#include "compat/ceremony_archive.h"

#include "ceremony/archive_keeping_parting.h"
#include "ceremony/drill.h"

namespace rota::compat {
namespace {

using Print = ArchiveTask::Print;
using Run = ArchiveTask::Run;

// acme.tgz.age -> acme.retired.tgz.age
std::string beside(const std::string& path, const std::string& what) {
  for (const std::string_view ending : {".tgz.age", ".tar.gz.age", ".tgz", ".tar.gz"})
    if (path.ends_with(ending)) return path.substr(0, path.size() - ending.size()) + "." + what + std::string(ending);
  return path + "." + what;
}

Json texts(const std::vector<std::string>& lines) {
  Json json(Json::Array{});
  for (const auto& line : lines) json.push_back(Json(line));
  return json;
}

Status print(const ArchiveTask& task, const Json& facts, const std::vector<std::string>& text) {
  if (task.print == Print::json)
    task.talk.out() << to_json(facts) << "\n";
  else
    for (const auto& line : text) task.talk.out() << line << "\n";
  return {};
}

class Moving {
 public:
  Moving(const ArchiveTask& task, std::string command, std::string second)
      : task_(task), command_(std::move(command)), second_(std::move(second)) {}

  // `gate` is passed once everything that would leave was shown.
  Status carry_out(const ceremony::Parting& parting, const std::function<Status()>& gate = {}) const {
    if (parting.empty()) return nothing_to_do();
    for (const auto& line : parting.said) task_.talk.say(line);
    if (gate) TRY(gate());
    if (task_.run == Run::dry)
      return print(task_, facts(parting, {}), {"would move " + count(parting) + " to '" + second_ + "'"});
    TRY(task_.agree("Move " + count(parting) + " from '" + task_.file.path() + "' to '" + second_ + "'?"));
    const auto parted = TRY(ceremony::part_archive(task_.file, task_.unlock, parting, second_, task_.now));
    task_.talk.hint("'" + parted.backup + "' still holds all of it; keep it as safe as the two");
    return print(
        task_, facts(parting, parted.backup),
        {"moved " + count(parting) + " to '" + second_ + "'", "the archive as it was is '" + parted.backup + "'"});
  }

 private:
  Status nothing_to_do() const {
    return print(task_, facts({}, {}), {"nothing to move: '" + task_.file.path() + "' is as it was"});
  }
  static std::string count(const ceremony::Parting& parting) {
    return std::to_string(parting.leaving.size()) + (parting.leaving.size() == 1 ? " member" : " members");
  }
  Json facts(const ceremony::Parting& parting, const std::string& backup) const {
    Json json(Json::Object{{"command", command_},
                           {"archive", task_.file.path()},
                           {"moved", texts(parting.leaving)},
                           {"shared", texts(parting.shared)}});
    if (!parting.empty()) json["second"] = second_;
    if (!backup.empty()) json["backup"] = backup;
    return json;
  }

  const ArchiveTask& task_;
  std::string command_, second_;
};

Result<std::unique_ptr<FileLock>> held(const ArchiveTask& task) {
  if (task.run == Run::dry) return std::unique_ptr<FileLock>();
  return task.file.lock();
}

// The retiring gate.
Status devices_have_followed(const ArchiveTask& task, const Result<Fleet>& fleet) {
  if (!fleet)
    return Error{fleet.error().fault, "whether devices still need the old keys is not known: " + fleet.error().what,
                 fleet.error().hint.empty() ? "--allow devices-behind moves them without asking"
                                            : fleet.error().hint + "; or --allow devices-behind"};
  if (fleet->unknown > 0)
    task.talk.warn(std::to_string(fleet->unknown) + " of " + std::to_string(fleet->devices) +
                   " devices have not shown yet which root they trust");
  return retired_keys_may_go(*fleet);
}

}  // namespace

Status prune_archive(const ArchiveTask& task, const AskFleet& fleet) {
  const auto lock = TRY(held(task));
  const auto disk = TRY(task.file.read());
  const auto parting = TRY(ceremony::prune_parting(disk.archive, task.trusted ? &*task.trusted : nullptr));
  const std::string second = task.output.empty() ? beside(task.file.path(), "retired") : task.output;
  return Moving(task, "keys archive prune", second).carry_out(parting, [&]() -> Status {
    if (!fleet || parting.retired.empty()) return {};
    return devices_have_followed(task, fleet(disk.archive));
  });
}

Status split_archive(const ArchiveTask& task, const std::string& role) {
  const auto asked = tuf::role_named(lower(role));
  if (asked != tuf::Role::root && asked != tuf::Role::targets)
    return bad_input("--role: want root or targets, got '" + role + "'");
  const auto lock = TRY(held(task));
  const auto disk = TRY(task.file.read());
  const auto parting = TRY(ceremony::split_parting(disk.archive, *asked));
  const std::string second =
      task.output.empty() ? beside(task.file.path(), std::string(tuf::name_of(*asked))) : task.output;
  return Moving(task, "keys archive split", second).carry_out(parting);
}

Status drill_archive(const ArchiveTask& task, const NewestRoot& newest) {
  const auto disk = TRY(task.file.read());
  const auto chain = task.trusted ? *task.trusted : TRY(newest(disk.archive));
  const auto drill = TRY(ceremony::drilled(disk, task.file.path(), chain.back(), task.now));
  for (const auto& line : drill.said) task.talk.say(line);
  const std::string path = TRY(ceremony::file_drill(task.file.files(), task.file.path(), drill, task.now));
  const Json* body = drill.result.find("signed");
  const std::string verdict = body->text_or("verdict", "");
  Json facts = *body;
  facts["filed"] = path;
  TRY(print(task, facts, {verdict + ", filed as '" + path + "'"}));
  if (drill.passed) return {};
  return rejected(
      "'" + task.file.path() + "': none of its keys is a root key of root " + std::to_string(chain.back()->version),
      "this may be an archive from before an earlier rotation; look for the newest one");
}

}  // namespace rota::compat
