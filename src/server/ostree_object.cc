#include "server/ostree_object.h"

#include <algorithm>
#include <array>

#include "server/gvariant.h"

namespace rota::server {
namespace {

using Kind = OstreeObject::Kind;

constexpr std::array<std::pair<Kind, std::string_view>, 5> kKinds = {{{Kind::commit, "commit"},
                                                                       {Kind::commitmeta, "commitmeta"},
                                                                       {Kind::dirtree, "dirtree"},
                                                                       {Kind::dirmeta, "dirmeta"},
                                                                       {Kind::filez, "filez"}}};

std::string_view name_of(Kind kind) {
  return std::find_if(kKinds.begin(), kKinds.end(), [kind](const auto& each) { return each.first == kind; })->second;
}

Result<OstreeObject> object_of(Kind kind, BytesView checksum) {
  if (checksum.size() != 32)
    return rejected("ostree: checksum: want 32 bytes, got " + std::to_string(checksum.size()));
  return OstreeObject{kind, hex(checksum)};
}

Status clean_name(BytesView text) {
  auto name = TRY(gvariant_text(text));
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string_view::npos)
    return rejected("ostree: dirtree: '" + std::string(name) + "' cannot be a file name");
  return {};
}

constexpr std::size_t aligned(std::size_t at, std::size_t to) { return (at + to - 1) / to * to; }

}  // namespace

std::string OstreeObject::path() const {
  return "objects/" + checksum.substr(0, 2) + "/" + checksum.substr(2) + "." + std::string(name_of(kind));
}

std::optional<OstreeObject> ostree_object_at(std::string_view path) {
  constexpr std::string_view top = "objects/";
  constexpr std::size_t slash = top.size() + 2, dot = slash + 1 + 62;
  if (!path.starts_with(top) || path.size() <= dot || path[slash] != '/' || path[dot] != '.') return std::nullopt;
  auto checksum = std::string(path.substr(top.size(), 2)) + std::string(path.substr(slash + 1, 62));
  if (!is_sha256_hex(checksum)) return std::nullopt;
  for (const auto& [kind, name] : kKinds)
    if (path.substr(dot + 1) == name) return OstreeObject{kind, checksum};
  return std::nullopt;
}

// (a{sv}aya(say)sstayay): metadata, parent, related, subject, body, time, root dirtree, root dirmeta.
Result<OstreeCommit> read_ostree_commit(BytesView bytes) {
  auto frame = TRY_IN("ostree commit", gvariant_tuple(bytes, 6));
  const auto& ends = frame.ends;
  auto tree_at = aligned(ends[4], 8) + 8;
  if (tree_at > ends[5]) return rejected("ostree commit: want a time before the root, got none");
  OstreeCommit commit;
  if (auto parent = bytes.substr(ends[0], ends[1] - ends[0]); !parent.empty())
    commit.parent = TRY(object_of(Kind::commit, parent)).checksum;
  commit.tree = TRY(object_of(Kind::dirtree, bytes.substr(tree_at, ends[5] - tree_at)));
  commit.meta = TRY(object_of(Kind::dirmeta, bytes.substr(ends[5], frame.body_end - ends[5])));
  return commit;
}

// (a(say)a(sayay)): files with their content, folders with their tree and metadata.
Result<std::vector<OstreeObject>> read_ostree_dirtree(BytesView bytes) {
  std::vector<OstreeObject> out;
  auto frame = TRY_IN("ostree dirtree", gvariant_tuple(bytes, 1));
  auto files = TRY(gvariant_array(bytes.substr(0, frame.ends[0])));
  auto folders = TRY(gvariant_array(bytes.substr(frame.ends[0], frame.body_end - frame.ends[0])));
  for (auto file : files) {
    auto parts = TRY(gvariant_tuple(file, 1));
    TRY(clean_name(file.substr(0, parts.ends[0])));
    out.push_back(TRY(object_of(Kind::filez, file.substr(parts.ends[0], parts.body_end - parts.ends[0]))));
  }
  for (auto folder : folders) {
    auto parts = TRY(gvariant_tuple(folder, 2));
    TRY(clean_name(folder.substr(0, parts.ends[0])));
    out.push_back(TRY(object_of(Kind::dirtree, folder.substr(parts.ends[0], parts.ends[1] - parts.ends[0]))));
    out.push_back(TRY(object_of(Kind::dirmeta, folder.substr(parts.ends[1], parts.body_end - parts.ends[1]))));
  }
  return out;
}

}  // namespace rota::server
