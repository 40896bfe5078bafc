// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows that are sent in the memory that the NPU wrote them to: when they are, and that nobody
// touches them afterwards.
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gst/backend/device/device_outputs.h"
#include "kernels/aie2/host_twin.h"
#include "tests/unit/backend/scripted_npu.h"

namespace npumel {
namespace {

using test::RunFault;

constexpr size_t kValues = size_t{kBatchFrames} * test::kMels;

class DirectRows : public test::ScriptedNpu {
 protected:
  void SetUp() override {
    ScriptedNpu::SetUp();
    test::write_package(folder, "Floats", test::test_manifest(3));
  }

  struct Taken {
    DeviceRows sent;
    std::string backend;
    std::vector<float> written;
  };
  Taken take(Supervisor& npu) {
    Taken taken;
    taken.written.assign(kValues, NAN);
    taken.backend =
        npu.collect(RowSink{taken.written.data(), ElementType::f32, test::kMels, 1}, &taken.sent)
            .backend;
    return taken;
  }
  Taken pump_direct(Supervisor& npu, int64_t batch) {
    submit(npu, batch);
    return take(npu);
  }

  static std::vector<float> twin(int64_t batch) {
    std::vector<int16_t> samples(aie2::kSamplesV2);
    for (size_t i = 0; i < samples.size(); i++)
      samples[i] = test::sample(batch * 16000 + static_cast<int64_t>(i));
    std::vector<float> rows(kValues);
    EXPECT_TRUE(aie2::twin_rows_v3(samples.data(), 0, kBatchFrames, "whisper80", rows.data()));
    return rows;
  }
  static std::vector<float> values(const DeviceRows& sent) {
    const auto* rows = static_cast<const float*>(data_of(*sent));
    return {rows, rows + kValues};
  }
  static bool untouched(const std::vector<float>& rows) {
    return std::all_of(rows.begin(), rows.end(), [](float value) { return std::isnan(value); });
  }
};

TEST_F(DirectRows, AreWhereTheDeviceWroteThem) {
  Supervisor npu(test::scripted_xrt());
  start(npu);
  for (int64_t batch = 0; batch < 5; batch++) {
    const Taken taken = pump_direct(npu, batch);
    ASSERT_TRUE(taken.sent) << npu.stats().npu_reason;
    EXPECT_EQ(taken.backend, "npu");
    EXPECT_EQ(data_of(*taken.sent), test::scripted_last_output());
    EXPECT_EQ(bytes_of(*taken.sent), kValues * sizeof(float));
    EXPECT_EQ(values(taken.sent), twin(batch));
    EXPECT_TRUE(untouched(taken.written)) << "copied, too";
  }
  EXPECT_EQ(npu.stats().direct_batches, 5U);
  EXPECT_EQ(npu.stats().npu_batches, 5U);
  EXPECT_EQ(test::scripted_counters().outputs_made, 1) << "what comes back is used again";
}

TEST_F(DirectRows, AreNotTouchedWhileSomebodyHoldsThemAndOthersGetCopies) {
  Supervisor npu(test::scripted_xrt());
  start(npu);
  std::vector<DeviceRows> held;
  std::set<const void*> places;
  for (int64_t batch = 0; batch < 20; batch++) {
    Taken taken = pump_direct(npu, batch);
    ASSERT_EQ(taken.backend, "npu");
    ASSERT_EQ(static_cast<bool>(taken.sent), batch < static_cast<int64_t>(DeviceOutputs::kMost));
    if (!taken.sent) {
      EXPECT_EQ(taken.written, twin(batch)) << "a copy";
      continue;
    }
    places.insert(data_of(*taken.sent));
    held.push_back(std::move(taken.sent));
  }
  EXPECT_EQ(places.size(), DeviceOutputs::kMost);
  for (size_t batch = 0; batch < held.size(); batch++)
    EXPECT_EQ(values(held[batch]), twin(static_cast<int64_t>(batch))) << batch;
  held.resize(5);
  EXPECT_TRUE(pump_direct(npu, 20).sent) << "some came back";
  EXPECT_EQ(test::scripted_counters().outputs_made, static_cast<int>(DeviceOutputs::kMost));
}

TEST_F(DirectRows, OutliveStreamContextAndDevice) {
  Taken taken;
  {
    Supervisor npu(test::scripted_xrt());
    start(npu);
    taken = pump_direct(npu, 3);
  }
  ASSERT_TRUE(taken.sent);
  wait_until_closed();
  EXPECT_EQ(test::scripted_counters().contexts_alive, 0);
  EXPECT_EQ(test::scripted_counters().runs_alive, 0);
  EXPECT_EQ(test::scripted_counters().outputs_alive, 1);
  EXPECT_EQ(values(taken.sent), twin(3));
  taken.sent.reset();
  EXPECT_EQ(test::scripted_counters().outputs_alive, 0);
}

class DirectRowsAndFaults : public DirectRows,
                            public ::testing::WithParamInterface<std::pair<const char*, RunFault>> {
};

TEST_P(DirectRowsAndFaults, SurviveThemInLaterRuns) {
  const RunFault fault = GetParam().second;
  config.timeout_ms = fault == RunFault::hang ? 300 : 5000;
  test::script_run(3, fault);
  auto npu = std::make_unique<Supervisor>(test::scripted_xrt());
  start(*npu);
  const Taken first = pump_direct(*npu, 0);
  const Taken second = pump_direct(*npu, 1);
  ASSERT_TRUE(first.sent && second.sent) << npu->stats().npu_reason;
  const Taken failed = pump_direct(*npu, 2);
  EXPECT_FALSE(failed.sent);
  EXPECT_EQ(failed.backend, "software");
  for (const float value : failed.written) ASSERT_FALSE(std::isnan(value));
  npu.reset();
  test::release_hung_runs();  // what was parked ends after all
  EXPECT_EQ(values(first.sent), twin(0));
  EXPECT_EQ(values(second.sent), twin(1));
}

INSTANTIATE_TEST_SUITE_P(, DirectRowsAndFaults,
                         ::testing::Values(std::pair("refuse_start", RunFault::refuse_start),
                                           std::pair("error_state", RunFault::error_state),
                                           std::pair("zeros", RunFault::zeros),
                                           std::pair("unwritten", RunFault::unwritten),
                                           std::pair("not_a_number", RunFault::not_a_number),
                                           std::pair("sync_fails", RunFault::sync_fails),
                                           std::pair("hang", RunFault::hang)),
                         [](const auto& fault) { return std::string(fault.param.first); });

TEST_F(DirectRows, ALateResultDoesNotReachThem) {
  config.live_deadline = 40000000;
  config.in_flight = 1;
  Supervisor npu(test::scripted_xrt());
  start(npu);
  std::vector<DeviceRows> held;
  std::vector<int64_t> numbers;
  int64_t batch = 0;
  const auto go_on = [&](int64_t more) {
    for (const int64_t end = batch + more; batch < end; batch++) {
      Taken taken = pump_direct(npu, batch);
      if (!taken.sent) continue;
      held.push_back(std::move(taken.sent));
      numbers.push_back(batch);
    }
  };
  go_on(3);
  test::script_run(test::scripted_counters().starts, RunFault::held);
  go_on(3);  // of which software computes what the device does not
  test::release_hung_runs();
  go_on(3);
  for (size_t i = 0; i < held.size(); i++) EXPECT_EQ(values(held[i]), twin(numbers[i])) << i;
}

TEST_F(DirectRows, AreForFullBatchesInTheirOwnLogarithmOnly) {
  Supervisor npu(test::scripted_xrt());
  start(npu);
  submit(npu, 0, 50);
  EXPECT_FALSE(take(npu).sent) << "half a batch";
  EXPECT_EQ(pump(npu, 1), "npu") << "nobody takes them";
  config.recipe = resolve(Preset::whisper80, {.log = LogType::ln}, 16000);
  npu.configure(config);
  const Taken natural = pump_direct(npu, 2);
  EXPECT_EQ(natural.backend, "npu") << npu.stats().npu_reason;
  EXPECT_FALSE(natural.sent) << "another logarithm";
  EXPECT_FALSE(untouched(natural.written));
  EXPECT_EQ(npu.stats().direct_batches, 0U);
}

TEST_F(DirectRows, AreCopiedWhereThereIsNoMemory) {
  test::script_most_outputs(0);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  for (int64_t batch = 0; batch < 3; batch++) {
    const Taken taken = pump_direct(npu, batch);
    EXPECT_FALSE(taken.sent);
    EXPECT_EQ(taken.backend, "npu");
    EXPECT_EQ(taken.written, twin(batch));
  }
  EXPECT_EQ(npu.stats().direct_batches, 0U);
}

// What memory a list's runs use is noted when it is made.
TEST_F(DirectRows, AreCopiedWhereThereAreLists) {
  config.backlog = true;
  config.in_flight = 2;
  Supervisor npu(test::scripted_xrt());
  start(npu);
  std::vector<DeviceRows> held;
  int64_t batch = 0;
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (test::scripted_counters().list_starts < 4 && std::chrono::steady_clock::now() < limit) {
    const int64_t first = batch;
    const bool lists = npu.depth() >= 8;
    const int64_t count = lists ? 4 : 1;
    for (int64_t i = 0; i < count; i++) submit(npu, batch++, kBatchFrames, true);
    for (int64_t i = first; i < first + count; i++) {
      Taken taken = take(npu);
      ASSERT_EQ(taken.backend, "npu") << npu.stats().npu_reason;
      EXPECT_EQ(taken.sent ? values(taken.sent) : taken.written, twin(i)) << i;
      if (lists) {
        EXPECT_FALSE(taken.sent) << i;
      }
      if (taken.sent) held.push_back(std::move(taken.sent));
    }
  }
  EXPECT_GE(test::scripted_counters().list_starts, 4);
  EXPECT_FALSE(held.empty());
  for (size_t i = 0; i < held.size(); i++)
    EXPECT_EQ(values(held[i]), twin(static_cast<int64_t>(i))) << i;
}

}  // namespace
}  // namespace npumel
