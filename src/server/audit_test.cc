#include "server/audit.h"

#include "server/installation_for_test.h"

namespace rota::server {
namespace {

class AuditTest : public test::Installed {
 protected:
  std::size_t rows(const std::string& action) {
    std::size_t found = 0;
    const Json entries = app().audit.newest("acme", 100'000).value();
    for (const Json& entry : *entries.if_array())
      if (entry.text_or("action", "") == action) ++found;
    return found;
  }
};

TEST_F(AuditTest, AddsWhatRepeatsItselfOnce) {
  for (int i = 0; i < 3; ++i) app().audit.add_once({"acme", "gateway", "alert:fork", "device-1", "root 2"});
  EXPECT_EQ(rows("alert:fork"), 1u);
}

TEST_F(AuditTest, HearsOfOtherDevicesHoweverMuchOneSays) {
  for (int i = 0; i < 11'000; ++i)
    app().audit.add_once({"acme", "gateway", "alert:fork", "device-1", "root " + std::to_string(i)});
  app().audit.add_once({"acme", "gateway", "alert:fork", "device-2", "root 2"});
  app().audit.add_once({"acme", "gateway", "alert:foreign-key", "device-1", "ab"});
  EXPECT_LT(rows("alert:fork"), 100u) << "one device fills neither the database nor the memory";
  EXPECT_GT(rows("alert:fork"), 1u);
  EXPECT_EQ(rows("alert:foreign-key"), 1u);
}

}  // namespace
}  // namespace rota::server
