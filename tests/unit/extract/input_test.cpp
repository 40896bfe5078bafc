// SPDX-License-Identifier: LGPL-2.1-or-later
// Inputs of a corpus: names below the output folder, lists and manifests, shards.
#include "gst/tools/extract/input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/extract/scratch.h"

namespace npumel::extract {
namespace {

using test::Scratch;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names(const InputList& list) {
  std::vector<std::string> all;
  for (const Input& input : list.inputs) all.push_back(input.name);
  return all;
}

TEST(SafeName, StaysBelowTheOutputFolder) {
  EXPECT_EQ(safe_name("a/b.wav"), "a/b.wav");
  EXPECT_EQ(safe_name("./a//b.wav"), "a/b.wav");
  EXPECT_EQ(safe_name("/data/a.wav"), "data/a.wav");
  EXPECT_EQ(safe_name("a/../../../../../../../../../../../../etc/x"), "etc/x");
  EXPECT_EQ(safe_name("a/../b.wav"), "b.wav");
  EXPECT_EQ(safe_name(""), std::nullopt);
  EXPECT_EQ(safe_name("/"), std::nullopt);
  EXPECT_EQ(safe_name(".."), safe_name(std::filesystem::current_path().parent_path().string()));
}

TEST(SafeName, KeepsEveryByteOfAFileName) {
  const std::string odd = "-x \n\t\\ \" {} $(touch X) %d \xff\xfe.wav";
  EXPECT_EQ(safe_name(odd), odd);
}

TEST(SafeName, LeavesRoomForASuffix) {
  EXPECT_EQ(safe_name(std::string(240, 'a')), std::string(240, 'a'));
  EXPECT_EQ(safe_name("x/" + std::string(241, 'a')), std::nullopt);
}

TEST(ReadInputs, AFolderGivesItsFilesSortedWithoutTheOutputFolder) {
  const Scratch folder;
  folder.write("b/z.flac", "z");
  folder.write("a.wav", "a");
  folder.write("out/a.wav.npy", "n");
  std::filesystem::create_directory_symlink(folder.path(), folder / "loop");
  std::filesystem::create_symlink("nowhere", folder / "dangling.wav");
  EXPECT_THAT(names(read_inputs(folder.path(), folder / "out", {})),
              ElementsAre("a.wav", "b/z.flac", "dangling.wav"));
  EXPECT_THAT(names(read_inputs(folder.path(), folder / "out", {"*.FLAC", "x"})),
              ElementsAre("b/z.flac"));
}

TEST(ReadInputs, AListOfPathsKeepsThemAndRefusesWhatHasNoName) {
  const Scratch folder;
  const std::string list = folder.write("list.txt", "/data/b.wav\r\n\nc d.wav\n/\n/data/b.wav\n");
  const InputList inputs = read_inputs(list, "", {});
  EXPECT_THAT(names(inputs), ElementsAre("c d.wav", "data/b.wav"));
  EXPECT_EQ(inputs.inputs[1].file, "/data/b.wav");
  ASSERT_EQ(inputs.refused.size(), 1u);
  EXPECT_EQ(inputs.refused[0].name, "/");
}

TEST(ReadInputs, TwoFilesOfOneNameAreToldApart) {
  const Scratch folder;
  const std::string list = folder.write("list.txt", "/data/b.wav\n./data/b.wav\n");
  const InputList inputs = read_inputs(list, "", {});
  EXPECT_EQ(inputs.inputs.size(), 1u);
  ASSERT_EQ(inputs.refused.size(), 1u);
  EXPECT_THAT(inputs.refused[0].reason, HasSubstr("has this name"));
}

TEST(ReadInputs, NemosManifestIsRelativeToItself) {
  const Scratch folder;
  const std::string manifest =
      folder.write("m.json",
                   "{\"audio_filepath\": \"wav/a.wav\", \"duration\": 1.5, \"text\": \"x\"}\n"
                   "{\"audio_filepath\": \"wav/a.wav\", \"offset\": 2.25, \"duration\": 1.5}\n"
                   "{\"audio_filepath\": \"/abs/b.wav\", \"duration\": null}\n");
  const InputList list = read_inputs(manifest, "", {});
  ASSERT_THAT(names(list),
              ElementsAre("abs/b.wav", "wav/a.wav_0.000_1.500", "wav/a.wav_2.250_1.500"));
  EXPECT_EQ(list.inputs[0].file, "/abs/b.wav");
  EXPECT_EQ(list.inputs[0].duration, std::nullopt);
  EXPECT_EQ(list.inputs[1].file, folder / "wav/a.wav");
  EXPECT_EQ(list.inputs[1].duration, 1.5);
  EXPECT_EQ(list.inputs[2].offset, 2.25);
}

TEST(ReadInputs, PartsOfAFileHaveNamesOfTheirOwn) {
  const Scratch folder;
  const std::string manifest = folder.write(
      "m.json",
      "\xef\xbb\xbf{\"audio_filepath\": \"a.wav\"}\n"
      "{\"audio_filepath\": \"a.wav\", \"offset\": 0, \"duration\": 1.5}\n"
      "{\"audio_filepath\": \"a.wav\", \"offset\": 1.0001, \"duration\": 1.5}\n"
      "{\"audio_filepath\": \"./a.wav\", \"offset\": 1.00010000001, \"duration\": 1.5}\n"
      "{\"audio_filepath\": \"b.wav\", \"duration\": 1.5}\n"
      "{\"audio_filepath\": \"c.wav\", \"offset\": 0, \"duration\": 1.5}\n");
  const InputList list = read_inputs(manifest, "", {});
  EXPECT_THAT(names(list), ElementsAre("a.wav", "a.wav_0.000_1.500", "a.wav_1.00010000001_1.500",
                                       "a.wav_1.0001_1.500", "b.wav", "c.wav_0.000_1.500"));
  EXPECT_TRUE(list.refused.empty());
}

TEST(ReadInputs, LhotsesChannelsAreAllOrRefused) {
  const Scratch folder;
  const auto cut = [](const std::string& channels, const std::string& channel) {
    return "{\"id\": \"x\", " + channel +
           "\"recording\": {\"sources\": [{\"type\": \"file\", \"channels\": " + channels +
           ", \"source\": \"/d/a.flac\"}]}}\n";
  };
  const auto read = [&](const std::string& text) {
    return read_inputs(folder.write("r.jsonl", text), "", {}).inputs.at(0);
  };
  for (const auto& [channels, channel] :
       std::vector<std::pair<const char*, const char*>>{{"[0, 1]", "\"channel\": 1, "},
                                                        {"[0, 1]", "\"channel\": [0], "},
                                                        {"[1]", ""},
                                                        {"[0, 1]", "\"channel\": 0, "}})
    EXPECT_THAT(read(cut(channels, channel)).refusal, HasSubstr("channels")) << channels << channel;
  EXPECT_EQ(read(cut("[0, 1]", "\"channel\": [1, 0], ")).refusal, "");
  EXPECT_EQ(read(cut("[0, 1]", "")).channels, 2u);
  EXPECT_EQ(read(cut("[0]", "\"channel\": 0, ")).channels, 1u);
}

TEST(ReadInputs, WhatLooksLikeAManifestAndIsNone) {
  const Scratch folder;
  const auto reason = [&](const std::string& text) -> std::string {
    try {
      read_inputs(folder.write("m", text), "", {"*.flac"});
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(reason("[{\"audio_filepath\": \"a.flac\"}]\n"), HasSubstr("one JSON object a line"));
  EXPECT_THAT(reason("\xef\xbb\xbf[\n{}]\n"), HasSubstr("one JSON object a line"));
  EXPECT_THAT(reason("\x1f\x8b\x08 x"), HasSubstr("compressed"));
  EXPECT_THAT(reason("a.wav\n"), HasSubstr("--include")) << "patterns that leave nothing";
  EXPECT_EQ(reason("[1].flac\n"), "");
}

TEST(ReadInputs, OutputFoldersAreLeftOut) {
  const Scratch folder;
  folder.write("a.wav", "a");
  folder.write("one/b.wav.npy", "n");
  folder.write("two/b.wav.npy", "n");
  folder.write("two/.npumel-extract.lock", "");
  std::filesystem::create_directory_symlink(folder.path(), folder / "link");
  EXPECT_THAT(names(read_inputs(folder / "link", folder / "one", {})), ElementsAre("a.wav"));
}

TEST(ReadInputs, LhotsesRecordingsAndCutsAreNamedByTheirId) {
  const Scratch folder;
  const std::string source =
      "\"sources\": [{\"type\": \"file\", \"channels\": [0], \"source\": \"/d/a.flac\"}]";
  const std::string manifest =
      folder.write("r.jsonl", "{\"id\": \"rec-1\", " + source +
                                  ", \"sampling_rate\": 16000}\n"
                                  "{\"id\": \"cut-1\", \"start\": 3, \"duration\": 2, "
                                  "\"recording\": {\"id\": \"rec-1\", " +
                                  source + "}}\n");
  const InputList list = read_inputs(manifest, "", {});
  ASSERT_THAT(names(list), ElementsAre("cut-1", "rec-1"));
  EXPECT_EQ(list.inputs[0].file, "/d/a.flac");
  EXPECT_EQ(list.inputs[0].offset, 3);
  EXPECT_EQ(list.inputs[0].duration, 2);
  EXPECT_EQ(list.inputs[1].duration, std::nullopt);
}

TEST(ReadInputs, ALineThatIsNoEntryIsNamed) {
  const Scratch folder;
  for (const char* line : {"{\"audio_filepath\": 3}", "{\"id\": \"x\"}", "{",
                           "{\"audio_filepath\": \"a\", \"offset\": -1}"}) {
    const std::string manifest =
        folder.write("m.jsonl", std::string("{\"audio_filepath\": \"a\"}\n") + line + "\n");
    try {
      read_inputs(manifest, "", {});
      FAIL() << line;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("m.jsonl, line 2: ")) << line;
    }
  }
  EXPECT_THROW(read_inputs(folder / "absent", "", {}), std::runtime_error);
}

TEST(ReadInputs, AnythingElseIsOneInput) {
  const Scratch folder;
  const std::string wav = folder.write("x.wav", std::string("RIFF\0\0\0\0", 8));
  const InputList list = read_inputs(wav, "", {});
  EXPECT_THAT(names(list), ElementsAre("x.wav"));
  EXPECT_EQ(list.inputs[0].file, wav);
}

TEST(ShardOf, DependsOnTheNameAlone) {
  // First 16 hex digits of `printf %s NAME | sha256sum`, modulo the count.
  EXPECT_EQ(shard_of("a.wav", 1), 0u);
  EXPECT_EQ(shard_of("abc", 16), 0xba7816bf8f01cfeaULL % 16);
  EXPECT_EQ(shard_of("abc", 1000), 0xba7816bf8f01cfeaULL % 1000);
  std::vector<int> sizes(8);
  for (int i = 0; i < 8000; ++i) ++sizes[shard_of("dir/" + std::to_string(i) + ".wav", 8)];
  for (const int size : sizes) EXPECT_NEAR(size, 1000, 150);
}

}  // namespace
}  // namespace npumel::extract
