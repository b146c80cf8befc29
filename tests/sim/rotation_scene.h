// An owner's machine with an archive, the factory's server, and `keys rotate` between them. For tests that link
// ceremony.
#pragma once

#include "ceremony/anchor.h"
#include "ceremony/rotation.h"
#include "sim/crash_files.h"
#include "sim/owner_archive.h"

namespace rota::sim {

struct RotationScene {
  static constexpr std::string_view kFolder = "/home/owner";
  const Time now = parse_rfc3339("2030-01-01T00:00:00Z").value();
  const std::string path = "/home/owner/a.tgz";
  CrashFiles files = {};
  Repository server{new_factory_roots(), now};
  FixedClock clock{now};
  keys::ArchiveFile file{files, path};
  Bytes before;  // the packed archive
  std::vector<std::string> said = {};

  explicit RotationScene(const keys::Archive& archive = layout_a()) : before(archive.packed(now).value().reveal()) {
    make_folders(files, std::string(kFolder), 0700).value();
    create_durable(files, path, before, 0600).value();
    server.on_request([this](const FetchRequest&) -> Status {
      if (files.was_cut()) return unavailable("the power is gone");
      return {};
    });
  }

  ceremony::RootSource source() { return {&server, std::string(Repository::kBase)}; }
  ceremony::Rotation rotation() {
    return ceremony::Rotation(file, source(), clock, [this](std::string_view line) { said.emplace_back(line); });
  }

  Result<ceremony::RotationPlan> plan(ceremony::RotationWish wish = {}) {
    const auto disk = TRY(file.read());
    const auto chain = TRY(ceremony::believed_chain(source(), {.archive = &disk.archive}, {}));
    ceremony::NewestRoots newest{{ceremony::Stream::ci, chain.back()}};
    if (auto prod = TRY(ceremony::believed_prod_chain(source(), {.archive = &disk.archive}, chain, {})))
      newest.emplace(ceremony::Stream::prod, prod->back());
    wish.now = now;
    wish.factory = "acme";
    wish.message = "Rotate";
    return ceremony::plan_rotation(disk.archive, newest, wish);
  }

  // `keys rotate`, from lock to summary.
  Result<ceremony::Settled> rotate() {
    const auto held = TRY(file.lock());
    TRY(file.no_leftovers());
    const auto disk = TRY(file.read());
    TRY(file.prove_room(disk.size));
    const auto planned = TRY(plan());
    auto rotation_run = rotation();
    TRY(rotation_run.prepare(planned, disk, {"keys rotate", "acme", std::string(Repository::kServer)}));
    return rotation_run.settle();
  }
  Result<ceremony::Settled> resume() {
    const auto held = TRY(file.lock());
    return rotation().settle();
  }
  Result<ceremony::Settled> abandon() {
    const auto held = TRY(file.lock());
    return rotation().abandon();
  }

  Bytes bytes(const std::string& name) { return files.read(name, 1u << 20).value(); }
  std::vector<std::string> names() { return files.list(std::string(kFolder)).value(); }
  keys::Archive archive_now() { return file.read().value().archive; }
  tuf::Trusted<tuf::Root> newest() { return ceremony::verify_chain(server.roots())->back(); }
  // The archive opens the newest root: it holds a private key of it.
  bool opens_newest(const keys::Archive& archive) {
    const auto found = archive.keys_among(newest()->material(tuf::Role::root));
    return !found.empty() && archive.private_key(found.front()).ok();
  }
};

}  // namespace rota::sim
