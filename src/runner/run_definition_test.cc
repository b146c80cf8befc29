#include "runner/run_definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/server_for_test.h"

namespace rota::runner {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(RunDefinition, AcceptsWhatTheServerTells) {
  auto run = test::a_run();
  EXPECT_EQ(run.factory, "acme");
  EXPECT_EQ(run.number, "763");
  EXPECT_EQ(run.name, "build");
  EXPECT_EQ(run.build_url(), "https://api/projects/acme/foo/builds/763");
  EXPECT_EQ(run.timeout, Seconds(60));
  EXPECT_EQ(run.secrets.at("token").reveal(), "hush-hush");
  EXPECT_EQ(run.publish->machine, "foo");
}

TEST(RunDefinition, TakesTheSecretsOutOfWhatWasTold) {
  auto told = test::told_run();
  ASSERT_TRUE(read_run_definition(told).ok());
  EXPECT_THAT(to_json(told), Not(HasSubstr("hush")));
  EXPECT_THAT(to_json(told), Not(HasSubstr("k3y")));
}

TEST(RunDefinition, RefusesNamesAndPathsThatLeadElsewhere) {
  struct Case {
    const char* member;
    const char* value;
  };
  const Case cases[] = {{"run", R"("acme/foo/763")"},
                        {"run", R"("../foo/763/build")"},
                        {"run", R"(1)"},
                        {"secrets", R"({"../x":"v"})"},
                        {"publish", R"({"machine":"a/b","tree":"t"})"},
                        {"publish", R"({"machine":"a","tree":"../t"})"},
                        {"publish", R"({"machine":"a","tree":"/t"})"},
                        {"persistent-volumes", R"({"..":"/x"})"},
                        {"persistent-volumes", R"({"v":"/x/../etc"})"},
                        {"persistent-volumes", R"({"v":"x"})"},
                        {"git", R"({"url":"u"})"},
                        {"script", R"("")"}};
  for (const auto& c : cases) {
    auto told = test::told_run();
    told[c.member] = c.value[0] == '{' ? parse_json(c.value).value() : *parse_json(std::string("[") + c.value + "]")->if_array()->begin();
    auto read = read_run_definition(told);
    ASSERT_FALSE(read.ok()) << c.member << " " << c.value;
    EXPECT_THAT(read.error().fault, testing::AnyOf(Fault::rejected, Fault::bad_input));
  }
}

}  // namespace
}  // namespace rota::runner
