#include "ceremony/trust.h"

namespace rota::ceremony {
namespace {

using tuf::Root;
using tuf::Trusted;

constexpr std::size_t kMaxText = 300;  // of a server's words in a line of an error
constexpr int kMaxEntries = 50;

// Printable ASCII of what a server said; a terminal sees nothing else of it.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kMaxText)) out.push_back(c >= 0x20 && c < 0x7f ? c : '?');
  return out;
}

// "\n= <message>" and one "\n * <entry>" each (fioctl.md 4).
std::string words_of(const Json& answer) {
  std::string text;
  const auto message = answer.text_or("description", answer.text_or("msg", answer.text_or("message", "")));
  if (!message.empty()) text += "\n= " + printable(message);
  int left = kMaxEntries;
  const auto add = [&](std::string_view entry) {
    if (left-- > 0) text += "\n * " + printable(entry);
  };
  for (const char* list : {"cause", "errors"}) {
    const Json* items = answer.find(list);
    if (items == nullptr) continue;
    if (const auto* array = items->if_array())
      for (const Json& item : *array) add(item.if_text() != nullptr ? *item.if_text() : to_json(item));
    if (const auto* object = items->if_object())
      for (const auto& [field, item] : *object)
        add(field + ": " + (item.if_text() != nullptr ? *item.if_text() : to_json(item)));
  }
  return text;
}

Fault fault_of(int status) {
  if (status == 401 || status == 403) return Fault::denied;
  if (status == 404 || status == 405) return Fault::not_found;
  if (status == 409 || status == 423) return Fault::conflict;
  if (status == 400 || status == 422) return Fault::rejected;
  return Fault::unavailable;
}

Result<std::optional<Bytes>> fetched(const RootSource& source, std::string_view name) {
  FetchRequest request{.url = source.url(name), .headers = source.headers, .max_body = tuf::kMaxRoot};
  FetchReply reply = TRY(source.fetcher->fetch(request));
  if (reply.status == 404) return std::optional<Bytes>();
  if (reply.status != 200) return http_error(request, reply);
  return std::optional<Bytes>(std::move(reply.body));
}

class Walk {
 public:
  Walk(const RootSource& source, const WalkOptions& options) : source_(source), options_(options) {}

  Result<std::vector<Trusted<Root>>> from(const Trusted<Root>& anchor) {
    roots_.push_back(anchor);
    for (int steps = 0;; ++steps) {
      if (steps > options_.max_steps)
        return rejected("root chain: more than " + std::to_string(options_.max_steps) + " steps from the anchor");
      const auto version = roots_.back()->version + 1;
      const auto bytes = TRY(fetch_root(source_, version));
      if (!bytes) break;
      TRY(step(*bytes));
    }
    TRY(newest_agrees());
    return std::move(roots_);
  }

 private:
  Status step(BytesView bytes) {
    auto next = tuf::next_root(roots_.back(), bytes);
    if (!next) return refuse(next.error().in("root " + std::to_string(roots_.back()->version + 1)), bytes);
    roots_.push_back(std::move(next).value());
    return {};
  }

  Error refuse(Error error, BytesView bytes) const {
    if (options_.refused) options_.refused(roots_.back(), bytes);
    return error;
  }

  // A server that shows one chain and announces another is not believed.
  Status newest_agrees() {
    const auto newest = TRY(fetch_newest_root(source_));
    if (!newest) return rejected("the server has no root.json, but was trusted to hold root " + last_version());
    const auto envelope = TRY_IN("root.json", tuf::parse_envelope(*newest, tuf::kMaxRoot));
    if (envelope.body == roots_.back()->body) {
      TRY_IN("root.json", tuf::anchor_root(*newest));  // signatures and all
      return {};
    }
    const auto version = envelope.body.integer_or("version", 0);
    if (version < roots_.back()->version)
      return rejected("the server goes backwards: root.json: want version " + last_version() + ", got " +
                      std::to_string(version));
    return refuse(
        rejected("root.json: want the root that ends the chain, version " + last_version() + ", got another one"),
        *newest);
  }

  std::string last_version() const { return std::to_string(roots_.back()->version); }

  const RootSource& source_;
  const WalkOptions& options_;
  std::vector<Trusted<Root>> roots_;
};

}  // namespace

std::string_view name_of(Stream stream) {
  switch (stream) {
    case Stream::ci: return "ci";
    case Stream::prod: return "prod";
  }
  abort_with("ceremony: no such stream");
}

std::string RootSource::url(std::string_view name) const {
  return base + "/" + std::string(name) + (stream == Stream::prod ? "?production=1" : "");
}

Error http_error(const FetchRequest& request, const FetchReply& reply) {
  std::string what = "HTTP error during " + request.method + " '" + request.url + "': " + std::to_string(reply.status);
  if (const auto answer = parse_json(reply.body); answer.ok())
    what += words_of(*answer);
  return Error{fault_of(reply.status), std::move(what)};
}

bool is_staged(const FetchReply& reply) {
  if (reply.status != 202) return false;
  const auto json = parse_json(reply.body);
  return json.ok() && json->find("staged") != nullptr;
}

Result<std::optional<Bytes>> fetch_root(const RootSource& source, tuf::Version version) {
  return fetched(source, std::to_string(version) + ".root.json");
}

Result<std::optional<Bytes>> fetch_newest_root(const RootSource& source) { return fetched(source, "root.json"); }

Result<std::vector<Trusted<Root>>> walk_roots(const RootSource& source, const Trusted<Root>& anchor,
                                              const WalkOptions& options) {
  return Walk(source, options).from(anchor);
}

Result<std::vector<Trusted<Root>>> verify_chain(const std::vector<Bytes>& roots) {
  std::vector<Trusted<Root>> chain;
  for (const auto& bytes : roots) {
    const std::string where = "root number " + std::to_string(chain.size() + 1) + " of the chain";
    chain.push_back(chain.empty() ? TRY_IN(where, tuf::anchor_root(bytes))
                                  : TRY_IN(where, tuf::next_root(chain.back(), bytes)));
  }
  if (chain.empty()) return bad_input("root chain: want at least one root");
  return chain;
}

}  // namespace rota::ceremony
