// Which mutant is awake, and which tests ask about which mutants: with ROTA_MUTANTS_ASKED=FILE each test leaves there
// "Suite.Name <tab> milliseconds of CPU <tab> path:number path:number …"; what was asked outside of tests stands under "*".
#include "mutant.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>

namespace mutate {
namespace {

std::vector<File*>& sources() {
  static std::vector<File*> all;
  return all;
}

class Witness final : public testing::EmptyTestEventListener {
 public:
  explicit Witness(const char* path) : out_(path) {}
  void OnTestStart(const testing::TestInfo&) override {
    note("*", 0);
    started_ = std::clock();
  }
  void OnTestEnd(const testing::TestInfo& test) override {
    note(std::string(test.test_suite_name()) + "." + test.name(), (std::clock() - started_) * 1000 / CLOCKS_PER_SEC);
  }

 private:
  void note(const std::string& test, long long milliseconds) {
    out_ << test << '\t' << milliseconds << '\t';
    for (File* source : sources()) {
      for (std::size_t number = 0; number < source->asked.size(); ++number)
        if (source->asked[number]) out_ << source->path << ':' << number << ' ';
      source->asked.clear();
    }
    out_ << std::endl;
  }
  std::ofstream out_;
  std::clock_t started_ = 0;
};

const bool kWitnessed = [] {
  if (const char* path = std::getenv("ROTA_MUTANTS_ASKED"))
    testing::UnitTest::GetInstance()->listeners().Append(new Witness(path));
  return true;
}();

}  // namespace

File::File(const char* of) : path(of) {
  sources().push_back(this);
  const char* mutant = std::getenv("ROTA_MUTANT");
  const char* colon = mutant == nullptr ? nullptr : std::strrchr(mutant, ':');
  if (colon != nullptr && std::string(mutant, colon) == of) awake_ = std::atoi(colon + 1);
}

}  // namespace mutate
