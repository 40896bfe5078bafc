// SPDX-License-Identifier: LGPL-2.1-or-later
// The output folder: whole files or none, nothing outside of it, one writer.
#include "gst/tools/extract/folder.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "tests/unit/extract/scratch.h"

namespace npumel::extract {
namespace {

namespace fs = std::filesystem;
using test::Scratch;

TEST(Folder, MakesWhatIsMissingAndReplacesWhole) {
  const Scratch scratch;
  const Folder folder(scratch / "new/out");
  folder.replace("a/b/c.npy", "first");
  folder.replace("a/b/c.npy", "second");
  EXPECT_EQ(scratch.read("new/out/a/b/c.npy"), "second");
  EXPECT_EQ(folder.size_of("a/b/c.npy"), 6u);
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch / "new/out/a/b"), {}), 1);
}

TEST(Folder, FollowsNoLinkOutOfItself) {
  const Scratch scratch, outside;
  const Folder folder(scratch.path());
  fs::create_directory_symlink(outside.path(), scratch / "link");
  EXPECT_THROW(folder.replace("link/x", "text"), std::invalid_argument);
  EXPECT_TRUE(fs::is_empty(outside.path()));
  outside.write("target", "kept");
  fs::create_symlink(outside / "target", scratch / "file");
  folder.replace("file", "text");
  EXPECT_EQ(outside.read("target"), "kept");
  EXPECT_EQ(scratch.read("file"), "text");
  fs::create_symlink(outside / "target", scratch / "index.jsonl");
  EXPECT_THROW(folder.append_to("index.jsonl"), OutputError);
  EXPECT_THROW(folder.read("index.jsonl"), OutputError);
  EXPECT_EQ(folder.size_of("index.jsonl"), std::nullopt);
}

TEST(Folder, IsLeftUnmade) {
  const Scratch scratch;
  const Folder folder(scratch / "new", "", Folder::Missing::leave);
  EXPECT_FALSE(folder.exists());
  EXPECT_EQ(folder.read("index.jsonl"), std::nullopt);
  EXPECT_EQ(folder.size_of("a/b"), std::nullopt);
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

TEST(Folder, AFileInTheWayIsTheInputsOwnFailure) {
  const Scratch scratch;
  const Folder folder(scratch.path());
  folder.replace("a", "file");
  EXPECT_THROW(folder.replace("a/b", "text"), std::invalid_argument);
  folder.replace("d/e", "text");
  EXPECT_THROW(folder.replace("d", "text"), std::invalid_argument);
  EXPECT_EQ(scratch.read("a"), "file");
}

TEST(Folder, AWriteThatFailsLeavesTheOldFileAndNoPart) {
  const Scratch scratch;
  const Folder folder(scratch.path());
  folder.replace("a", "old");
  // A limit on the size of files stands in for a full disk: write(2) fails in the same place.
  rlimit limit = {};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit low = {1000, limit.rlim_max};
  const auto previous = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &low);
  EXPECT_THROW(folder.replace("a", std::string(5000, 'x')), OutputError);
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, previous);
  EXPECT_EQ(scratch.read("a"), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path()), {}), 1);
}

TEST(Folder, RemovesWhatAKilledWriterLeft) {
  const Scratch scratch;
  for (const char* name : {".npumel-extract-12.part", ".npumel-extract.00001-of-00002-9.part",
                           ".npumel-extract.00000-of-00002-9.part", "x.part"})
    scratch.write(name, "half");
  Folder(scratch.path(), ".00001-of-00002").remove_leftovers();
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path()), {}), 3);
  Folder(scratch.path()).remove_leftovers();
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path()), {}), 1);
  EXPECT_EQ(scratch.read("x.part"), "half");
}

TEST(Folder, OneProcessHoldsALock) {
  const Scratch scratch;
  const Folder folder(scratch.path());
  {
    const Descriptor first = folder.lock("lock", true), second = folder.lock("lock", true);
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(folder.lock("lock", false));
  }
  const Descriptor alone = folder.lock("lock", false);
  EXPECT_TRUE(alone);
  EXPECT_FALSE(folder.lock("lock", true));
}

TEST(Folder, WhatCannotBeAFolderIsSaid) {
  const Scratch scratch;
  scratch.write("file", "x");
  try {
    const Folder folder(scratch / "file/out");
    FAIL();
  } catch (const OutputRefused& error) {
    EXPECT_NE(std::string(error.what()).find("file/out: "), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace npumel::extract
