// SPDX-License-Identifier: LGPL-2.1-or-later
// ABI v3, whose rows are float32 in the recipe's own logarithm: decoding, checks, selection.
#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "gst/backend/device/row_coding.h"
#include "kernels/aie2/host_twin.h"
#include "kernels/mel/half.h"
#include "tests/unit/backend/scripted_npu.h"

namespace npumel {
namespace {

using test::RunFault;
using ::testing::HasSubstr;

constexpr RowCoding kLog10{4, 1, 0, 1.0 / 2048};
constexpr RowCoding kNatural{4, 1 / std::numbers::ln10, 0, 1.0 / 2048};
constexpr int kRowWidth = 16;

std::vector<float> some_rows() {
  std::vector<float> rows;
  for (int i = 0; i < 3 * kRowWidth; i++)
    rows.push_back(static_cast<float>(i * 371 % 97) / 128 - 0.3F);
  return rows;
}

TEST(FloatRows, InTheirOwnLogarithmAreCopiedToTheBit) {
  const std::vector<float> rows = some_rows();
  for (const auto& [coding, log] : {std::pair{kLog10, LogType::log10}, {kNatural, LogType::ln}}) {
    std::vector<float> out(rows.size());
    const RowRange range = decode_rows(rows.data(), coding, kRowWidth, 3, log,
                                       {out.data(), ElementType::f32, kRowWidth, 1});
    EXPECT_EQ(out, rows);
    EXPECT_DOUBLE_EQ(range.most, *std::max_element(rows.begin(), rows.end()) * coding.scale);
    EXPECT_DOUBLE_EQ(range.least, *std::min_element(rows.begin(), rows.end()) * coding.scale);
  }
}

TEST(FloatRows, InAnotherLogarithmLayoutAndTypeAreConverted) {
  const std::vector<float> rows = some_rows();
  std::vector<uint16_t> half(rows.size());
  decode_rows(rows.data(), kLog10, kRowWidth, 3, LogType::db,
              {half.data(), ElementType::f16, 1, 3});
  std::vector<float> log10(rows.size());
  decode_rows(rows.data(), kNatural, kRowWidth, 3, LogType::log10,
              {log10.data(), ElementType::f32, kRowWidth, 1});
  for (size_t frame = 0; frame < 3; frame++)
    for (size_t mel = 0; mel < kRowWidth; mel++) {
      const float value = rows[frame * kRowWidth + mel];
      EXPECT_EQ(half[mel * 3 + frame], half_bits(value * 10));
      EXPECT_NEAR(log10[frame * kRowWidth + mel], value / std::numbers::ln10, 1e-7);
    }
}

TEST(FloatRows, ThatAreNoNumbersAreInNoRange) {
  const RowRange limits = row_limits(resolve(Preset::whisper80, {}, 16000));
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -NAN, std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity(),
        std::bit_cast<float>(uint32_t{0x01010101} * poison_byte(kLog10))}) {
    std::vector<float> rows = some_rows();
    std::vector<float> out(rows.size());
    const RowSink sink{out.data(), ElementType::f32, kRowWidth, 1};
    ASSERT_TRUE(
        decode_rows(rows.data(), kLog10, kRowWidth, 3, LogType::log10, sink).within(limits));
    for (const size_t at : {size_t{0}, size_t{20}, rows.size() - 1}) {
      std::vector<float> spoiled = rows;
      spoiled[at] = bad;
      EXPECT_FALSE(
          decode_rows(spoiled.data(), kLog10, kRowWidth, 3, LogType::log10, sink).within(limits))
          << bad << " at " << at;
    }
  }
}

class FloatKernel : public test::ScriptedNpu, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    ScriptedNpu::SetUp();
    config.recipe = resolve(*from_nick<Preset>(GetParam()), {}, 16000);
    if (config.recipe.preemphasis_mode == PreemphasisMode::waveform) config.type = SampleType::f32;
    write_packages();
  }

  /// Other packages each time: the process remembers what was wrong with the last ones.
  void write_packages() {
    package_number++;
    test::package_mark() = folder.path() + std::to_string(package_number);
    nlohmann::json manifest = test::test_manifest_of(GetParam(), 100, 3);
    manifest["tolerance"] = 0.02;
    test::write_package(folder, "Floats", manifest);
    test::write_package(folder, "mel", test::test_manifest_of(GetParam()));
  }

  void hand_over(Supervisor& supervisor, int64_t batch) {
    Slot* slot = supervisor.begin();
    ASSERT_NE(slot, nullptr);
    const auto coefficient = static_cast<float>(config.recipe.preemphasis);
    samples.resize(aie2::kSamplesV2);
    for (int i = 0; i < aie2::kSamplesV2; i++) {
      const int64_t at = batch * 16000 + i;
      samples[static_cast<size_t>(i)] = test::sample(at);
      if (slot->type == SampleType::f32)
        static_cast<float*>(slot->samples)[i] =
            (test::sample(at) - coefficient * (at > 0 ? test::sample(at - 1) : 0)) / 32768.0F;
      else
        static_cast<int16_t*>(slot->samples)[i] = test::sample(at);
      if (slot->raw != nullptr) static_cast<int16_t*>(slot->raw->samples)[i] = test::sample(at);
    }
    supervisor.submit(*slot, kBatchFrames);
  }

  const char* take(Supervisor& supervisor) {
    rows.assign(size_t{kBatchFrames} * static_cast<size_t>(config.recipe.mels), NAN);
    return supervisor.collect(RowSink{rows.data(), ElementType::f32, config.recipe.mels, 1})
        .backend;
  }

  int package_number = 0;
  std::vector<int16_t> samples;
  std::vector<float> rows;
};

TEST_P(FloatKernel, RowsAreTheTwinsToTheBit) {
  config.verify_interval = 3;
  Supervisor npu(test::scripted_xrt());
  start(npu);
  ASSERT_STREQ(npu.active(), "npu") << npu.stats().npu_reason;
  EXPECT_EQ(npu.stats().output_buffer_size, 400U * static_cast<size_t>(config.recipe.mels));
  std::vector<float> expected(size_t{kBatchFrames} * static_cast<size_t>(config.recipe.mels));
  for (int64_t batch = 0; batch < 4; batch++) {
    hand_over(npu, batch);
    ASSERT_STREQ(take(npu), "npu") << npu.stats().npu_reason;
    ASSERT_TRUE(aie2::twin_rows_v3(samples.data(), 0, kBatchFrames, GetParam(), expected.data()));
    EXPECT_EQ(rows, expected);
  }
}

TEST_P(FloatKernel, WrongRowsAreFound) {
  struct Case {
    RunFault fault;
    const char* says;
  };
  for (const auto& [fault, says] : {Case{RunFault::unwritten, "rows that the kernel did not write"},
                                    {RunFault::not_a_number, "rows that the kernel did not write"},
                                    {RunFault::zeros, "expected"},
                                    {RunFault::first_row, "expected"},
                                    {RunFault::one_row_late, "expected"}}) {
    wait_until_closed();
    test::reset_scripted_xrt();
    write_packages();
    test::script_run(1, fault);
    Supervisor npu(test::scripted_xrt());
    start(npu);
    hand_over(npu, 0);
    EXPECT_STREQ(take(npu), "software");
    EXPECT_THAT(npu.stats().npu_reason, HasSubstr(says));
    EXPECT_THAT(npu.stats().npu_reason, HasSubstr("kernel package Floats: "));
    for (const float value : rows) EXPECT_FALSE(std::isnan(value));
  }
}

TEST_P(FloatKernel, OneWrongRowIsTheTwinsToFind) {
  config.verify_interval = 1;
  test::script_run(1, RunFault::wrong_row_57);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  hand_over(npu, 0);
  EXPECT_STREQ(take(npu), "software");
  EXPECT_THAT(npu.stats().npu_reason, HasSubstr("frame 57 "));
  EXPECT_THAT(npu.stats().npu_reason, HasSubstr("host twin"));
}

TEST_P(FloatKernel, APackageThatFailsItsTestGivesWayToOneOfAnEarlierAbi) {
  test::script_run(0, RunFault::not_a_number);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  ASSERT_STREQ(npu.active(), "npu") << npu.stats().npu_reason;
  const auto notices = npu.take_notices();
  ASSERT_FALSE(notices.empty());
  EXPECT_THAT(notices.back().reason, HasSubstr("known-answer test passed: mel; refused: "
                                               "kernel package Floats: known-answer test: "));
  hand_over(npu, 0);
  EXPECT_STREQ(take(npu), "npu");
}

INSTANTIATE_TEST_SUITE_P(, FloatKernel,
                         ::testing::Values("whisper80", "whisper128", "nemo80", "nemo128",
                                           "kaldi80"),
                         [](const auto& kernel) { return std::string(kernel.param); });

}  // namespace
}  // namespace npumel
