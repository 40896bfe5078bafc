// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernels for NeMo's and Kaldi's recipes: raw samples to the device, rows in the recipe's units,
// and what such rows may be.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "gst/backend/device/row_coding.h"
#include "gst/backend/device/row_limits.h"
#include "kernels/aie2/host_twin.h"
#include "tests/unit/backend/scripted_npu.h"

namespace npumel {
namespace {

using test::RunFault;
using ::testing::HasSubstr;

constexpr std::array<const char*, 5> kKernels = {"whisper80", "whisper128", "nemo80", "nemo128",
                                                 "kaldi80"};

Recipe recipe_of(const char* name) { return resolve(*from_nick<Preset>(name), {}, 16000); }

/// Signals that give a kernel its largest rows: constant, square waves, the Nyquist frequency.
std::vector<int16_t> full_scale(int half_period) {
  std::vector<int16_t> samples(aie2::kSamplesV2);
  for (size_t i = 0; i < samples.size(); i++)
    samples[i] = static_cast<int>(i) / half_period % 2 == 0 ? int16_t{32767} : int16_t{-32768};
  return samples;
}

TEST(RowLimits, HoldTheLoudestAndTheQuietestRowsAndNoPoison) {
  for (const char* name : kKernels) {
    const Recipe recipe = recipe_of(name);
    const RowRange limits = row_limits(recipe);
    RowRange seen{1e9, -1e9};
    std::vector<int16_t> rows(size_t{aie2::kFrames} * static_cast<size_t>(recipe.mels));
    const auto look = [&](const std::vector<int16_t>& samples) {
      ASSERT_TRUE(aie2::twin_v2(samples.data(), name, rows.data()));
      const auto [least, most] = std::minmax_element(rows.begin(), rows.end());
      seen.least = std::min(seen.least, *least / 2048.0);
      seen.most = std::max(seen.most, *most / 2048.0);
    };
    look(std::vector<int16_t>(aie2::kSamplesV2));
    for (const int half_period : {1, 2, 3, 4, 5, 8, 16, 30, 40000}) look(full_scale(half_period));
    EXPECT_TRUE(seen.within(limits))
        << name << " has rows from " << seen.least << " to " << seen.most
        << ", allowed: " << limits.least << " to " << limits.most;
    EXPECT_LT(limits.most - seen.most, 1.5) << name << ": the limit says nothing";
    const std::array<int16_t, 1> poison{static_cast<int16_t>(poison_byte(RowCoding{}) * 0x101)};
    EXPECT_GT(poison[0] / 2048.0, limits.most) << name;
  }
}

class RecipeKernel : public test::ScriptedNpu, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    ScriptedNpu::SetUp();
    nlohmann::json manifest = test::test_manifest_of(GetParam());
    manifest["tolerance"] = 0.02;
    test::write_package(folder, "kernel", manifest);
    config.recipe = recipe_of(GetParam());
    // As the framer has it: pre-emphasis over the waveform makes floats.
    const bool emphasized = config.recipe.preemphasis_mode == PreemphasisMode::waveform;
    config.type = emphasized ? SampleType::f32 : SampleType::s16;
    config.raw_type = SampleType::s16;
  }

  /// Hands over the batch's samples as the element does. True when there was a raw slot.
  bool submit_batch(Supervisor& supervisor, int64_t batch, bool beyond_end = false) {
    Slot* slot = supervisor.begin();
    if (slot == nullptr) return false;
    const auto coefficient = static_cast<float>(config.recipe.preemphasis);
    for (int i = 0; i < aie2::kSamplesV2; i++) {
      const int64_t at = batch * 16000 + i;
      const float emphasized =
          (test::sample(at) - coefficient * (at > 0 ? test::sample(at - 1) : 0)) / 32768.0F;
      if (slot->type == SampleType::f32)
        static_cast<float*>(slot->samples)[i] = emphasized;
      else
        static_cast<int16_t*>(slot->samples)[i] = test::sample(at);
      if (slot->raw != nullptr) static_cast<int16_t*>(slot->raw->samples)[i] = test::sample(at);
    }
    slot->beyond_end = beyond_end;
    const bool raw = slot->raw != nullptr;
    supervisor.submit(*slot, kBatchFrames);
    return raw;
  }

  const char* collect_rows(Supervisor& supervisor) {
    rows.assign(size_t{kBatchFrames} * static_cast<size_t>(config.recipe.mels), NAN);
    return supervisor.collect(RowSink{rows.data(), ElementType::f32, config.recipe.mels, 1})
        .backend;
  }

  std::vector<float> rows;
};

TEST_P(RecipeKernel, RowsAreTheTwinsInUnitsOfTheRecipe) {
  Supervisor npu(test::scripted_xrt());
  start(npu);
  ASSERT_STREQ(npu.active(), "npu") << npu.stats().npu_reason;
  const bool emphasized = config.type == SampleType::f32;
  for (int64_t batch = 0; batch < 14; batch++) {  // spot checks have been everywhere after 13
    EXPECT_EQ(submit_batch(npu, batch), emphasized);
    ASSERT_STREQ(collect_rows(npu), "npu") << npu.stats().npu_reason;
    std::vector<int16_t> samples(aie2::kSamplesV2);
    for (size_t i = 0; i < samples.size(); i++)
      samples[i] = test::sample(batch * 16000 + static_cast<int64_t>(i));
    std::vector<int16_t> codes(rows.size());
    ASSERT_TRUE(aie2::twin_v2(samples.data(), GetParam(), codes.data()));
    for (size_t i = 0; i < rows.size(); i++)
      ASSERT_NEAR(rows[i], codes[i] / 2048.0 * std::numbers::ln10, 1e-5) << i;
  }
}

TEST_P(RecipeKernel, RowsThatAreNotWrittenAreFound) {
  test::script_run(1, RunFault::unwritten);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  submit_batch(npu, 0);
  EXPECT_STREQ(collect_rows(npu), "software");
  EXPECT_THAT(npu.stats().npu_reason, HasSubstr("rows that the kernel did not write"));
  for (const float value : rows) EXPECT_FALSE(std::isnan(value));
}

TEST_P(RecipeKernel, OneWrongRowIsFoundByFullChecks) {
  config.verify_interval = 1;
  test::script_run(1, RunFault::wrong_row_57);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  submit_batch(npu, 0);
  EXPECT_STREQ(collect_rows(npu), "software");
  EXPECT_THAT(npu.stats().npu_reason, HasSubstr("frame 57 "));
  EXPECT_THAT(npu.stats().npu_reason, HasSubstr("host twin"));
}

// What is padded there has no pre-emphasis; the kernel would give the first sample one.
TEST_P(RecipeKernel, ABatchBeyondTheEndOfAnEmphasizedStreamIsSoftwares) {
  Supervisor npu(test::scripted_xrt());
  start(npu);
  const bool emphasized = submit_batch(npu, 0, true);
  EXPECT_STREQ(collect_rows(npu), emphasized ? "software" : "npu");
  submit_batch(npu, 1);
  EXPECT_STREQ(collect_rows(npu), "npu");
  EXPECT_EQ(npu.stats().fallbacks, 0U);
}

INSTANTIATE_TEST_SUITE_P(, RecipeKernel, ::testing::Values("nemo80", "nemo128", "kaldi80"),
                         [](const auto& kernel) { return std::string(kernel.param); });

}  // namespace
}  // namespace npumel
