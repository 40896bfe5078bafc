// SPDX-License-Identifier: LGPL-2.1-or-later
// Settings to a recipe: once for each change, errors included.
#include "gst/meltransform/settings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace npumel {
namespace {

class SettingsTest : public testing::Test {
 protected:
  SettingsTest()
      : path_(std::filesystem::temp_directory_path() /
              ("npumelspec-settings-" + std::to_string(getpid()))) {}
  ~SettingsTest() override { std::filesystem::remove(path_); }

  void write(const char* text) const { std::ofstream(path_) << text; }
  /// Global normalisation by the file.
  void use_file() {
    choice_.change([this](TransformSettings& settings) {
      settings.overrides.cmvn = CmvnType::global;
      settings.cmvn_file = path_.string();
    });
  }
  std::string refusal() const {
    try {
      choice_.recipe();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  }

  TransformChoice choice_;
  std::filesystem::path path_;
};

TEST_F(SettingsTest, ExplicitValuesWinOverThePreset) {
  choice_.change([](TransformSettings& settings) {
    settings.overrides.coefficients = 7;
    settings.preset = TransformPreset::mfcc13_kaldi;
  });
  EXPECT_EQ(choice_.recipe()->coefficients, 7);
  EXPECT_EQ(choice_.recipe()->lifter, 22);
}

TEST_F(SettingsTest, TheFileIsReadOnceUntilSomethingChanges) {
  write(" [\n 4 8 2\n 10 40 0 ]\n");
  use_file();
  const TransformChoice::Recipe first = choice_.recipe();
  EXPECT_EQ(first->cmvn_statistics.mean, (std::vector<double>{2, 4}));
  write(" [\n 6 8 2\n 20 40 0 ]\n");
  EXPECT_EQ(choice_.recipe(), first);
  choice_.refresh();
  EXPECT_EQ(choice_.recipe()->cmvn_statistics.mean, (std::vector<double>{3, 4}));
  EXPECT_EQ(first->cmvn_statistics.mean, (std::vector<double>{2, 4}))
      << "those who have it keep it";
}

TEST_F(SettingsTest, ARefusalIsRememberedToo) {
  use_file();
  const std::string missing = refusal();
  EXPECT_NE(missing.find(path_.string()), std::string::npos) << missing;
  write(" [\n 4 8 2\n 10 40 0 ]\n");
  EXPECT_EQ(refusal(), missing);
  choice_.refresh();
  EXPECT_EQ(refusal(), "");
}

TEST_F(SettingsTest, AFileThatNobodyReadsIsRefused) {
  write(" [\n 4 8 2\n 10 40 0 ]\n");
  use_file();
  choice_.change([](TransformSettings& settings) { settings.overrides.cmvn = CmvnType::sliding; });
  EXPECT_NE(refusal().find("cmvn-file has no effect with cmvn=sliding"), std::string::npos)
      << refusal();
}

}  // namespace
}  // namespace npumel
