// keys tuf show-root, keys tuf download-roots (fioctl.md 9): what the server publishes, for eyes and for the record.
#include "ceremony/anchor.h"
#include "compat/fioctl_access.h"
#include "compat/fioctl_run.h"

namespace rota::compat::fio {
namespace {

using Root = tuf::Trusted<tuf::Root>;

constexpr std::size_t kMaxRootsArchive = 32u << 20;
constexpr std::string_view kRootEnd = ".root.json";

Result<Access> access_of_login(const Run& run) {
  auto access = TRY(access_to(TRY(config_for(run)), keys::Archive(), run.world.fetcher));
  if (run.asked.has("--prod")) access.source.stream = ceremony::Stream::prod;
  return access;
}

// The root that was trusted before, if any, is in the chain as it was then.
Status agrees_with_memory(const Run& run, const Access& access, const std::vector<Root>& chain) {
  const ceremony::TrustMemory memory(run.world.files, home_folder(run.world) + "/.config/rota/trust", access.source.base,
                                     access.factory);
  const auto known = TRY(memory.recall(access.source.stream));
  if (!known) return {};
  for (const auto& root : chain)
    if (root->version == (*known)->version && root->body == (*known)->body) return {};
  return rejected("the server's roots do not contain root " + std::to_string((*known)->version) +
                  ", which was verified here before");
}

Result<std::vector<Root>> whole_chain(const Run& run, const Access& access) {
  const auto first = TRY(ceremony::fetch_root(access.source, 1));
  if (!first) return not_found("the server has no root 1 for factory '" + access.factory + "'");
  auto chain = TRY(ceremony::walk_roots(access.source, TRY_IN("root 1", tuf::anchor_root(*first))));
  TRY(agrees_with_memory(run, access, chain));
  return chain;
}

// Key archives look alike: only a file that holds nothing but roots is written over.
Status may_be_replaced(Files& files, const std::string& path) {
  if (!TRY(files.facts(path)).exists()) return {};
  const auto old = keys::Archive::read(TRY(files.read(path, kMaxRootsArchive)));
  bool only_roots = old.ok();
  if (old)
    for (const auto& [name, member] : old->members()) only_roots = only_roots && name.ends_with(kRootEnd);
  if (only_roots) return {};
  return conflict("'" + path + "': is there already, and no archive of roots", "name another file");
}

}  // namespace

Status show_root(const Run& run) {
  const auto access = TRY(access_of_login(run));
  const auto served = TRY(ceremony::fetch_newest_root(access.source));
  if (!served) return not_found("the server has no root for factory '" + access.factory + "'");
  const auto root = TRY_IN("root.json of the server", tuf::anchor_root(*served));
  if (run.asked.has("--raw"))
    run.talk.out() << *served;
  else
    run.talk.out() << to_pretty_json(TRY(parse_json(root.raw())));
  return {};
}

Status download_roots(const Run& run) {
  if (run.asked.arguments.size() != 1) return bad_input("keys tuf download-roots: want the file to write");
  const std::string& path = run.asked.arguments.front();
  TRY(may_be_replaced(run.world.files, path));
  const auto chain = TRY(whole_chain(run, TRY(access_of_login(run))));
  keys::Archive roots;
  for (const auto& root : chain)
    roots.put(std::to_string(root->version) + std::string(kRootEnd), crypto::SecretBytes(Bytes(root.raw())));
  const auto packed = TRY(roots.packed(run.world.clock.now()));
  TRY(replace_file(run.world.files, path, packed.reveal(), 0644));
  const auto newest = static_cast<std::int64_t>(chain.size());
  if (run.json())
    run.talk.out() << to_json(Json::Object{{"command", run.asked.command->words}, {"written", path}, {"newest", newest}}) << '\n';
  else
    run.talk.out() << "Roots 1 to " << newest << ", each verified by the one before --> \"" << path << "\"\n";
  return {};
}

}  // namespace rota::compat::fio
