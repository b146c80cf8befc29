// fuzz_seeds VECTORS FOLDER: writes the first inputs of the targets to FOLDER/<target>/, made from the vectors and from
// the repositories of the tests.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tuf/repository_for_test.h"

using namespace rota;
using namespace rota::tuf;

namespace {

class Seeds {
 public:
  explicit Seeds(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Named by what it holds, so that the same input is one file.
  void add(const std::string& target, const Bytes& input) const {
    std::filesystem::create_directories(folder_ / target);
    std::ofstream(folder_ / target / crypto::sha256_hex(input).substr(0, 16), std::ios::binary) << input;
  }
  // Inputs that begin with a choice.
  void add(const std::string& target, int choice, BytesView input) const {
    add(target, Bytes(1, static_cast<char>(choice)) + Bytes(input));
  }

 private:
  std::filesystem::path folder_;
};

const Json::Array& list(const Json& json, std::string_view name) {
  return *json.array(name).value();
}

void json_texts(const Json& vectors, const Seeds& seeds) {
  for (const char* verdict : {"accept", "refuse"}) {
    for (const Json& text : list(*vectors.find("canonical_json"), verdict))
      seeds.add("json", text.text_or("input", ""));
  }
}

// FIPS 186: the base point of P-384 as a key.
constexpr const char* kP384 =
    "3076301006072a8648ce3d020106052b8104002203620004"
    "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7"
    "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f";

// The choices are those of key_fuzz.cc: an object, PEM, DER, and a value for each row of its table.
void key_in_every_spelling(const Bytes& der, const Seeds& seeds) {
  const auto key = crypto::PublicKey::from_spki_der(der).value();
  for (const Dialect dialect : {Dialect::uptane, Dialect::tuf})
    seeds.add("key", 0, to_json(public_key_json(key, dialect)));
  seeds.add("key", 1, key.pem());
  for (int choice = 2; choice < 17; ++choice) seeds.add("key", choice, der);
  for (const int choice : {3, 4, 6, 9, 12}) {
    seeds.add("key", choice, key.pem());
    seeds.add("key", choice, hex(der));
  }
  seeds.add("key", 15, der.substr(std::min<std::size_t>(der.size(), 26)));  // the point, after its header
  seeds.add("key", 16, der.substr(std::min<std::size_t>(der.size(), 23)));
}

void keys(const Json& vectors, const Seeds& seeds) {
  for (const Json& key : list(vectors, "keys_refused")) seeds.add("key", 0, key.text_or("pub_file", ""));
  for (const Json& key : list(vectors, "keys")) {
    seeds.add("key", 0, key.text_or("pub_file", ""));
    seeds.add("key", 3, key.text_or("public", ""));
    key_in_every_spelling(unhex(key.text_or("spki_der_hex", "")).value(), seeds);
  }
  key_in_every_spelling(unhex(kP384).value(), seeds);
}

// Whole files, for each way of reading each kind (streaming_fuzz.cc).
void add_file(const Seeds& seeds, const Bytes& file) {
  for (const int choice : {0, 1, 2, 3, 12, 13, 29, 45, 77}) seeds.add("streaming", choice, file);
}

void envelopes(const Json& vectors, const Seeds& seeds) {
  for (const char* kind : {"root_chain", "root_rejects"}) {
    for (const Json& root : list(vectors, kind)) add_file(seeds, root.text_or("document", ""));
  }
  add_file(seeds, vectors.find("targets")->text_or("document", ""));
}

// By key 6.
Json quorum() {
  Json keys;
  keys["keyids"].push_back(test::id(6, Dialect::tuf).hex);
  keys["threshold"] = 1;
  return keys;
}

// `member`: paths or path_hash_prefixes.
Json delegation(const char* name, const char* member, const char* text, bool terminating) {
  Json role = quorum();
  role["name"] = name;
  role["terminating"] = terminating;
  role[member].push_back(text);
  return role;
}

Json with_key(Json delegations) {
  delegations["keys"][test::id(6, Dialect::tuf).hex] = public_key_json(test::public_key(6), Dialect::tuf);
  return delegations;
}

Json delegations_to(Json::Array roles) {
  Json delegations;
  delegations["roles"] = Json(std::move(roles));
  return with_key(std::move(delegations));
}

Json four_bins() {
  Json delegations;
  delegations["succinct_roles"] = quorum();
  delegations["succinct_roles"]["bit_length"] = 2;
  delegations["succinct_roles"]["name_prefix"] = "bin";
  return with_key(std::move(delegations));
}

std::vector<Json> delegations() {
  return {delegations_to({delegation("a", "paths", "foo-*/?", false), delegation("b", "paths", "*", true),
                          delegation("c", "path_hash_prefixes", "0a", false)}),
          four_bins()};
}

std::vector<Json> bodies(Dialect dialect) {
  const test::SetPlan plan{.versions = {5, 5, 5}, .also_listed = {{"a.json", 1}}, .dialect = dialect};
  const Json targets = test::targets_body(plan);
  return {test::root_body({.version = 2, .root = {{1, 5}, 2}, .dialect = dialect}),
          test::timestamp_body(plan, "snapshot"), test::snapshot_body(plan, "targets"), targets};
}

// The choices are those of role_fuzz.cc: root, timestamp, snapshot, targets; 4 more for the tuf dialect.
void roles(const Seeds& seeds) {
  for (const Dialect dialect : {Dialect::uptane, Dialect::tuf}) {
    int choice = dialect == Dialect::tuf ? 4 : 0;
    for (const Json& body : bodies(dialect)) {
      seeds.add("role", choice++, to_json(body));
      add_file(seeds, test::signed_file(body, {1, 2, 3, 4}, dialect));
    }
  }
  for (const Json& some : delegations()) {
    Json body = bodies(Dialect::tuf).back(), input;
    body["delegations"] = input["delegations"] = some;
    input["path"] = "foo-1/x";
    seeds.add("role", 7, to_json(body));
    add_file(seeds, test::signed_file(body, {2}, Dialect::tuf));
    seeds.add("delegation", to_json(input));
  }
}

// A graph with a circle, a role reached twice and one that ends the search; and bins.
void searches(const Seeds& seeds) {
  Json input;
  input["path"] = "x";
  input["limit"] = 3;
  Json& roles = input["roles"];
  roles["targets"]["delegations"] =
      delegations_to({delegation("a", "paths", "*", false), delegation("b", "paths", "x", true),
                      delegation("c", "paths", "?", false)});
  roles["a"]["delegations"] =
      delegations_to({delegation("d", "paths", "*", false), delegation("b", "paths", "*", false)});
  roles["b"]["delegations"] =
      delegations_to({delegation("a", "paths", "*", false), delegation("e", "paths", "*", true)});
  roles["d"]["targets"] = *test::targets_body({.target_name = "y"}).find("targets");
  roles["e"] = roles["c"] = roles["d"];
  seeds.add("search", to_json(input));
  roles["e"]["targets"] = *test::targets_body({.target_name = "x"}).find("targets");
  seeds.add("search", to_json(input));
  roles["targets"]["delegations"] = four_bins();
  for (const char* bin : {"bin-0", "bin-1", "bin-2", "bin-3"}) roles[bin] = roles["e"];
  seeds.add("search", to_json(input));
}

void patterns(const Seeds& seeds) {
  for (const char* pattern : {"*", "a/*/?", "*.tgz", "[a-c]x[!0-9]", "[]]", "[!]a", "a[/]b", "**a*b", "\xc3\xa9?"})
    for (const char* path : {"", "a", "a/b/c", "foo.tgz", "bxy", "]", "\xc3\xa9x"})
      seeds.add("pattern", Bytes(pattern) + "\n" + path);
}

// Which file is altered, that it is patched, and pairs of a distance and a byte (verify_fuzz.cc).
void alterations(const Seeds& seeds) {
  for (int file = 0; file < 8; ++file) {
    seeds.add("verify", file,
              BytesView("\4(A\xc8"
                        "B",
                        5));
    seeds.add("verify", file, BytesView("\1{}"));
    for (const char* mutations : {"\2a", "\2bc", "\2def"}) seeds.add("verify", file, BytesView(mutations));
  }
  seeds.add("verify", 3, Bytes("\1") + test::root_file({.version = 2, .root = {{5}}}, {1, 5}));
}

// What texts may hold: escapes that differ between the canonical forms, and large numbers.
void odd_targets(const Seeds& seeds, const std::string& name) {
  Json body = test::targets_body({.dialect = Dialect::tuf});
  Json& odd = body["targets"][name];
  odd = body["targets"]["foo-lmp-1"];
  odd["hashes"]["sha512"] = std::string(128, 'd');
  odd["length"] = std::int64_t{1} << 52;
  odd["custom"]["n"] = Json(Json::Array{Json(0), Json(-1), Json(nullptr), Json(true), Json(Json::Object{})});
  odd["custom"]["\xf0\x9f\x98\x80"] = "\xef\xbf\xbf";
  add_file(seeds, test::signed_file(body, {2}, Dialect::tuf));
  seeds.add("role", 7, to_json(body));
}

// The steps are those of update_fuzz.cc, after a first update.
void scripts(const Seeds& seeds) {
  const std::vector<std::vector<int>> scripts = {
      {1, 0, 1, 1},                                   // searches
      {4, 1, 1, 1, 1, 1, 0, 9, 0},                    // all newer, then back
      {4, 1, 1, 1, 1, 1, 5, 3, 4, 0, 5, 4, 3, 0},     // one file for another
      {8, 0, 0, 0, 0, 8, 1, 0, 0, 0},                 // another root key, twice
      {8, 1, 1, 0, 9, 0, 8, 2, 2, 0, 0},              // other keys for timestamp and snapshot
      {8, 0, 3, 1, 2, 9, 7, 0, 0},                    // a root that is signed and odd
      {2, 1, 4, 0, 7, 0, 2, 0, 0, 5, 0},              // forged files
      {3, 2, 0, 9, 0, 3, 3, 1, 4, 5, 0},              // signed and odd ones
      {3, 0, 0, 9, 1, 0, 3, 1, 1, 4, 5, 1, 0},        // and delegated ones
      {7, 0, 0, 5, 0, 7, 1, 0, 6, 0, 7, 2, 0, 7, 0},  // an edited store
      {10, 1, 90, 0, 10, 0, 0, 0, 6, 3, 0},           // expiry, an error, a file that is gone
  };
  for (int keeps = 0; keeps < 2; ++keeps) {
    for (const auto& script : scripts) {
      Bytes input{static_cast<char>(keeps), '\0'};
      for (const int step : script) input.push_back(static_cast<char>(step));
      seeds.add("update", input);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: fuzz_seeds VECTORS FOLDER\n", stderr), 2;
  std::ifstream file(argv[1], std::ios::binary);
  const Bytes text((std::istreambuf_iterator<char>(file)), {});
  const Json vectors = parse_json(text).value();
  const Seeds seeds(argv[2]);
  json_texts(vectors, seeds);
  keys(vectors, seeds);
  envelopes(vectors, seeds);
  roles(seeds);
  patterns(seeds);
  searches(seeds);
  alterations(seeds);
  for (const char* name : {"caf\xc3\xa9 \"x\" \\ \n\r\t", "\x01"}) odd_targets(seeds, name);
  scripts(seeds);
}
