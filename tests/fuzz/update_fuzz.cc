// Whole updates against a repository that moves and lies. The input is a
// script, one step after another; the store judges every write
// (watched_store.h), and what a search finds is something that was signed.
#include <algorithm>

#include "client/updater.h"
#include "moving_repository.h"
#include "must_hold.h"
#include "watched_store.h"

using namespace rota;
using namespace rota::tuf;
using rota::fuzz::must_hold;

namespace {

constexpr int kMostSteps = 16;

class Script {
 public:
  explicit Script(BytesView steps) : steps_(steps) {}
  bool has_more() const { return !steps_.empty(); }
  unsigned next(unsigned bound) {
    if (steps_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(steps_.front());
    steps_.remove_prefix(1);
    return byte % bound;
  }

 private:
  BytesView steps_;
};

class Play {
 public:
  explicit Play(client::TrustStore::Keeps keeps) : store_(record_, now_, keeps) {
    store_.ship(repository_.served("1.root"));
  }

  void step(Script& script) {
    switch (script.next(11)) {
      case 0:
        return refresh();
      case 1:
        return search(script.next(2) == 0 ? "x" : "foo-lmp-1");
      case 2:
        return forge(script);
      case 3:
        return publish_changed(script);
      case 4:
        return publish_newer(script);
      case 5:
        return exchange(script);
      case 6:
        return repository_.withdraw(file(script));
      case 7:
        return spoil(script);
      case 8:
        return rotate(script);
      case 9:
        return go_back();
      default:
        return pass_time(script);
    }
  }

  void refresh() {
    const Version before = store_.newest_version();
    if (auto updater = open(); updater.ok()) {
      const Status status = (*updater)->refresh();
      must_hold(!status.ok() || (*updater)->root().version == store_.newest_version(), "the newest root decides");
    }
    must_hold(store_.newest_version() >= before, "roots do not go back");
  }

 private:
  static std::string url() { return std::string(fuzz::MovingRepository::kUrl); }
  static std::string file(Script& script) { return fuzz::MovingRepository::kFiles[script.next(5)]; }

  Result<std::unique_ptr<client::Updater>> open() {
    return client::Updater::open(repository_, store_, files_,
                                 {.metadata_url = std::string(fuzz::MovingRepository::kUrl), .now = now_});
  }

  void search(const std::string& path) {
    auto updater = open();
    if (!updater.ok()) return;
    const auto target = (*updater)->find(path);
    if (!target.ok() || !*target) return;
    must_hold((*target)->name == path, "what was asked for is found");
  }

  // Other bytes, the old signatures.
  void forge(Script& script) {
    const std::string name = script.next(4) == 0 ? repository_.newest_root() : file(script);
    if (repository_.serves(name)) repository_.served(name) = changed(repository_.served(name), script);
  }
  static Bytes changed(Bytes text, Script& script) {
    for (unsigned times = script.next(4) + 1; times > 0; --times)
      text = fuzz::mutated_json(text, script.next(256) * 8191u + times);
    return text;
  }

  // Signed by who may, whatever it says.
  void publish_changed(Script& script) {
    const std::string name = file(script);
    const auto body = parse_json(changed(to_json(repository_.body(name)), script), fuzz::kSignedText);
    if (!body.ok() || body->if_object() == nullptr) return;
    past_ = repository_.past();
    repository_.body(name) = *body;
    repository_.publish_upwards(name);
  }
  void publish_newer(Script& script) {
    past_ = repository_.past();
    for (const char* name : fuzz::MovingRepository::kFiles) {
      Json& body = repository_.body(name);
      body["version"] =
          std::min(body.integer_or("version", 1), std::int64_t{1} << 60) + static_cast<int>(script.next(3));
      repository_.publish(name);
    }
  }

  // One file in another's place.
  void exchange(Script& script) {
    const std::string from = file(script), to = file(script);
    if (repository_.serves(from)) repository_.served(to) = Bytes(repository_.served(from));
  }

  void spoil(Script& script) {
    static constexpr Role kRoles[] = {Role::timestamp, Role::snapshot, Role::targets};
    const Role role = kRoles[script.next(3)];
    store_.spoil(role, changed(store_.held(role), script));
    store_.spoil("a", changed(Bytes(repository_.served("a")), script));
  }

  // Another key for one role.
  void rotate(Script& script) {
    test::RootPlan plan = repository_.plan();
    const int key = 8 + static_cast<int>(script.next(3));
    switch (script.next(4)) {
      case 0:
        plan.root = {{key}};
        break;
      case 1:
        plan.timestamp = {{key}};
        break;
      case 2:
        plan.snapshot = {{key}};
        break;
      default:
        plan.targets = {{key}};
    }
    if (script.next(2) == 0) return repository_.rotate(plan);
    repository_.rotate(plan, [&](Bytes text) { return changed(std::move(text), script); });
  }

  void go_back() { repository_.go_back_to(past_); }
  void pass_time(Script& script) {
    if (script.next(2) == 0) return repository_.answer(script.next(2) == 0 ? 500 : 404);
    now_ += days(static_cast<int>(script.next(100)));
  }

  Time now_ = test::kNow;
  fuzz::SigningRecord record_;
  fuzz::MovingRepository repository_{record_};
  fuzz::WatchedStore store_;
  fuzz::MovingRepository::Past past_ = repository_.past();
  PosixFiles files_;  // updates and searches alone: nothing is downloaded
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  Script script({reinterpret_cast<const char*>(bytes), std::min<std::size_t>(size, 256)});
  using Keeps = client::TrustStore::Keeps;
  Play play(script.next(2) == 0 ? Keeps::files : Keeps::sets);
  for (int steps = 0; script.has_more() && steps < kMostSteps; ++steps) play.step(script);
  play.refresh();
  return 0;
}
