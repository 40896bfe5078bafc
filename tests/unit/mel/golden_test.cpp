// SPDX-License-Identifier: LGPL-2.1-or-later
// The double-precision reference against the outputs of the original front ends.
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/support/golden_reference.h"

namespace npumel {
namespace {

using test::Comparison;
using test::GoldenFile;

TEST(GoldenSlow, TheReferenceEqualsTheOriginals) {
  for (const auto& folder : test::golden_folders(GOLDEN_FOLDER)) {
    for (const GoldenFile& file : test::golden_files(folder)) {
      const auto samples = test::unit_samples(test::read_wav(file.audio));
      const test::Rows want = test::read_rows(file.path);
      const Recipe recipe = test::golden_recipe(file.front_end);
      ASSERT_EQ(want.mels, recipe.width()) << file.path;
      const auto got = test::golden_reference(file.front_end, recipe, samples);
      const Comparison result =
          test::compare_rows<double, float>(got, want.values, want.mels, file.tolerance);
      EXPECT_TRUE(result.passed) << file.path << ": " << result.describe();
    }
  }
}

TEST(Golden, TheRepositoryHasEveryFrontEnd) {
  std::set<std::string> front_ends;
  std::set<Preset> presets;
  for (const GoldenFile& file : test::golden_files(GOLDEN_FOLDER)) {
    front_ends.insert(file.front_end.name);
    presets.insert(file.front_end.preset);
  }
  EXPECT_EQ(front_ends.size(), test::golden_front_ends().size() - 1) << "all but whisper80_pad30";
  EXPECT_EQ(presets.size(), enum_names<Preset>().size() - 2) << "all but nemo128 and custom";
}

}  // namespace
}  // namespace npumel
