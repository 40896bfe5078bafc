// SPDX-License-Identifier: LGPL-2.1-or-later
// A supervisor over the scripted table, and batches whose rows are held against software.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "gst/backend/software_backend.h"
#include "gst/backend/supervisor.h"
#include "gst/backend/types.h"
#include "tests/unit/backend/scripted_xrt.h"
#include "tests/unit/backend/test_package.h"

namespace npumel::test {

inline constexpr int kMels = 80;
inline constexpr uint64_t kNeverAgain = 3600000000000;  // retries wait an hour

inline int16_t sample(int64_t index) {
  const auto i = static_cast<double>(index);
  return static_cast<int16_t>(9000 * std::sin(i * (0.05 + i * 1e-6)) +
                              static_cast<double>(index * 7919 % 401));
}

class ScriptedNpu : public ::testing::Test {
 protected:
  void SetUp() override {
    reset_scripted_xrt();
    package_mark() = folder.path();
    write_package(folder, "mel", test_manifest());
    config.recipe = resolve(Preset::whisper80, {}, 16000);
    config.kernel_path = folder.path();
    config.timeout_ms = 5000;
    config.retry_interval = kNeverAgain;
  }
  // Parked runs end, and then let go of the context and of the device.
  void TearDown() override {
    release_hung_runs();
    wait_until_closed();
    EXPECT_EQ(scripted_counters().contexts_alive, 0);
    EXPECT_EQ(scripted_counters().runs_alive, 0);
    EXPECT_EQ(scripted_counters().lists_alive, 0);
    EXPECT_EQ(scripted_counters().outputs_alive, 0);
    EXPECT_EQ(scripted_counters().swapped_in_progress, 0);
    EXPECT_EQ(scripted_counters().destroyed_in_progress, 0);
  }

  static void wait_until_closed() {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (scripted_counters().contexts_alive > 0 && std::chrono::steady_clock::now() < limit)
      std::this_thread::yield();
  }

  void start(Supervisor& supervisor) {
    supervisor.open(config.choice, "");
    supervisor.configure(config);
  }

  void submit(Supervisor& supervisor, int64_t batch, int frames = kBatchFrames, bool more = false) {
    Slot* slot = supervisor.begin();
    ASSERT_NE(slot, nullptr);
    const int count = (frames - 1) * 160 + 400;
    for (int i = 0; i < count; i++) {
      if (slot->type == SampleType::s16)
        static_cast<int16_t*>(slot->samples)[i] = sample(batch * 16000 + i);
      else
        static_cast<float*>(slot->samples)[i] = gain * sample(batch * 16000 + i) / 32768.0F;
    }
    supervisor.submit(*slot, frames, more);
  }

  // Collects one batch and holds every cell against software on the same samples.
  std::string collect(Supervisor& supervisor, int64_t batch, int frames = kBatchFrames) {
    std::vector<float> rows(static_cast<size_t>(frames * kMels), NAN);
    const auto collected = supervisor.collect(RowSink{rows.data(), ElementType::f32, kMels, 1});
    if (collected.interrupted) return "interrupted";
    std::vector<int16_t> samples(static_cast<size_t>((frames - 1) * 160 + 400));
    for (size_t i = 0; i < samples.size(); i++)
      samples[i] = sample(batch * 16000 + static_cast<int64_t>(i));
    std::vector<float> truth(rows.size());
    SoftwareBackend software(config.recipe);
    const double maximum = software.compute(samples.data(), SampleType::s16, frames,
                                            RowSink{truth.data(), ElementType::f32, kMels, 1});
    const auto floor = static_cast<float>(maximum - 8);
    for (size_t i = 0; i < rows.size(); i++)
      if (!(std::fabs(std::max(rows[i], floor) - std::max(truth[i], floor)) <= 0.1F)) {
        ADD_FAILURE() << "batch " << batch << " cell " << i << ": " << rows[i] << ", " << truth[i];
        break;
      }
    EXPECT_NEAR(collected.maximum, maximum, 0.05);
    return collected.backend;
  }

  std::string pump(Supervisor& supervisor, int64_t batch) {
    submit(supervisor, batch);
    return collect(supervisor, batch);
  }

  // Runs are submitted by a thread of the context: waits until as many have been, the known-answer
  // test included.
  static void wait_for_starts(int64_t count) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (scripted_counters().starts < count && std::chrono::steady_clock::now() < limit)
      std::this_thread::yield();
    EXPECT_EQ(scripted_counters().starts, count);
  }

  TemporaryFolder folder;
  BackendConfig config;
  float gain = 1;
};

}  // namespace npumel::test
