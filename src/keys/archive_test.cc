#include "keys/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "keys/key_file.h"
#include "tuf/key.h"

namespace rota::keys {
namespace {

using crypto::PrivateKey;
using crypto::SecretBytes;

const Time kNow = Time(Seconds(1'900'000'000));

SecretBytes secret(std::string text) { return SecretBytes(std::move(text)); }

PrivateKey key_of_seed(char c) { return PrivateKey::from_ed25519_seed(secret(std::string(32, c))).value(); }

std::string gzip(std::string_view plain) {
  z_stream stream = {};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, plain.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

struct RawMember {
  std::string name;
  std::string bytes = {};
  unsigned type = AE_IFREG;
  std::string link = {};
  unsigned mode = 0;  // as fioctl writes it
  std::uint64_t claimed = 0;  // a size other than that of `bytes`
};

// One 512-byte ustar header, so that a test can claim any size.
std::string tar_header(const RawMember& m) {
  std::string h(512, '\0');
  h.replace(0, m.name.size(), m.name);
  const auto octal = [&](std::size_t at, std::size_t width, std::uint64_t value) {
    std::string digits(width - 1, '0');
    for (std::size_t i = width - 1; i-- > 0 && value > 0; value /= 8) digits[i] = static_cast<char>('0' + value % 8);
    h.replace(at, digits.size(), digits);
  };
  octal(100, 8, m.mode);
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, m.claimed != 0 ? m.claimed : m.bytes.size());
  octal(136, 12, 0);
  h[156] = m.type == AE_IFDIR ? '5' : m.type == AE_IFLNK ? '2' : m.type == AE_IFCHR ? '3' : m.type == 0 ? '1' : '0';
  h.replace(157, m.link.size(), m.link);
  h.replace(257, 8, std::string("ustar\0" "00", 8));
  h.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char c : h) sum += static_cast<unsigned char>(c);
  octal(148, 7, sum);
  h[154] = '\0';
  return h;
}

std::string tar_of(const std::vector<RawMember>& members) {
  std::string out;
  for (const auto& m : members) {
    out += tar_header(m) + m.bytes;
    out.append((512 - m.bytes.size() % 512) % 512, '\0');
  }
  return out.append(1024, '\0');
}

Archive archive_with_keys() {
  Archive archive;
  archive.put("tufrepo/config.json", secret("{}"));
  archive.put("tufrepo/keys/offline-root.pub",
              secret(public_key_file(key_of_seed('a').public_key(), KeyFileForm::tufrepo)));
  archive.put("tufrepo/keys/offline-root.sec", private_key_file(key_of_seed('a'), KeyFileForm::tufrepo));
  EXPECT_TRUE(archive.add_key(new_key_member("root", key_of_seed('b').public_key()), key_of_seed('b')).ok());
  return archive;
}

TEST(Archive, ComesBackByteForByte) {
  const Archive archive = archive_with_keys();
  const auto packed = archive.packed(kNow).value();
  const auto again = Archive::read(packed.reveal()).value();
  EXPECT_TRUE(archive.kept_by(again).ok());
  EXPECT_TRUE(again.kept_by(archive).ok());
  EXPECT_TRUE(again.is_tufrepo());
}

TEST(Archive, WritesSortedFilesOfMode0600AndFolders0700) {
  const auto packed = archive_with_keys().packed(kNow).value();
  ::archive* a = archive_read_new();
  archive_read_support_filter_gzip(a);
  archive_read_support_format_tar(a);
  ASSERT_EQ(archive_read_open_memory(a, packed.reveal().data(), packed.size()), ARCHIVE_OK);
  std::vector<std::string> names;
  ::archive_entry* entry = nullptr;
  while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
    names.emplace_back(archive_entry_pathname(entry));
    EXPECT_EQ(archive_entry_perm(entry), archive_entry_filetype(entry) == AE_IFDIR ? 0700u : 0600u) << names.back();
    EXPECT_EQ(archive_entry_uid(entry), 0);
    EXPECT_EQ(archive_entry_mtime(entry), kNow.time_since_epoch().count());
  }
  archive_read_free(a);
  const std::string id = tuf::key_id(key_of_seed('b').public_key()).hex;
  EXPECT_EQ(names, (std::vector<std::string>{"tufrepo/", "tufrepo/config.json", "tufrepo/keys/",
                                             "tufrepo/keys/fioctl-root-" + id + ".pub",
                                             "tufrepo/keys/fioctl-root-" + id + ".sec", "tufrepo/keys/offline-root.pub",
                                             "tufrepo/keys/offline-root.sec"}));
}

TEST(Archive, AcceptsThePublicToolsMode000AndADotSlashPrefix) {
  const auto archive = Archive::read(gzip(tar_of({{"./tufrepo/", "", AE_IFDIR}, {"./tufrepo/keys/a.pub", "x"}})));
  ASSERT_TRUE(archive.ok()) << archive.error().what;
  ASSERT_NE(archive->find("tufrepo/keys/a.pub"), nullptr);
  EXPECT_EQ(archive->members().size(), 1u);
}

TEST(Archive, FindsAKeyByItsMaterialWhateverItsName) {
  Archive archive = archive_with_keys();
  archive.put("tufrepo/keys/broken.pub", secret("not json"));
  EXPECT_EQ(archive.keys().size(), 2u);
  EXPECT_EQ(archive.unreadable(), std::vector<std::string>{"tufrepo/keys/broken.pub"});
  const auto found = archive.keys_among({key_of_seed('a').public_key(), key_of_seed('z').public_key()});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].pub_member, "tufrepo/keys/offline-root.pub");
  EXPECT_EQ(archive.private_key(found[0]).value().public_key(), key_of_seed('a').public_key());
}

TEST(Archive, PrefersTheCopyOfAKeyThatHasItsPrivateHalf) {
  Archive archive;
  const auto pub = public_key_file(key_of_seed('a').public_key(), KeyFileForm::archive);
  archive.put("k/a-without.pub", secret(pub));
  archive.put("k/b-with.pub", secret(pub));
  archive.put("k/b-with.sec", private_key_file(key_of_seed('a'), KeyFileForm::archive));
  const auto found = archive.keys_among({key_of_seed('a').public_key()});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].pub_member, "k/b-with.pub");
}

TEST(Archive, RefusesAMissingOrForeignPrivateHalfAndNamesBothMembers) {
  Archive archive;
  archive.put("k/a.pub", secret(public_key_file(key_of_seed('a').public_key(), KeyFileForm::archive)));
  const auto missing = archive.private_key(archive.keys().at(0));
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().what.find("'k/a.sec' is missing"), std::string::npos) << missing.error().what;
  archive.put("k/a.sec", private_key_file(key_of_seed('b'), KeyFileForm::archive));
  const auto foreign = archive.private_key(archive.keys().at(0));
  ASSERT_FALSE(foreign.ok());
  EXPECT_NE(foreign.error().what.find("not the private key of"), std::string::npos) << foreign.error().what;
}

TEST(Archive, RefusesToReplaceAKeyByAddingOne) {
  Archive archive = archive_with_keys();
  const auto added = archive.add_key("tufrepo/keys/offline-root", key_of_seed('c'));
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().fault, Fault::conflict);
}

TEST(Archive, RefusesToCallALostOrChangedMemberKept) {
  const Archive archive = archive_with_keys();
  Archive lost = archive.copy();
  EXPECT_TRUE(archive.kept_by(lost).ok());
  lost.put("tufrepo/config.json", secret("{ }"));
  EXPECT_FALSE(archive.kept_by(lost).ok());
  EXPECT_FALSE(archive.kept_by(Archive()).ok());
}

struct BadArchive {
  const char* name;
  std::string packed;
  const char* says;
};

std::vector<BadArchive> bad_archives() {
  const std::string good = gzip(tar_of({{"a", std::string(3000, 'x')}, {"b", "y"}}));
  std::string flipped = good;
  flipped[flipped.size() - 6] = static_cast<char>(flipped[flipped.size() - 6] ^ 1);  // in the CRC
  std::vector<RawMember> many;
  for (int i = 0; i < 5000; ++i) many.push_back({"m" + std::to_string(i)});
  return {
      {"not gzip", "PK\x03\x04 a zip", "not a gzip file"},
      {"empty", "", "not a gzip file"},
      {"encrypted", "age-encryption.org/v1\n-> scrypt", "has to be opened first"},
      {"cut short", good.substr(0, good.size() / 2), "cut short"},
      {"without its trailer", good.substr(0, good.size() - 8), "cut short"},
      {"wrong checksum", flipped, "damaged"},
      {"bytes after the end", good + "x", "after the end"},
      {"gzip of no tar", gzip("hello, I am a text file and nothing else"), "not a tar"},
      {"tar cut short inside", gzip(tar_of({{"a", std::string(3000, 'x')}}).substr(0, 1500)), "cut short"},
      {"4 GiB member", gzip(tar_of({{.name = "big", .bytes = "x", .claimed = std::uint64_t{4} << 30}})),
       "want at most 16777216"},
      {"too much in all",
       gzip(tar_of({{"a", std::string(15u << 20, 'x')},
                    {"b", std::string(15u << 20, 'x')},
                    {"c", std::string(15u << 20, 'x')},
                    {"d", std::string(15u << 20, 'x')},
                    {"e", std::string(15u << 20, 'x')}})),
       "more than 67108864"},
      {"too many members", gzip(tar_of(many)), "more than 4096"},
      {"absolute name", gzip(tar_of({{"/etc/passwd", "x"}})), "absolute"},
      {"dots", gzip(tar_of({{"tufrepo/../../x", "x"}})), "'..'"},
      {"symbolic link", gzip(tar_of({{"l", "", AE_IFLNK, "/etc/passwd"}})), "link"},
      {"hard link", gzip(tar_of({{"a", "x"}, {"l", "", 0, "a"}})), "link"},
      {"device", gzip(tar_of({{"d", "", AE_IFCHR}})), "device"},
      {"twice", gzip(tar_of({{"a", "x"}, {"./a", "y"}})), "twice"},
  };
}

TEST(Archive, RefusesEachBadArchiveInWordsOfItsOwn) {
  for (const auto& row : bad_archives()) {
    SCOPED_TRACE(row.name);
    const auto read = Archive::read(row.packed);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().fault, Fault::bad_input);
    EXPECT_NE(read.error().what.find(row.says), std::string::npos) << read.error().what;
  }
}

TEST(Archive, RefusesABombBehindTheEndOfTheTar) {
  const auto read =
      Archive::read(gzip(tar_of({{"a", "x"}}).append(3u << 20, '\0')), {.unpacked = 1u << 20, .members = 16});
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().what.find("more than the limit"), std::string::npos) << read.error().what;
}

}  // namespace
}  // namespace rota::keys
