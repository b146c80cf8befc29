#include "repo/production.h"

#include "crypto/hash.h"
#include "repo/judgement.h"
#include "repo/repositories_impl.h"
#include "repo/signatures.h"

namespace rota::repo {
namespace {

using tuf::Role;

const std::vector<std::string> kTables = {R"(
CREATE TABLE production_targets (
  factory TEXT NOT NULL REFERENCES factories(name),
  version INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('tag', 'wave')),
  name TEXT NOT NULL,
  tag TEXT NOT NULL,
  in_use INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  bytes BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (factory, version)
);
CREATE UNIQUE INDEX production_targets_in_use ON production_targets (factory, kind, name) WHERE in_use = 1;
CREATE UNIQUE INDEX production_waves_in_use ON production_targets (factory, tag) WHERE in_use = 1 AND kind = 'wave';)"};

std::string where_of(const ProductionFile& file) {
  return std::string(name_of(file.kind)) + " '" + file.name.substr(0, 60) + "'";
}

const std::vector<Json>& given_for(const ProductionFile& file, const Change& change) {
  static const std::vector<Json> kNone;
  const auto& given = file.kind == ProductionFile::Kind::tag ? change.tag_signatures : change.wave_signatures;
  const auto found = given.find(file.name);
  return found == given.end() ? kNone : found->second;
}

Refusal no_production() {
  return {"no_production", "this factory has no production root yet; its next rotation brings one", {}, 409};
}

Refusal too_low(tuf::Version want, tuf::Version got) {
  return {"invalid_version_bump",
          "production targets version: want at least " + std::to_string(want) + ", got " + std::to_string(got),
          {},
          409};
}

}  // namespace

std::string_view name_of(ProductionFile::Kind kind) {
  switch (kind) {
    case ProductionFile::Kind::tag:
      return "tag";
    case ProductionFile::Kind::wave:
      return "wave";
  }
  abort_with("ProductionFile: not one of its kinds");
}

Status ProductionLedger::make_tables() {
  return db_.migrate(kTables);
}

Result<std::vector<ProductionFile>> ProductionLedger::in_use(const std::string& factory) const {
  std::vector<ProductionFile> files;
  for (auto& row : TRY(db_.query("SELECT kind, name, tag, version, bytes FROM production_targets WHERE factory = ? AND "
                                 "in_use = 1 ORDER BY kind, name",
                                 {factory}))) {
    const auto kind = row.text(0) == "tag" ? ProductionFile::Kind::tag : ProductionFile::Kind::wave;
    files.push_back({kind, row.text(1), row.text(2), row.integer(3), row.take(4)});
  }
  return files;
}

Result<tuf::Version> ProductionLedger::newest_version(const std::string& factory) const {
  return TRY(db_.query("SELECT max(version) FROM production_targets WHERE factory = ?", {factory})).at(0).integer(0);
}

Status ProductionLedger::add(const std::string& factory, const ProductionFile& file, Time now) {
  const std::string kind(name_of(file.kind));
  TRY(db_.execute("UPDATE production_targets SET in_use = 0 WHERE factory = ? AND kind = ? AND name = ?",
                  {factory, kind, file.name}));
  TRY(db_.execute(
      "INSERT INTO production_targets (factory, version, kind, name, tag, in_use, sha256, bytes, created_at) "
      "VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)",
      {factory, file.version, kind, file.name, file.tag, crypto::sha256_hex(file.bytes), store::BlobView{file.bytes},
       now.time_since_epoch().count()}));
  return {};
}

Status ProductionLedger::sign_again(const std::string& factory, const ProductionFile& file) {
  TRY(db_.execute("UPDATE production_targets SET sha256 = ?, bytes = ? WHERE factory = ? AND version = ?",
                  {crypto::sha256_hex(file.bytes), store::BlobView{file.bytes}, factory, file.version}));
  return {};
}

Status ProductionLedger::complete_wave(const std::string& factory, const std::string& wave) {
  TRY(db_.execute(
      "UPDATE production_targets SET in_use = 0 WHERE factory = ?1 AND kind = 'tag' AND name = (SELECT tag FROM "
      "production_targets WHERE factory = ?1 AND kind = 'wave' AND name = ?2 AND in_use = 1)",
      {factory, wave}));
  const auto done = TRY(db_.execute(
      "UPDATE production_targets SET kind = 'tag', name = tag WHERE factory = ? AND kind = 'wave' AND name = ? "
      "AND in_use = 1",
      {factory, wave}));
  return done == 1 ? Status() : not_found("wave '" + wave.substr(0, 60) + "': is not active");
}

Status ProductionLedger::cancel_wave(const std::string& factory, const std::string& wave) {
  const auto done = TRY(db_.execute(
      "UPDATE production_targets SET in_use = 0 WHERE factory = ? AND kind = 'wave' AND name = ? AND in_use = 1",
      {factory, wave}));
  return done == 1 ? Status() : not_found("wave '" + wave.substr(0, 60) + "': is not active");
}

Result<ProductionFile> signed_under(const tuf::Root& root, const ProductionFile& file, const Change& change,
                                    const std::vector<OnlineKey>& keys) {
  ProductionFile next = file;
  next.bytes = TRY_IN(where_of(file),
                      signed_again(file.bytes, root, given_for(file, change), signers_of(keys, root, Role::targets)));
  TRY_IN(where_of(file), tuf::targets_under(root, next.bytes));
  return next;
}

bool concerns_production(const Change& change) {
  return change.production_root || !change.tag_signatures.empty() || !change.wave_signatures.empty();
}

Result<std::vector<ProductionFile>> production_after(const std::vector<ProductionFile>& files, const Standing& next,
                                                     const Change& change, const std::vector<OnlineKey>& keys) {
  std::vector<ProductionFile> changed;
  const auto root = TRY(newest_production_root(next));
  if (!root) return changed;
  for (const auto& file : files) {
    auto after = TRY(signed_under(**root, file, change, keys));
    if (after.bytes != file.bytes) changed.push_back(std::move(after));
  }
  return changed;
}

Result<Accepted<tuf::Version>> Production::accept_root(std::string_view factory, BytesView envelope,
                                                       const RootOptions& options) {
  return impl_.on_present(factory, [&](const Standing& before) -> Result<Accepted<tuf::Version>> {
    const auto ci = static_cast<tuf::Version>(before.roots.size());
    // The first one is the twin of the newest ci root.
    const auto version = before.production.empty() ? ci : before.production.rbegin()->first + 1;
    if (version > ci)
      return Refusal{"lock_step", "the production chain would get ahead of ci: push the ci root first", {}, 409};
    const auto base = TRY(production_base(before, version));
    auto judged = judged_root(base, envelope, options, impl_.clock.now());
    if (const auto* refusal = std::get_if<Refusal>(&judged)) return *refusal;
    const auto published = impl_.publish(before, {.production_root = std::get<Bytes>(std::move(judged))});
    if (!published && refuses_content(published.error().fault)) return refused_root({published.error().what});
    if (!published) return published.error();
    return Accepted<tuf::Version>(base->version + 1);
  });
}

Result<Accepted<tuf::Version>> Production::publish(std::string_view factory, const Push& push) {
  return impl_.on_present(factory, [&](const Standing& before) -> Result<Accepted<tuf::Version>> {
    const auto root = TRY(newest_production_root(before));
    if (!root) return no_production();
    const auto keys = TRY(impl_.vault.online(before.factory));
    auto judged = judged_production(**root, push.envelope, signers_of(keys, **root, Role::targets), impl_.clock.now());
    if (const auto* refusal = std::get_if<Refusal>(&judged)) return *refusal;
    ProductionFile file{push.kind, push.name, push.tag, 0, std::get<Bytes>(std::move(judged))};
    file.version = TRY(tuf::read_targets(TRY(tuf::parse_envelope(file.bytes, tuf::kMaxTargets)))).version;
    const auto newest = TRY(impl_.production.newest_version(before.factory));
    if (file.version <= newest) return too_low(newest + 1, file.version);
    const auto add = [&] { return impl_.production.add(before.factory, file, impl_.clock.now()); };
    TRY(impl_.db.transaction(add));
    return Accepted<tuf::Version>(file.version);
  });
}

Status Production::complete_wave(std::string_view factory, const std::string& wave) {
  return impl_.on_present(factory, [&](const Standing& before) {
    return impl_.db.transaction([&] { return impl_.production.complete_wave(before.factory, wave); });
  });
}

Status Production::cancel_wave(std::string_view factory, const std::string& wave) {
  return impl_.on_present(factory, [&](const Standing& before) {
    return impl_.db.transaction([&] { return impl_.production.cancel_wave(before.factory, wave); });
  });
}

Result<std::map<std::string, Bytes>> Production::in_use(std::string_view factory, ProductionFile::Kind kind) const {
  const auto standing = TRY(impl_.standing(factory));
  std::map<std::string, Bytes> files;
  for (auto& file : TRY(impl_.production.in_use(standing->factory)))
    if (file.kind == kind) files[file.name] = std::move(file.bytes);
  return files;
}

}  // namespace rota::repo
