// SPDX-License-Identifier: LGPL-2.1-or-later
// Statistics files: every form is read, and what is wrong with one is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>

#include "kernels/transform/cmvn_statistics.h"
#include "tests/unit/transform/transform_support.h"

namespace npumel {
namespace {

using ::testing::HasSubstr;
using Form = CmvnStatistics::Form;

const std::filesystem::path kStats = std::filesystem::path(GOLDEN_FOLDER) / "transform" / "stats";

std::string contents_of(const std::string& name) {
  std::ifstream file(kStats / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string parse_refusal(const std::string& contents) {
  return test::transform_refusal([&] { parse_cmvn(contents); });
}

template <typename Unsigned>
std::string bytes_of(Unsigned value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof(Unsigned); ++i)
    bytes += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  return bytes;
}

/// Kaldi's binary matrix; the dimensions may lie.
std::string kaldi_binary(bool doubles, uint32_t lines, uint32_t columns,
                         const std::vector<double>& values) {
  std::string file("\0B", 2);
  file += doubles ? "DM " : "FM ";
  file += '\4' + bytes_of(lines) + '\4' + bytes_of(columns);
  for (const double value : values)
    file += doubles ? bytes_of(std::bit_cast<uint64_t>(value))
                    : bytes_of(std::bit_cast<uint32_t>(static_cast<float>(value)));
  return file;
}

// 4 rows: 1 2 3 6 and 10 10 10 14.
const std::vector<double> kMatrix = {12, 44, 4, 50, 496, 0};

void expect_matrix(const CmvnStatistics& statistics) {
  EXPECT_THAT(statistics.mean, ::testing::ElementsAre(3, 11));
  EXPECT_THAT(statistics.variance, ::testing::ElementsAre(3.5, 3));
}

TEST(CmvnFile, EveryFormIsRead) {
  for (const std::string& contents :
       {kaldi_binary(false, 2, 3, kMatrix), kaldi_binary(true, 2, 3, kMatrix),
        "speaker1 " + kaldi_binary(true, 2, 3, kMatrix),
        std::string(" [\n  12 44 4 \n  50 496 0 ]\n"), std::string("[ 12 44 4\r\n50 4.96e2 0]"),
        std::string("global [\n12 44 4\n50 496 0 ]")}) {
    const CmvnStatistics statistics = parse_cmvn(contents);
    EXPECT_EQ(statistics.form, Form::kaldi);
    expect_matrix(statistics);
  }
  const CmvnStatistics wenet = parse_cmvn(
      R"({"other": {"mean_stat": [1]}, "mean_stat": [12, 44.0], "var_stat": [50, 496],
          "frame_num": 4})");
  EXPECT_EQ(wenet.form, Form::wenet);
  expect_matrix(wenet);
  const CmvnStatistics nnet1 = parse_cmvn(
      "<Nnet> \n<Splice> 2 2\n[ 0 ]\n<AddShift> 2 2 \n<LearnRateCoef> 0 [ -3 -11 ]\n"
      "<Rescale> 2 2\n<LearnRateCoef> 0 [ 0.5 2 ]\n</Nnet> ");
  EXPECT_EQ(nnet1.form, Form::nnet1);
  EXPECT_THAT(nnet1.mean, ::testing::ElementsAre(3, 11));
  EXPECT_THAT(nnet1.variance, ::testing::ElementsAre(4, 0.25));
}

TEST(CmvnFile, FormsOfTheSameNumbersAgree) {
  const CmvnStatistics binary = parse_cmvn(contents_of("kaldi80_global_cmvn.ark"));
  const CmvnStatistics text = parse_cmvn(contents_of("kaldi80_global_cmvn.txt"));
  const CmvnStatistics json = parse_cmvn(contents_of("kaldi80_global_cmvn.json"));
  ASSERT_EQ(binary.mean.size(), 80U);
  for (size_t i = 0; i < 80; ++i) {
    EXPECT_NEAR(text.mean[i], binary.mean[i], 1e-4);
    EXPECT_NEAR(json.mean[i], binary.mean[i], 1e-5);
    EXPECT_NEAR(text.variance[i], binary.variance[i], 2e-3);
    EXPECT_NEAR(json.variance[i], binary.variance[i], 2e-3);
  }
  const CmvnStatistics funasr = parse_cmvn(contents_of("funasr_am.mvn"));
  ASSERT_EQ(funasr.mean.size(), 560U);
  EXPECT_EQ(funasr.mean[0], 11.35437);
}

// x * scale + shift is (x + shift / scale) * scale.
TEST(CmvnFile, ComponentsCountInTheirOrder) {
  const CmvnStatistics turned = parse_cmvn(
      "<Nnet> <Rescale> 1 1 <LearnRateCoef> 0 [ 2 ] <AddShift> 1 1 [ 6 ] <!EndOfComponent> "
      "</Nnet>");
  EXPECT_THAT(turned.mean, ::testing::ElementsAre(-3));
  EXPECT_THAT(turned.variance, ::testing::ElementsAre(0.25));
  const CmvnStatistics mean_only = parse_cmvn("<Nnet> <AddShift> 1 1 [ 6 ] </Nnet>");
  EXPECT_THAT(mean_only.mean, ::testing::ElementsAre(-6));
  EXPECT_TRUE(mean_only.variance.empty());
}

// Every prefix of every form is refused, and none of them crashes.
TEST(CmvnFile, CutShortIsRefused) {
  for (const char* name : {"kaldi80_global_cmvn.ark", "kaldi80_global_cmvn.txt",
                           "kaldi80_global_cmvn.json", "funasr_am.mvn"}) {
    std::string whole = contents_of(name);
    while (whole.back() == '\n' || whole.back() == ' ') whole.pop_back();
    ASSERT_EQ(parse_refusal(whole), "") << name;
    const size_t step = 1 + whole.size() / 200;
    for (size_t length = 0; length < whole.size(); length += step)
      ASSERT_NE(parse_refusal(whole.substr(0, length)), "") << name << " " << length;
    EXPECT_NE(parse_refusal(whole.substr(0, whole.size() - 1)), "") << name;
  }
  EXPECT_THAT(parse_refusal(contents_of("kaldi80_global_cmvn.ark").substr(0, 300)),
              HasSubstr("2 x 81 is cut short: 285 bytes of 648"));
  EXPECT_THAT(parse_refusal(contents_of("kaldi80_global_cmvn.json").substr(0, 300)),
              HasSubstr("JSON is damaged or cut short at byte"));
  EXPECT_THAT(parse_refusal(contents_of("funasr_am.mvn").substr(0, 3000)),
              HasSubstr("is missing: the file is cut short"));
  EXPECT_EQ(parse_refusal(""), "there is nothing in it");
}

// The header may say what it likes: nothing is allocated for it.
TEST(CmvnFile, DimensionsThatLieAreRefused) {
  for (const uint32_t columns : {0U, 1U, 4U, 1000000000U, 0x7fffffffU, 0x80000000U, 0xffffffffU})
    EXPECT_NE(parse_refusal(kaldi_binary(false, 2, columns, kMatrix)), "") << columns;
  EXPECT_THAT(parse_refusal(kaldi_binary(true, 2, 1000000000, kMatrix)),
              HasSubstr("2 x 1000000000 is cut short: 48 bytes of 16000000000"));
  EXPECT_THAT(parse_refusal(kaldi_binary(true, 1000000000, 3, kMatrix)),
              HasSubstr("has 1000000000 lines"));
  EXPECT_THAT(parse_refusal(kaldi_binary(true, 2, 2, kMatrix)), HasSubstr("something follows"));
  EXPECT_THAT(parse_refusal("[ 1 2 3\n4 5 ]"), HasSubstr("have 3 and 2 values"));
  EXPECT_THAT(parse_refusal("[ 1 2 3 4 5 6 ]"), HasSubstr("has 1 lines"));
  EXPECT_THAT(parse_refusal("[ 1 2\n3 4\n5 6 ]"), HasSubstr("lines"));
  EXPECT_THAT(parse_refusal(R"({"mean_stat": [1, 2], "var_stat": [1], "frame_num": 4})"),
              HasSubstr("there are 2 sums and 1 sums of squares"));
  EXPECT_EQ(parse_refusal("<Nnet> <AddShift> 1000000000 1000000000 [ 1 2 3 ] </Nnet>"),
            "<AddShift> says 1000000000 values and has 3");
  EXPECT_THAT(parse_refusal("<Nnet> <AddShift> 2 3 [ 1 2 ] </Nnet>"),
              HasSubstr("impossible dimensions"));
  EXPECT_THAT(parse_refusal("<Nnet> <AddShift> 1e300 1e300 [ 1 2 ] </Nnet>"),
              HasSubstr("impossible dimensions"));
  EXPECT_THAT(parse_refusal("<Nnet> <AddShift> 1 1 [ 1 ] <Rescale> 2 2 [ 1 1 ] </Nnet>"),
              HasSubstr("<Rescale> has 2 values, the component before 1"));
}

TEST(CmvnFile, ValuesThatAreNoNumbersAreRefused) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_EQ(parse_refusal(kaldi_binary(true, 2, 3, {12, nan, 4, 50, 496, 0})),
            "value 1 of the sums is no finite number");
  EXPECT_EQ(parse_refusal(kaldi_binary(false, 2, 3, {12, 44, 4, infinite, 496, 0})),
            "value 0 of the sums of squares is no finite number");
  EXPECT_THAT(parse_refusal(kaldi_binary(true, 2, 3, {12, 44, nan, 50, 496, 0})),
              HasSubstr("the number of rows is nan"));
  EXPECT_THAT(parse_refusal(kaldi_binary(true, 2, 3, {12, 44, 0, 50, 496, 0})),
              HasSubstr("the number of rows is 0"));
  EXPECT_THAT(parse_refusal(kaldi_binary(true, 2, 3, {12, 44, -4, 50, 496, 0})),
              HasSubstr("the number of rows is -4"));
  EXPECT_THAT(parse_refusal(kaldi_binary(true, 2, 3, {1e308, 44, 1e-300, 50, 496, 0})),
              HasSubstr("value 0 of the sums is too large"));
  EXPECT_EQ(parse_refusal("[ 12 nan 4\n50 496 0 ]"),
            "a value of Kaldi's matrix is no finite number: nan");
  EXPECT_THAT(parse_refusal("[ 12 4x 4\n50 496 0 ]"), HasSubstr("is no finite number: 4x"));
  EXPECT_THAT(parse_refusal(R"({"mean_stat": [1, NaN], "var_stat": [1], "frame_num": 4})"),
              HasSubstr("JSON is damaged"));
  EXPECT_THAT(parse_refusal(R"({"mean_stat": [1, "2"], "var_stat": [1], "frame_num": 4})"),
              HasSubstr("mean_stat holds a string"));
  EXPECT_THAT(parse_refusal(R"({"mean_stat": [1, null], "var_stat": [1], "frame_num": 4})"),
              HasSubstr("mean_stat holds null"));
  EXPECT_THAT(parse_refusal(R"({"mean_stat": [[1, 2]], "var_stat": [1], "frame_num": 4})"),
              HasSubstr("mean_stat holds an array"));
  EXPECT_THAT(parse_refusal(R"({"mean_stat": [1], "var_stat": [1]})"),
              HasSubstr("JSON without frame_num"));
  EXPECT_THAT(parse_refusal("<Nnet> <AddShift> 1 1 [ inf ] </Nnet>"),
              HasSubstr("value 0 of <AddShift> is no finite number: inf"));
  for (const char* scale : {"0", "-1", "1e-200", "1e200"})
    EXPECT_THAT(parse_refusal("<Nnet> <Rescale> 1 1 [ " + std::string(scale) + " ] </Nnet>"),
                HasSubstr("value 0 of <Rescale> is"))
        << scale;
}

TEST(CmvnFile, OtherFilesAreRefused) {
  EXPECT_THAT(parse_refusal("RIFF...."), HasSubstr("no statistics: neither a matrix of Kaldi"));
  EXPECT_THAT(parse_refusal(std::string("\0BCM ", 5)),
              HasSubstr("no matrix of float or double (CM)"));
  EXPECT_THAT(parse_refusal(std::string("\0B<Nnet> ", 9)), HasSubstr("no matrix of float"));
  EXPECT_THAT(parse_refusal("<Nnet> <AffineTransform> 2 2 [ 1 ] </Nnet>"),
              HasSubstr("am.mvn with <AffineTransform>, which is no normalisation"));
  EXPECT_THAT(parse_refusal("<Nnet> <Splice> 4 2 [ -1 0 ] </Nnet>"),
              HasSubstr("impossible dimensions"));
  EXPECT_THAT(parse_refusal("<Nnet> <Splice> 2 2 [ -1 ] </Nnet>"),
              HasSubstr("<Splice> of other rows"));
  EXPECT_THAT(parse_refusal("<Nnet> </Nnet>"), HasSubstr("without <AddShift> and <Rescale>"));
  EXPECT_THAT(parse_refusal("<html>"), HasSubstr("starts with no <Nnet>"));
  EXPECT_THAT(parse_refusal("a [ 12 44 4\n50 496 0 ]\nb [ 12 44 4\n50 496 0 ]"),
              HasSubstr("an archive of several speakers"));
  EXPECT_NE(parse_refusal(std::string(100000, '[')), "");
  EXPECT_NE(parse_refusal("{" + std::string(100000, '[')), "");
  EXPECT_NE(parse_refusal("{\"mean_stat\":" + std::string(100000, '[')), "");
}

// Nothing but refusals and statistics of finite numbers comes out of damaged files.
TEST(CmvnFile, DamagedFilesAreReadOrRefused) {
  std::mt19937 random(3);
  for (const char* name : {"mfcc40_global_cmvn.ark", "kaldi80_global_cmvn.txt",
                           "kaldi80_global_cmvn.json", "funasr_am.mvn"}) {
    const std::string whole = contents_of(name);
    for (int trial = 0; trial < 60; ++trial) {
      std::string damaged = whole;
      for (int i = 0; i < 3; ++i)
        damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
      CmvnStatistics statistics;
      const std::string why = test::transform_refusal([&] { statistics = parse_cmvn(damaged); });
      EXPECT_EQ(why.empty(), !statistics.empty());
      for (const double value : statistics.mean) EXPECT_TRUE(std::isfinite(value));
      for (const double value : statistics.variance) EXPECT_TRUE(std::isfinite(value));
    }
  }
}

TEST(CmvnFile, PathsAreNamedInRefusals) {
  EXPECT_THAT(test::transform_refusal([] { read_cmvn_file("/no/such/file"); }),
              HasSubstr("cmvn-file /no/such/file: "));
  EXPECT_THAT(test::transform_refusal([] { read_cmvn_file("/"); }),
              HasSubstr("is no regular file"));
  // Reading it would never end.
  EXPECT_THAT(test::transform_refusal([] { read_cmvn_file("/dev/zero"); }),
              HasSubstr("is no regular file"));
  EXPECT_EQ(read_cmvn_file((kStats / "funasr_am.mvn").string()).form, Form::nnet1);
}

}  // namespace
}  // namespace npumel
