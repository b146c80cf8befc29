#include "http/range.h"

#include <gtest/gtest.h>

namespace rota::http {
namespace {

using Kind = ByteRange::Kind;

struct Row {
  const char* field;
  std::uint64_t size;
  Kind kind;
  std::uint64_t first, length;
};

TEST(RangeOf, FollowsTheTable) {
  const Row rows[] = {
      {"bytes=0-0", 10, Kind::part, 0, 1},
      {"bytes=2-4", 10, Kind::part, 2, 3},
      {"bytes=002-004", 10, Kind::part, 2, 3},
      {"bytes=5-", 10, Kind::part, 5, 5},
      {"bytes=5-99", 10, Kind::part, 5, 5},
      {"bytes=-3", 10, Kind::part, 7, 3},
      {"bytes=-30", 10, Kind::part, 0, 10},
      {"Bytes=9-", 10, Kind::part, 9, 1},
      {"bytes=10-", 10, Kind::unsatisfiable, 0, 0},
      {"bytes=10-12", 10, Kind::unsatisfiable, 0, 0},
      {"bytes=-0", 10, Kind::unsatisfiable, 0, 0},
      {"bytes=0-", 0, Kind::unsatisfiable, 0, 0},
      {"bytes=-1", 0, Kind::unsatisfiable, 0, 0},
      {"bytes=4-2", 10, Kind::whole, 0, 10},
      {"bytes=0-1,3-4", 10, Kind::whole, 0, 10},
      {"items=0-1", 10, Kind::whole, 0, 10},
      {"bytes=", 10, Kind::whole, 0, 10},
      {"bytes=-", 10, Kind::whole, 0, 10},
      {"bytes=a-b", 10, Kind::whole, 0, 10},
      {"bytes=-1-2", 10, Kind::whole, 0, 10},
      {"bytes=99999999999999999999-", 10, Kind::whole, 0, 10},
      {"", 10, Kind::whole, 0, 10},
  };
  for (const Row& row : rows) {
    const ByteRange range = range_of(row.field, row.size);
    EXPECT_EQ(range.kind, row.kind) << row.field;
    EXPECT_EQ(range.first, row.first) << row.field;
    EXPECT_EQ(range.length, row.length) << row.field;
  }
}

}  // namespace
}  // namespace rota::http
