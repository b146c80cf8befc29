#include "runner/ostree_push.h"

#include <filesystem>
#include <fstream>

#include "base/child.h"

namespace rota::runner {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAsked = 100;  // paths a call may name (repo-api.md 8.2)
constexpr std::size_t kBlock = 512, kPiece = 128 * 1024;
constexpr Seconds kCommitTime{3600};

using Crcs = std::map<std::string, std::uint32_t>;

Result<std::string> ostree(std::vector<std::string> arguments) {
  Command command;
  command.argv = {"ostree"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.environment = {{"HOME", "/nonexistent"}, {"LC_ALL", "C.UTF-8"}};
  command.timeout = kCommitTime;
  return output_of(command);
}

Result<std::uint32_t> crc_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return io_error(file.string() + ": cannot be read");
  Bytes buffer(kPiece, '\0');
  std::uint32_t crc = 0;
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)
    crc = crc32c(BytesView(buffer.data(), static_cast<std::size_t>(in.gcount())), crc);
  return crc;
}

Result<Crcs> crcs_below(const std::string& repo, const std::string& top) {
  Crcs out;
  std::error_code failed;
  for (const auto& entry : fs::recursive_directory_iterator(repo + "/" + top, failed))
    if (entry.is_regular_file(failed)) out["./" + fs::relative(entry.path(), repo).string()] = TRY(crc_of(entry.path()));
  if (failed) return io_error(repo + ": " + failed.message());
  return out;
}

// Those of `all` that the server asks for.
Result<Crcs> missing_of(RunLink& link, const Crcs& all) {
  Crcs missing, asked;
  auto ask = [&]() -> Status {
    auto answer = TRY(link.hub_check(asked));
    for (const auto& [path, crc] : asked)
      if (answer.find(path)) missing[path] = crc;
    asked.clear();
    return {};
  };
  for (const auto& one : all) {
    asked.insert(one);
    if (asked.size() == kAsked) TRY(ask());
  }
  if (!asked.empty()) TRY(ask());
  return missing;
}

// A tar in POSIX pax format, every entry with its CRC.
class PaxWriter {
 public:
  explicit PaxWriter(const std::string& path) : path_(path), out_(path, std::ios::binary | std::ios::trunc) {}

  Status add(const std::string& name, const std::string& file, std::uint32_t crc) {
    auto record = pax_record("FIO.ostree.CRC", std::to_string(crc));
    if (name.size() > kNameField) record += pax_record("path", name);
    put(header("pax", record.size(), 'x'));
    put(record);
    pad(record.size());
    auto size = static_cast<std::size_t>(fs::file_size(file));
    put(header(name.substr(0, kNameField), size, '0'));
    std::ifstream in(file, std::ios::binary);
    if (size > 0) out_ << in.rdbuf();
    pad(size);
    if (!out_ || !in) return io_error(path_ + ": cannot be written");
    return {};
  }

  Status finish() {
    put(std::string(2 * kBlock, '\0'));
    out_.close();
    if (out_.fail()) return io_error(path_ + ": cannot be written");
    return {};
  }

 private:
  static constexpr std::size_t kNameField = 100;

  static std::string pax_record(const std::string& key, const std::string& value) {
    auto body = " " + key + "=" + value + "\n";
    auto length = body.size() + 1;
    while (std::to_string(length).size() + body.size() != length) ++length;
    return std::to_string(length) + body;
  }

  static std::string octal(std::size_t value, std::size_t digits) {
    std::string out(digits, '0');
    for (auto at = digits; at > 0 && value > 0; --at, value >>= 3) out[at - 1] = static_cast<char>('0' + (value & 7));
    return out;
  }

  static std::string header(const std::string& name, std::size_t size, char type) {
    std::string block(kBlock, '\0');
    auto set = [&block](std::size_t at, const std::string& text) { block.replace(at, text.size(), text); };
    set(0, name);
    set(100, octal(0644, 7));
    set(124, octal(size, 11));
    set(148, std::string(8, ' '));
    block[156] = type;
    set(257, std::string("ustar\0" "00", 8));
    std::size_t sum = 0;
    for (char c : block) sum += static_cast<unsigned char>(c);
    set(148, octal(sum, 6) + '\0' + ' ');
    return block;
  }

  void put(const std::string& bytes) { out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size())); }
  void pad(std::size_t size) { put(std::string((kBlock - size % kBlock) % kBlock, '\0')); }

  std::string path_;
  std::ofstream out_;
};

Status write_tar(const std::string& repo, const std::string& tar, const Crcs& files) {
  PaxWriter writer(tar);
  for (const auto& [name, crc] : files) TRY(writer.add(name, repo + "/" + name.substr(2), crc));
  return writer.finish();
}

Status none_refused(const Json& counts) {
  auto failed = TRY(counts.integer("sync_failed"));
  if (failed == 0) return {};
  return rejected("hub: " + std::to_string(failed) + " file(s) were refused");
}

}  // namespace

Result<std::string> commit_tree(const TreeCommit& order, const std::string& repo) {
  TRY(ostree({"init", "--repo=" + repo, "--mode=archive"}));
  auto out = TRY(ostree({"commit", "--repo=" + repo, "--tree=dir=" + order.tree, "--owner-uid=0", "--owner-gid=0", "--no-xattrs",
                         "--branch=" + order.branch, "--subject=" + order.subject, "--timestamp=" + order.time,
                         "--add-metadata-string=version=" + order.version}));
  std::string commit(trim(out));
  if (!is_sha256_hex(commit)) return rejected("ostree commit: want a checksum, got '" + commit.substr(0, 80) + "'");
  return commit;
}

Result<Pushed> push_repository(RunLink& link, const std::string& repo) {
  auto objects = TRY(crcs_below(repo, "objects"));
  auto send = TRY(missing_of(link, objects));
  Pushed out{objects.size(), send.size()};
  for (const auto& [name, crc] : TRY(crcs_below(repo, "refs/heads"))) send[name] = crc;
  auto tar = repo + ".tar";
  TRY(write_tar(repo, tar, send));
  TRY(none_refused(TRY_IN("upload", link.hub_put(tar))));
  return out;
}

}  // namespace rota::runner
