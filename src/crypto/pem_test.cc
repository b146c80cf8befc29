#include "crypto/pem.h"

#include <gtest/gtest.h>

namespace rota::crypto {
namespace {

TEST(Pem, WritesLinesOf64AndAFinalLineEnd) {
  EXPECT_EQ(pem_text("X", Bytes(48, '\0')), "-----BEGIN X-----\n" + std::string(64, 'A') + "\n-----END X-----\n");
  EXPECT_EQ(pem_text("X", Bytes(49, '\0')), "-----BEGIN X-----\n" + std::string(64, 'A') + "\nAA==\n-----END X-----\n");
}

TEST(Pem, ReadsEveryBlockAndSkipsTheTextAround) {
  const auto blocks =
      pem_blocks("subject: a\n" + pem_text("A", "first") + "\nsubject: b\n" + pem_text("B C", "second"));
  ASSERT_TRUE(blocks.ok()) << blocks.error().what;
  ASSERT_EQ(blocks->size(), 2u);
  EXPECT_EQ((*blocks)[0].der.reveal(), "first");
  EXPECT_EQ((*blocks)[1].label, "B C");
}

TEST(Pem, RefusesBrokenText) {
  for (const std::string_view text :
       {"", "text", "-----BEGIN X", "-----BEGIN X-----\nAAAA\n", "-----BEGIN X-----\nAAAA\n-----END Y-----\n",
        "-----BEGIN X-----\nAAA\n-----END X-----\n", "-----BEGIN X-----\nA-AA\n-----END X-----\n",
        "-----BEGIN XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX-----\nAAAA\n"})
    EXPECT_FALSE(pem_blocks(text).ok()) << text;
}

}  // namespace
}  // namespace rota::crypto
