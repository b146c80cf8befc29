// rota-tuf-conformance: client/ as the public conformance suite of TUF clients wants to call it.
//   --metadata-dir D init ROOT
//   --metadata-dir D --metadata-url U refresh
//   --metadata-dir D --metadata-url U --target-name P... --target-base-url T --target-dir F download
// Exit code 0 when all of it succeeded, 1 otherwise. The clock is the system's.
#include "arguments.h"
#include "cli/talk.h"
#include "client/folder_store.h"
#include "client/updater.h"
#include "http/client.h"
#include "http/gzip.h"

namespace rota::conformance {
namespace {

Status init(const Arguments& arguments, Files& files) {
  const Bytes root = TRY(files.read(arguments.trusted_root, tuf::max_size(tuf::Role::root, tuf::Dialect::tuf)));
  return client::FolderStore::init(files, arguments.metadata_dir, root);
}

Status download(client::Updater& updater, const Arguments& arguments) {
  for (const auto& name : arguments.target_names) {
    const auto target = TRY(updater.find(name));
    if (!target) return not_found("target '" + name + "': no role offers it");
    TRY(updater.download(*target, arguments.target_dir));
  }
  return {};
}

Status update(const Arguments& arguments, Files& files) {
  http::Client client({});
  http::GzipFetcher fetcher(client);
  const auto store = TRY(client::FolderStore::open(files, arguments.metadata_dir));
  client::Updater::Options options;
  options.metadata_url = arguments.metadata_url;
  options.targets_url = arguments.target_base_url;
  options.now = SystemClock().now();
  options.earliest = Time();  // the suite plays repositories that are older than this program
  const auto updater = TRY(client::Updater::open(fetcher, *store, files, options));
  return arguments.command == Arguments::Command::refresh ? updater->refresh() : download(*updater, arguments);
}

Status carry_out(const std::vector<std::string>& words) {
  const auto arguments = TRY(read_arguments(words));
  PosixFiles files;
  return arguments.command == Arguments::Command::init ? init(arguments, files) : update(arguments, files);
}

}  // namespace
}  // namespace rota::conformance

int main(int argc, char** argv) {
  const auto done = rota::conformance::carry_out({argv + 1, argv + argc});
  if (done.ok()) return 0;
  rota::cli::Talk::standard().error(done.error());
  return 1;
}
