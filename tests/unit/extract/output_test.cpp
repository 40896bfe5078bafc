// SPDX-License-Identifier: LGPL-2.1-or-later
// The forms of output, byte by byte, and how each goes on after a killed run.
#include "gst/tools/extract/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/unit/extract/scratch.h"

namespace npumel::extract {
namespace {

using test::Scratch;

Features features(uint64_t rows, float first) {
  Features made;
  made.rows = made.frames = rows;
  made.columns = 2;
  std::vector<float> values(rows * 2);
  for (size_t i = 0; i < values.size(); ++i) values[i] = first + static_cast<float>(i);
  made.bytes.resize(values.size() * 4);
  std::memcpy(made.bytes.data(), values.data(), made.bytes.size());
  made.recipe_id = "0123456789abcdef";
  made.seconds = 0.5;
  return made;
}

std::string data_of(const Features& made) {
  return {reinterpret_cast<const char*>(made.bytes.data()), made.bytes.size()};
}

/// Stores one array and its line.
IndexLine put(Output& output, Index& index, const std::string& name, const Features& made) {
  const Place place = output.store({name, name}, made);
  IndexLine line;
  line.path = name;
  line.output = place.output;
  line.offset = place.offset;
  line.bytes = place.bytes;
  index.add(line);
  return line;
}

bool keep_all(const IndexLine&) { return true; }

TEST(NpyHeader, IsNumPysVersion1) {
  Features made = features(3, 0);
  const std::string header = npy_header(made);
  EXPECT_EQ(header.size(), 128u);
  EXPECT_EQ(header.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_EQ(header.substr(10, 61), "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }  ");
  EXPECT_EQ(header.back(), '\n');
  made.half = true;
  EXPECT_EQ(npy_header(made).substr(20, 5), "'<f2'");
}

TEST(NpyTree, MirrorsNames) {
  const Scratch scratch;
  const Folder folder(scratch.path());
  Index index(folder, {});
  index.begin(keep_all);
  const auto output = make_npy_tree(folder);
  const Features made = features(3, 1);
  IndexLine line = put(*output, index, "d/a.wav", made);
  EXPECT_EQ(line.output, "d/a.wav.npy");
  EXPECT_EQ(scratch.read("d/a.wav.npy"), npy_header(made) + data_of(made));
  EXPECT_TRUE(output->holds(line));
  line.bytes += 1;
  EXPECT_FALSE(output->holds(line));
}

TEST(TarShards, HoldASampleAnArrayAtTheOffsetOfTheIndex) {
  const Scratch scratch;
  const Folder folder(scratch.path());
  Index index(folder, {});
  index.begin(keep_all);
  const auto output = make_tar_shards(folder, {});
  output->begin(index);
  const Features made = features(3, 1);
  const IndexLine line = put(*output, index, "d.x/a.b.wav", made);
  EXPECT_EQ(scratch.read("features-000000.tar"), "") << "not complete yet";
  output->end();
  EXPECT_EQ(line.output, "features-000000.tar");
  const std::string tar = scratch.read("features-000000.tar");
  EXPECT_EQ(std::string(tar.c_str()), "d.x/a%2Eb%2Ewav.json");
  EXPECT_EQ(std::string(tar.c_str() + 1024), "d.x/a%2Eb%2Ewav.npy");
  EXPECT_EQ(tar.substr(257, 5), "ustar");
  EXPECT_EQ(tar.substr(line.offset, line.bytes), npy_header(made) + data_of(made));
  EXPECT_EQ(tar.size(), 1024u + 1024 + 1024) << "two members and the end of the archive";
  EXPECT_TRUE(output->holds(line));
}

TEST(TarShards, GoOnAfterAKilledRunAsIfNothingHadBeen) {
  const Scratch killed, whole;
  const Folder killed_folder(killed.path()), whole_folder(whole.path());
  constexpr uint64_t kLimit = 5000;
  std::vector<IndexLine> lines;
  {
    Index index(whole_folder, {});
    index.begin(keep_all);
    const auto output = make_tar_shards(whole_folder, {}, kLimit);
    output->begin(index);
    for (int i = 0; i < 5; ++i)
      lines.push_back(put(*output, index, std::to_string(i), features(10, static_cast<float>(i))));
    output->end();
  }
  for (int round = 0; round < 5; ++round) {
    Index index(killed_folder, {});
    auto output = make_tar_shards(killed_folder, {}, kLimit);
    index.begin(keep_all);
    output->begin(index);
    const IndexLine line =
        put(*output, index, std::to_string(round), features(10, static_cast<float>(round)));
    EXPECT_EQ(line, lines[static_cast<size_t>(round)]);
    EXPECT_TRUE(output->holds(line));
    // Killed between an array and its line in the index.
    output->store({"lost", "lost"}, features(7, 99));
    output.reset();
    if (round == 4) {
      Index last(killed_folder, {});
      const auto again = make_tar_shards(killed_folder, {}, kLimit);
      again->begin(last);
      again->end();
    }
  }
  for (const char* name : {"features-000000.tar", "features-000001.tar", "index.jsonl"})
    EXPECT_TRUE(killed.read(name) == whole.read(name)) << name;
  EXPECT_FALSE(std::filesystem::exists(killed / "features-000002.tar"));
}

TEST(KaldiArchive, HoldsMatricesAsKaldiWritesThem) {
  const Scratch scratch;
  const Folder folder(scratch.path());
  {
    Index index(folder, {});
    index.begin(keep_all);
    const auto output = make_kaldi_archive(folder, {});
    output->begin(index);
    put(*output, index, "a b", features(3, 1));
    output->store({"lost", "lost"}, features(7, 99));
  }
  Index index(folder, {});
  index.begin(keep_all);
  const auto output = make_kaldi_archive(folder, {});
  output->begin(index);
  put(*output, index, "c", features(1, 5));
  output->end();
  const std::string first = "a%20b ", second = "c ";
  const std::string expected =
      first + std::string("\0BFM \x04\x03\0\0\0\x04\x02\0\0\0", 15) + data_of(features(3, 1)) +
      second + std::string("\0BFM \x04\x01\0\0\0\x04\x02\0\0\0", 15) + data_of(features(1, 5));
  EXPECT_EQ(scratch.read("feats.ark"), expected);
  const std::string path = folder.path() + "/feats.ark:";
  EXPECT_EQ(scratch.read("feats.scp"),
            "a%20b " + path + "6\n" + "c " + path + std::to_string(6 + 15 + 24 + 2) + "\n");
}

TEST(Archives, WithoutAnIndexAreNotOurs) {
  const std::vector<Input> inputs = {{"/in/a.wav", "a.wav"}};
  for (const auto& [form, name] :
       {std::pair(Form::ark, "feats.ark"), std::pair(Form::tar, "features-000000.tar.part"),
        std::pair(Form::npy, "a.wav.npy")}) {
    const Scratch scratch;
    const Folder folder(scratch.path());
    const auto output = make_output(form, folder, {}, {});
    output->check(Index(folder, {}), inputs);
    scratch.write(name, "kept");
    EXPECT_THROW(output->check(Index(folder, {}), inputs), std::invalid_argument);
    scratch.write("index.jsonl", "");  // anybody's
    EXPECT_THROW(output->check(Index(folder, {}), inputs), std::invalid_argument);
    scratch.write(kLockFile, "");  // a run that was killed before its first line
    const Folder marked(scratch.path());
    make_output(form, marked, {}, {})->check(Index(marked, {}), inputs);
    EXPECT_EQ(scratch.read(name), "kept");
  }
}

TEST(KaldiArchive, IsNotThatOfJoinedShards) {
  const Scratch scratch;
  const Folder folder(scratch.path());
  scratch.write("feats.00000-of-00002.ark", std::string(100, 'x'));
  IndexLine line;
  line.path = "a";
  line.output = "feats.00000-of-00002.ark";
  line.offset = 40;
  line.bytes = 60;
  scratch.write("index.jsonl", to_json(line) + "\n");
  const auto output = make_kaldi_archive(folder, {});
  output->begin(Index(folder, {}));
  EXPECT_EQ(scratch.read("feats.ark"), "");
  EXPECT_EQ(scratch.read("feats.scp"), "a " + folder.path() + "/feats.00000-of-00002.ark:40\n");
}

TEST(MakeOutput, AKaldiArchiveRefusesWhatItCannotHold) {
  const Scratch scratch;
  const Folder folder(scratch.path());
  EXPECT_THROW(make_output(Form::ark, folder, {}, {{"layout", "mel-major"}}),
               std::invalid_argument);
  EXPECT_THROW(make_output(Form::ark, folder, {}, {{"format", "f16le"}}), std::invalid_argument);
  EXPECT_NO_THROW(make_output(Form::ark, folder, {}, {{"preset", "kaldi80"}}));
}

}  // namespace
}  // namespace npumel::extract
