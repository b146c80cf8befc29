// Two administrators of one factory, fioctl, and a simulated server with the updates API between them.
#pragma once

#include <sstream>

#include "compat/fioctl.h"
#include "sim/rotation_scene.h"
#include "sim/updates_server.h"

namespace rota::compat::test {

struct Outcome {
  int code = -1;
  std::string out, err;
};

inline std::string id(char seed) { return tuf::key_id(sim::key_of(seed).public_key()).hex; }

inline keys::Archive targets_archive(char seed) {
  keys::Archive archive;
  archive.add_key(keys::new_key_member("targets", sim::key_of(seed).public_key()), sim::key_of(seed)).value();
  return archive;
}

// Two administrators of one factory: a.tgz holds the root key, t.tgz the offline targets key.
struct UpdatesBench : sim::RotationScene {
  sim::UpdatesServer updates{server, now};
  std::string token = "alice";
  const std::string targets_path = "/home/owner/t.tgz";

  UpdatesBench() : RotationScene(sim::layout_c()) {
    server.add_production(sim::new_factory_roots());
    put(targets_path, targets_archive('o').packed(now).value().reveal());
    put("/home/owner/c.yaml", "factory: acme\nserver:\n  url: https://api.sim\n");
    updates.on_request([this](const FetchRequest&) -> Status {
      if (files.was_cut()) return unavailable("the power is gone");
      return {};
    });
  }
  void put(const std::string& name, BytesView bytes) { replace_file(files, name, bytes, 0600).value(); }

  Outcome run(std::vector<std::string> args) {
    std::ostringstream out, err;
    args.insert(args.end(), {"-c", "/home/owner/c.yaml", "-t", token});
    FioctlWorld world{files, clock, updates, [](const std::string& name) -> std::optional<std::string> {
                        return name == "HOME" ? std::optional<std::string>("/home/owner") : std::nullopt;
                      }};
    const int code = fioctl(args, cli::Talk(out, err), world);
    return {code, out.str(), err.str()};
  }
  Outcome stage(std::vector<std::string> args) {
    args.insert(args.begin(), {"keys", "tuf", "updates"});
    return run(std::move(args));
  }
  Outcome init() { return stage({"init", "-m", "why"}); }
  tuf::Root draft(bool production) {
    return tuf::read_root(tuf::parse_envelope(updates.draft(production), tuf::kMaxRoot).value()).value();
  }
  std::size_t signatures(bool production) {
    return tuf::parse_envelope(updates.draft(production), tuf::kMaxRoot)->signatures.size();
  }
  tuf::Trusted<tuf::Root> newest_production() { return ceremony::verify_chain(server.production_roots())->back(); }
  keys::Archive archive_at(const std::string& name) { return keys::Archive::read(bytes(name)).value(); }
  std::vector<std::string> names_of(const std::string& start) {
    std::vector<std::string> found;
    for (const auto& name : names())
      if (name.starts_with(start) && !name.ends_with(".lock")) found.push_back(name);
    return found;
  }
};

inline Bytes targets_file(std::string_view signers, const std::string& expires = "2035-01-01T00:00:00Z") {
  Json body(Json::Object{{"_type", "Targets"}, {"version", Json(7)}, {"expires", expires}, {"targets", Json(Json::Object{})}});
  return sim::signed_root(body, signers);
}

}  // namespace rota::compat::test
