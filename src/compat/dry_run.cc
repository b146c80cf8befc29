#include "compat/dry_run.h"

#include <set>
#include <utility>

#include "crypto/hash.h"
#include "crypto/secret.h"
#include "tuf/metadata.h"

namespace rota::compat {
namespace {

constexpr unsigned kUsualMode = 0644;

struct NoLock final : FileLock {};

std::string without_query(const std::string& url) { return url.substr(0, url.find('?')); }

Error absent(const std::string& path) { return not_found("read '" + path + "': No such file or directory"); }

}  // namespace

DryFiles::~DryFiles() {
  for (auto& [path, written] : written_) const crypto::SecretBytes wiped(std::move(written.bytes));
}

std::vector<std::string> DryFiles::writes() {
  std::vector<std::string> paths;
  for (const auto& [path, written] : written_) {
    if (written.facts.kind == FileFacts::Kind::folder) continue;
    const auto before = real_.facts(path);
    const bool was_there = before && before->exists();
    if (!was_there && !written.facts.exists()) continue;  // a temporary file
    if (was_there && written.facts.exists()) {
      const auto bytes = real_.read(path, before->size);
      if (bytes && *bytes == written.bytes) continue;
    }
    paths.push_back(path);
  }
  return paths;
}

Result<Bytes> DryFiles::read(const std::string& path, std::uint64_t max) {
  const auto at = written_.find(path);
  if (at == written_.end()) return real_.read(path, max);
  if (at->second.facts.kind != FileFacts::Kind::file) return absent(path);
  if (at->second.bytes.size() > max) return bad_input("'" + path + "': want at most " + std::to_string(max) + " bytes");
  return at->second.bytes;
}

Result<FileFacts> DryFiles::facts(const std::string& path) {
  const auto at = written_.find(path);
  if (at == written_.end()) return real_.facts(path);
  FileFacts facts = at->second.facts;
  facts.size = at->second.bytes.size();
  return facts;
}

Result<std::vector<std::string>> DryFiles::list(const std::string& folder) {
  std::set<std::string> names;
  auto real = real_.list(folder);
  if (real) names.insert(real->begin(), real->end());
  bool is_here = real.ok() || written_.contains(folder);
  for (const auto& [path, written] : written_) {
    if (folder_of(path) != folder) continue;
    is_here = true;
    if (written.facts.exists())
      names.insert(file_name_of(path));
    else
      names.erase(file_name_of(path));
  }
  if (!is_here) return real;
  return std::vector<std::string>(names.begin(), names.end());
}

Status DryFiles::create(const std::string& path, BytesView bytes, unsigned mode) {
  if (TRY(facts(path)).exists()) return conflict("'" + path + "': exists already");
  if (!TRY(facts(folder_of(path))).exists()) return absent(folder_of(path));
  written_[path] = {{FileFacts::Kind::file, mode, 0}, Bytes(bytes)};
  return {};
}

Result<Bytes> DryFiles::read_part(const std::string& path, std::uint64_t offset, std::size_t max) {
  const auto at = written_.find(path);
  if (at == written_.end()) return real_.read_part(path, offset, max);
  if (at->second.facts.kind != FileFacts::Kind::file) return absent(path);
  return offset < at->second.bytes.size() ? at->second.bytes.substr(offset, max) : Bytes();
}

Result<DryFiles::Written*> DryFiles::own(const std::string& path) {
  const auto facts = TRY(this->facts(path));
  if (facts.kind != FileFacts::Kind::file) return absent(path);
  const auto at = written_.find(path);
  if (at != written_.end()) return &at->second;
  Bytes bytes = TRY(real_.read(path, facts.size));
  return &(written_[path] = {facts, std::move(bytes)});
}

Status DryFiles::append(const std::string& path, BytesView bytes) {
  TRY(own(path))->bytes += bytes;
  return {};
}

Status DryFiles::rename(const std::string& from, const std::string& to) {
  Written* const source = TRY(own(from));
  Written& target = written_[to];
  const crypto::SecretBytes wiped(std::move(target.bytes));
  target = std::exchange(*source, {});
  return {};
}

Status DryFiles::remove(const std::string& path) {
  if (!TRY(facts(path)).exists()) return absent(path);
  written_[path] = {};
  return {};
}

Status DryFiles::make_folder(const std::string& path, unsigned mode) {
  if (!TRY(facts(path)).exists()) written_[path] = {{FileFacts::Kind::folder, mode, 0}, {}};
  return {};
}

Status DryFiles::set_mode(const std::string& path, unsigned mode) {
  if (TRY(facts(path)).kind == FileFacts::Kind::file) TRY(own(path))->facts.mode = mode;
  return {};
}

Result<std::unique_ptr<FileLock>> DryFiles::lock(const std::string&, Seconds) {
  return std::unique_ptr<FileLock>(std::make_unique<NoLock>());
}

Result<FetchReply> DryFetcher::fetch(const FetchRequest& request) {
  if (request.method == "GET" || request.url.ends_with("/token")) {
    const auto answer = answers_.find(request.url);
    if (answer == answers_.end()) return real_.fetch(request);
    return answer->second.value_or(FetchReply{404, {}, ""});
  }
  requests_.push_back(request.method + " " + request.url);
  return accepted(request);
}

void DryFetcher::keep(const std::string& folder, const std::string& name, const Bytes& body) {
  answers_[folder + name] = FetchReply{200, {{"x-ats-role-checksum", crypto::sha256_hex(body)}}, body};
}

// As a service that takes everything: what was sent is what it shows from now on.
FetchReply DryFetcher::accepted(const FetchRequest& request) {
  const std::string url = without_query(request.url);
  const std::string folder = folder_of(url) + "/", name = file_name_of(url);
  if (request.method == "DELETE") {
    answers_[url] = std::nullopt;
  } else if (name == "root") {
    const auto envelope = tuf::parse_envelope(request.body, tuf::kMaxRoot);
    if (!envelope) return {400, {}, R"({"code":"invalid_root_role"})"};
    keep(folder, "root.json", request.body);
    const std::int64_t version = envelope->body.integer_or("version", 0);
    keep(folder, std::to_string(version) + ".root.json", request.body);
    answers_[folder + std::to_string(version + 1) + ".root.json"] = std::nullopt;
  } else {
    keep(folder, name == "targets" ? "targets.json" : name, request.body);
  }
  return {204, {{"x-ats-role-checksum", crypto::sha256_hex(request.body)}}, ""};
}

}  // namespace rota::compat
