#include "crypto/md5.h"

#include <gtest/gtest.h>

namespace rota::crypto {
namespace {

TEST(Md5, IsThatOfRfc1321) {
  EXPECT_EQ(hex(md5("")), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex(md5("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Md5, IsTheSameInPieces) {
  Md5 sum;
  for (const char* piece : {"message", "", " ", "digest"}) sum.add(piece);
  EXPECT_EQ(sum.finish(), md5("message digest"));
}

}  // namespace
}  // namespace rota::crypto
