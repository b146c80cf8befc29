#include "server/root_files.h"

#include <gmock/gmock.h>

#include "crypto/hash.h"
#include "tuf/root_chain.h"

namespace rota::server {
namespace {

using Roots = std::vector<std::shared_ptr<const Bytes>>;

Roots roots_of_sizes(std::initializer_list<std::size_t> sizes) {
  Roots roots;
  for (const std::size_t size : sizes) roots.push_back(std::make_shared<const Bytes>(size, static_cast<char>('a' + size % 23)));
  return roots;
}

Bytes framed(const Roots& roots) {
  Bytes file;
  for (const auto& root : roots) file += tuf::root_chain_frame(*root);
  return file;
}

std::string field(const http::Response& response, std::string_view name) {
  return std::string(header(response.headers, name));
}

TEST(RootVersionOf, AcceptsPlainDecimalsBeforeTheSuffixOnly) {
  EXPECT_EQ(root_version_of("1.root.json", kNumberedRoot), 1);
  EXPECT_EQ(root_version_of("2147483647.root-chain", kRootChain), 2147483647);
  for (const char* file : {"0.root-chain", "01.root-chain", "-1.root-chain", "+1.root-chain", " 1.root-chain", "1e0.root-chain",
                           ".root-chain", "root-chain", "2147483648.root-chain", "1.root.json", "1.root-chain.json"})
    EXPECT_EQ(root_version_of(file, kRootChain), std::nullopt) << file;
}

TEST(RootChainAnswer, ComposesTheFramesFromEveryOffset) {
  const Roots roots = roots_of_sizes({1, 9, 10, 123, 1000});
  const Bytes file = framed(roots);
  const auto answer = root_chain_answer({}, 7, roots);
  ASSERT_EQ(answer.composed->size(), file.size());
  for (std::size_t offset = 0; offset < file.size(); ++offset)
    for (const std::size_t room : {std::size_t{1}, std::size_t{13}, std::size_t{200}, file.size()}) {
      Bytes out(room, '?');
      const std::size_t n = answer.composed->compose(offset, out);
      ASSERT_EQ(n, std::min(room, file.size() - offset)) << offset;
      ASSERT_EQ(out.substr(0, n), file.substr(offset, n)) << offset;
    }
}

TEST(RootChainAnswer, CopiesNoRoot) {
  const auto one = std::make_shared<const Bytes>(64 * 1024, 'r');
  const auto answer = root_chain_answer({}, 1, Roots(1024, one));
  EXPECT_EQ(one.use_count(), 1 + 1024);
  EXPECT_EQ(answer.composed->size(), 1024 * tuf::root_chain_frame_size(64 * 1024));
  EXPECT_EQ(answer.body, "");
}

TEST(RootChainAnswer, IsTaggedWithItsFirstAndLastRoot) {
  Roots roots = roots_of_sizes({100, 200});
  const std::string tag = field(root_chain_answer({}, 7, roots), "ETag");
  EXPECT_EQ(tag, "\"7-8-" + crypto::sha256_hex(*roots.back()).substr(0, 16) + "\"");
  EXPECT_NE(field(root_chain_answer({}, 8, roots), "ETag"), tag);
  roots.push_back(roots.back());
  EXPECT_NE(field(root_chain_answer({}, 7, roots), "ETag"), tag);
}

TEST(HintAtChain, IsSilentForTheNewest) {
  http::Response older, newest;
  hint_at_chain(older, 3, 5);
  hint_at_chain(newest, 5, 5);
  EXPECT_EQ(field(older, "x-rota-root-chain"), "5");
  EXPECT_EQ(field(newest, "x-rota-root-chain"), "");
}

}  // namespace
}  // namespace rota::server
