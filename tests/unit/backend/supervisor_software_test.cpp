// SPDX-License-Identifier: LGPL-2.1-or-later
// The supervisor on a machine without an NPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "gst/backend/device/npu_probe.h"
#include "gst/backend/supervisor.h"
#include "kernels/mel/reference.h"

namespace npumel {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kRowValues = 80;

BackendConfig config_for(BackendChoice choice) {
  BackendConfig config;
  config.recipe = resolve(Preset::whisper80, {}, 16000);
  config.choice = choice;
  return config;
}

// A tone that differs from sample to sample and from batch to batch.
int16_t sample(int64_t index) {
  return static_cast<int16_t>(
      8000 * std::sin(0.05 * static_cast<double>(index) * (1 + static_cast<double>(index) * 1e-5)));
}

void fill(const Slot& slot, int64_t first) {
  auto* samples = static_cast<int16_t*>(slot.samples);
  for (int i = 0; i < slot.capacity; i++) samples[i] = sample(first + i);
}

std::vector<double> expected_rows(const Recipe& recipe, int64_t first, int frames) {
  Recipe snip = recipe;  // the slot holds padded samples already
  snip.padding = Padding::none;
  std::vector<double> samples(static_cast<size_t>((frames - 1) * 160 + 400));
  for (size_t i = 0; i < samples.size(); i++)
    samples[i] = sample(first + static_cast<int64_t>(i)) / 32768.0;
  return reference_rows(snip, samples);
}

TEST(SupervisorSoftware, RowsOfEachBatchAreThoseOfItsOwnSamples) {
  Supervisor supervisor;
  supervisor.open(BackendChoice::software, "");
  const BackendConfig config = config_for(BackendChoice::software);
  supervisor.configure(config);
  for (int batch = 0; batch < 3; batch++) {
    const int frames = batch == 2 ? 37 : kBatchFrames;
    Slot* slot = supervisor.begin();
    ASSERT_NE(slot, nullptr);
    fill(*slot, batch * 16000);
    supervisor.submit(*slot, frames);
    std::vector<float> rows(static_cast<size_t>(frames) * kRowValues);
    const auto collected =
        supervisor.collect(RowSink{rows.data(), ElementType::f32, kRowValues, 1});
    EXPECT_STREQ(collected.backend, "software");
    const auto truth = expected_rows(config.recipe, batch * 16000, frames);
    double maximum = -100;
    for (size_t i = 0; i < rows.size(); i++) {
      maximum = std::max(maximum, truth[i]);
      if (truth[i] > -6) {
        ASSERT_NEAR(rows[i], truth[i], 1e-3) << "batch " << batch << " cell " << i;
      }
    }
    EXPECT_NEAR(collected.maximum, maximum, 1e-4);
  }
  EXPECT_EQ(supervisor.stats().batches, 3u);
  EXPECT_EQ(supervisor.stats().software_batches, 3u);
}

TEST(SupervisorSoftware, OneBatchMayBeInFlight) {
  Supervisor supervisor;
  supervisor.open(BackendChoice::software, "");
  supervisor.configure(config_for(BackendChoice::software));
  EXPECT_EQ(supervisor.depth(), 1);
  EXPECT_FALSE(supervisor.ready());
  Slot* slot = supervisor.begin();
  EXPECT_EQ(supervisor.begin(), slot) << "the same slot until it is submitted";
  fill(*slot, 0);
  supervisor.submit(*slot, 1);
  EXPECT_EQ(supervisor.begin(), nullptr);
  EXPECT_EQ(supervisor.in_flight(), 1);
  EXPECT_TRUE(supervisor.ready());
  supervisor.discard();
  EXPECT_EQ(supervisor.in_flight(), 0);
}

TEST(SupervisorSoftware, SamplesStayReadableWhileTheNextSlotIsFilled) {
  Supervisor supervisor;
  supervisor.open(BackendChoice::software, "");
  supervisor.configure(config_for(BackendChoice::software));
  Slot* first = supervisor.begin();
  fill(*first, 0);
  supervisor.submit(*first, 1);
  std::vector<float> rows(kRowValues);
  supervisor.collect(RowSink{rows.data(), ElementType::f32, kRowValues, 1});
  Slot* second = supervisor.begin();
  fill(*second, 777);
  EXPECT_NE(second->samples, first->samples);
  EXPECT_EQ(static_cast<int16_t*>(first->samples)[5], sample(5));
}

TEST(SupervisorSoftware, SaysWhyTheNpuIsNotUsed) {
  if (!npu_absence()) GTEST_SKIP() << "this machine has an NPU";
  Supervisor supervisor;
  supervisor.open(BackendChoice::automatic, "");
  EXPECT_THAT(supervisor.stats().npu_reason, HasSubstr("amdxdna"));
  EXPECT_FALSE(supervisor.stats().npu_available);
  const auto notices = supervisor.take_notices();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0].backend, "software");
  EXPECT_EQ(notices[0].previous, "");
  EXPECT_FALSE(notices[0].warn) << "absence is not failure";
  for (int caps = 0; caps < 2; ++caps) {
    supervisor.configure(config_for(BackendChoice::automatic));
    EXPECT_THAT(supervisor.take_notices(), IsEmpty()) << "said at the start, and once";
    EXPECT_THAT(supervisor.stats().npu_reason, HasSubstr("amdxdna"));
  }
}

TEST(SupervisorSoftware, InsistingOnAnAbsentNpuIsNotFound) {
  if (!npu_absence()) GTEST_SKIP() << "this machine has an NPU";
  Supervisor supervisor;
  try {
    supervisor.open(BackendChoice::npu, "");
    FAIL() << "no error";
  } catch (const BackendError& error) {
    EXPECT_EQ(error.fault(), BackendFault::not_found);
    EXPECT_THAT(error.what(), HasSubstr("amdxdna"));
  }
}

}  // namespace
}  // namespace npumel
