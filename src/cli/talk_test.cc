#include "cli/talk.h"

#include <gtest/gtest.h>

#include <sstream>

namespace rota::cli {
namespace {

class TalkTest : public testing::Test {
 protected:
  std::ostringstream out_, err_;
  Talk talk_{out_, err_};
};

TEST_F(TalkTest, SaysAnErrorAndItsHint) {
  talk_.error(bad_input("key: want 64 digits", "see: rota --help"));
  EXPECT_EQ(err_.str(), "error: key: want 64 digits\nhint: see: rota --help\n");
  EXPECT_EQ(out_.str(), "");
}

// Messages quote what strangers wrote: it must not move the cursor or rename the window.
TEST_F(TalkTest, LeavesControlCharactersOut) {
  talk_.error(rejected("json: member '\x1b]0;pwned\a' twice", "\x1b[2J"));
  talk_.warn("a\rb\x7f");
  talk_.say("one\ntwo\tthree");
  EXPECT_EQ(err_.str(), "error: json: member '?]0;pwned?' twice\nhint: ?[2J\nwarning: a?b?\none\ntwo\tthree\n");
}

}  // namespace
}  // namespace rota::cli
