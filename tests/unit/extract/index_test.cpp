// SPDX-License-Identifier: LGPL-2.1-or-later
// index.jsonl and failed.jsonl: what is written is read back, a torn line is forgotten.
#include "gst/tools/extract/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/extract/scratch.h"

namespace npumel::extract {
namespace {

using test::Scratch;

IndexLine example(const std::string& path) {
  IndexLine line;
  line.path = path;
  line.output = path + ".npy";
  line.offset = 7;
  line.bytes = 45568;
  line.format = "npy";
  line.frames = 142;
  line.seconds = 1.4280625;
  line.recipe_id = "d92c76f089c9c89e";
  line.settings_id = "0123456789abcdef";
  line.sha256 = std::string(64, 'a');
  line.backend = "software";
  line.version = "1";
  line.input_size = 5'000'000'000;
  line.input_time = 1796044623510563262;
  line.input_offset = 0.1;
  line.input_duration = 1.0 / 3;
  line.input_channels = 2;
  return line;
}

TEST(IndexLine, AnyNameSurvivesJson) {
  for (const char* path : {"a.wav", "x\n\t\\\"{}%d.wav", "\xff\xfe%.wav", "ärger.wav", "%41.wav"}) {
    const IndexLine line = example(path);
    const std::string text = to_json(line);
    EXPECT_TRUE(nlohmann::json::accept(text)) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    EXPECT_EQ(index_line(text), line) << text;
    const auto failure = failure_line(to_json(Failure{path, "why"}));
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->name, path);
    EXPECT_EQ(failure->reason, "why");
  }
  EXPECT_EQ(nlohmann::json::parse(to_json(example("%41.wav")))["path"], "%41.wav");
  EXPECT_EQ(nlohmann::json::parse(to_json(example("\xff%.wav")))["path"], "%FF%25.wav");
}

TEST(IndexLine, EveryFieldCounts) {
  const auto whole = nlohmann::json::parse(to_json(example("a")));
  for (const auto& [key, value] : whole.items()) {
    auto less = whole;
    less.erase(key);
    EXPECT_EQ(index_line(less.dump()), std::nullopt) << key;
  }
}

TEST(Index, GoesOnWhereItEndedAndForgetsATornLine) {
  const Scratch scratch;
  const Folder folder(scratch.path());
  {
    Index index(folder, {});
    index.begin([](const IndexLine&) { return true; });
    index.add(example("a"));
    index.add(example("b"));
    index.add(Failure{"c", "why"});
  }
  const std::string text = scratch.read("index.jsonl");
  scratch.write("index.jsonl", text + to_json(example("d")).substr(0, 40));
  Index index(folder, {});
  EXPECT_EQ(index.find("a"), example("a"));
  EXPECT_EQ(index.find("d"), std::nullopt);
  index.begin([](const IndexLine& line) { return line.path != "a"; });
  index.add(example("e"));
  EXPECT_EQ(scratch.read("index.jsonl"),
            to_json(example("b")) + "\n" + to_json(example("e")) + "\n");
  EXPECT_EQ(scratch.read("failed.jsonl"), "") << "failures are those of the last run";
  EXPECT_EQ(index.find("e"), std::nullopt) << "lines of this run take no memory";
  index.forget();
  EXPECT_TRUE(index.lines().empty());
}

TEST(Index, RefusesLinesThatAreNotOurs) {
  const Scratch scratch;
  const Folder folder(scratch.path());
  const std::string ours = to_json(example("a")) + "\n";
  for (const char* foreign :
       {"{\"a\": 1}\n", "text\n", "{\"path\": \"a\"}\n", "{\"a\": 1}", "x", "\n"})
    for (const char* name : {"index.jsonl", "failed.jsonl"}) {
      scratch.write("index.jsonl", ours);
      scratch.write("failed.jsonl", "");
      scratch.write(name, (name[0] == 'i' ? ours : "") + foreign);
      EXPECT_THROW(Index(folder, {}), std::invalid_argument) << name << ": " << foreign;
    }
  scratch.write("failed.jsonl", "");
  scratch.write("index.jsonl", ours + "{\"pa");
  EXPECT_TRUE(Index(folder, {}).is_ours());
  EXPECT_FALSE(Index(folder, {0, 2}).is_ours());
}

TEST(Shard, HasFilesOfItsOwn) {
  EXPECT_EQ((Shard{0, 1}.file_name("index", ".jsonl")), "index.jsonl");
  EXPECT_EQ((Shard{3, 16}.file_name("index", ".jsonl")), "index.00003-of-00016.jsonl");
}

}  // namespace
}  // namespace npumel::extract
