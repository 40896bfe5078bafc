// SPDX-License-Identifier: LGPL-2.1-or-later
// The supervisor over a scripted NPU: whatever the device does, the rows come out complete, in
// order and right, and the application hears of it once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <thread>
#include <vector>

#include "tests/unit/backend/scripted_npu.h"

namespace npumel {
namespace {

using test::kMels;
using test::RunFault;
using test::ScriptedNpu;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(ScriptedNpu, OneRunAndTwoDataSyncsPerBatchAndNoNewBuffers) {
  Supervisor npu(test::scripted_xrt());
  start(npu);
  EXPECT_STREQ(npu.active(), "npu");
  const auto before = test::scripted_counters();
  for (int64_t batch = 0; batch < 20; batch++) EXPECT_EQ(pump(npu, batch), "npu");
  const auto after = test::scripted_counters();
  EXPECT_EQ(after.starts - before.starts, 20);
  EXPECT_EQ(after.input_syncs - before.input_syncs, 20);
  EXPECT_EQ(after.output_syncs - before.output_syncs, 20);
  EXPECT_EQ(after.poison_syncs - before.poison_syncs, 20);
  EXPECT_EQ(after.runs_made, before.runs_made);
  EXPECT_EQ(npu.stats().npu_batches, 20u);
  EXPECT_EQ(npu.stats().input_buffer_size, 32480u);
  EXPECT_EQ(npu.stats().output_buffer_size, 16000u);
  EXPECT_EQ(npu.stats().instruction_buffer_size, 32u);
  EXPECT_TRUE(npu.stats().npu_available);
}

TEST_F(ScriptedNpu, ShortBatchesAndSeveralInFlightKeepTheirOrder) {
  config.in_flight = 3;
  Supervisor npu(test::scripted_xrt());
  start(npu);
  EXPECT_EQ(npu.depth(), 3);
  for (int64_t round = 0; round < 5; round++) {
    for (int64_t i = 0; i < 3; i++) submit(npu, round * 3 + i, i == 2 ? 1 : 100);
    EXPECT_EQ(npu.begin(), nullptr);
    for (int64_t i = 0; i < 3; i++) EXPECT_EQ(collect(npu, round * 3 + i, i == 2 ? 1 : 100), "npu");
  }
}

struct FaultCase {
  const char* name;
  RunFault fault;
  int start;  ///< 0 is the known-answer test
};
class EveryFault : public ScriptedNpu, public ::testing::WithParamInterface<FaultCase> {};

TEST_P(EveryFault, LosesNoBatchAndWarnsOnce) {
  config.in_flight = 2;
  if (GetParam().fault == RunFault::hang) config.timeout_ms = 50;
  test::script_run(GetParam().start, GetParam().fault);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  int64_t submitted = 0;
  for (int64_t batch = 0; batch < 8; batch++) {
    while (npu.in_flight() < npu.depth()) submit(npu, submitted++);
    const std::string backend = collect(npu, batch);
    if (batch + 1 >= GetParam().start) {
      EXPECT_EQ(backend, "software") << batch;
    } else if (GetParam().fault != RunFault::refuse_start) {
      EXPECT_EQ(backend, "npu") << batch;
    }
  }
  int warnings = 0;
  for (const BackendNotice& notice : npu.take_notices()) warnings += notice.warn ? 1 : 0;
  EXPECT_EQ(warnings, GetParam().start == 0 ? 0 : 1);
  EXPECT_FALSE(npu.stats().npu_available);
  EXPECT_FALSE(npu.stats().npu_reason.empty());
  EXPECT_EQ(test::scripted_counters().destroyed_in_progress, 0);
}

std::vector<FaultCase> all_faults() {
  std::vector<FaultCase> cases;
  for (const int start : {0, 1, 2, 5})
    for (const auto& [name, fault] :
         std::vector<std::pair<const char*, RunFault>>{{"refuse_start", RunFault::refuse_start},
                                                       {"error_state", RunFault::error_state},
                                                       {"hang", RunFault::hang},
                                                       {"zeros", RunFault::zeros},
                                                       {"unwritten", RunFault::unwritten},
                                                       {"first_row", RunFault::first_row},
                                                       {"one_row_late", RunFault::one_row_late},
                                                       {"sync_fails", RunFault::sync_fails}})
      cases.push_back({name, fault, start});
  return cases;
}
INSTANTIATE_TEST_SUITE_P(, EveryFault, ::testing::ValuesIn(all_faults()), [](const auto& each) {
  return std::string(each.param.name) + "_at_" + std::to_string(each.param.start);
});

TEST_F(ScriptedNpu, RowsOfTheRunBeforeAreNotTakenForThisOnes) {
  test::script_run(3, RunFault::unwritten);  // third batch, in the first one's buffers
  Supervisor npu(test::scripted_xrt());
  start(npu);
  for (int i = 0; i < 2; i++) EXPECT_EQ(pump(npu, 7), "npu");
  EXPECT_EQ(pump(npu, 7), "software") << "the old rows fit, but nobody has written them";
}

// Of two batches in flight the first may have used up most of the second one's time.
TEST_F(ScriptedNpu, ATimeoutIsNamedAsItWasSet) {
  config.timeout_ms = 50;
  test::script_run(1, RunFault::hang);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  npu.take_notices();
  EXPECT_EQ(pump(npu, 0), "software");
  const auto notices = npu.take_notices();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_THAT(notices[0].reason, HasSubstr("the NPU failed: kernel package mel: no result within "
                                           "50 ms; it will be tried again in 3600 s"));
}

TEST_F(ScriptedNpu, AKnownAnswerThatDoesNotComeNamesTheTimeout) {
  config.timeout_ms = 50;
  test::script_run(0, RunFault::hang);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  EXPECT_EQ(npu.stats().npu_reason,
            "kernel package mel: known-answer test: no result within 50 ms; it will be tried again "
            "in 3600 s");
}

TEST_F(ScriptedNpu, APackageThatFailsItsTestGivesWayAndIsNamed) {
  test::write_package(folder, "newer", test::test_manifest(2, 80));
  test::script_run(0, RunFault::zeros);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  EXPECT_EQ(pump(npu, 0), "npu");
  const auto notices = npu.take_notices();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_THAT(notices[0].reason, HasSubstr("known-answer test passed: mel; refused: kernel package "
                                           "newer: known-answer test: "));
  EXPECT_EQ(test::scripted_counters().contexts_opened, 2);
}

TEST_F(ScriptedNpu, APackageThatXrtRefusesGivesWayAndIsNamed) {
  nlohmann::json manifest = test::test_manifest();
  manifest["sha256"]["xclbin"] = sha256_hex("no xclbin");
  test::write_package(folder, "newer", manifest);
  folder.write("newer.xclbin", "no xclbin");
  Supervisor npu(test::scripted_xrt());
  start(npu);
  EXPECT_EQ(pump(npu, 0), "npu");
  EXPECT_THAT(npu.take_notices()[0].reason,
              HasSubstr("refused: kernel package newer: scripted: not a test xclbin"));
}

TEST_F(ScriptedNpu, AFullElfServesAsWell) {
  test::write_elf_package(folder, "newer", test::test_elf_manifest());
  Supervisor npu(test::scripted_xrt());
  start(npu);
  EXPECT_EQ(pump(npu, 0), "npu");
  EXPECT_EQ(npu.take_notices()[0].reason, "known-answer test passed: newer");
}

TEST_F(ScriptedNpu, AnElfThatIsDamagedOrWithoutTheKernelGivesWay) {
  nlohmann::json manifest = test::test_elf_manifest();
  manifest["kernel"] = "other";
  test::write_elf_package(folder, "no-kernel", manifest);
  test::write_elf_package(folder, "no-match", test::test_elf_manifest());
  folder.write("no-match.elf", "other");
  manifest = test::test_elf_manifest();
  manifest["sha256"]["elf"] = sha256_hex("no ELF");
  test::write_elf_package(folder, "not-elf", manifest);
  folder.write("not-elf.elf", "no ELF");
  Supervisor npu(test::scripted_xrt());
  start(npu);
  EXPECT_EQ(pump(npu, 0), "npu");
  const std::string said = npu.take_notices()[0].reason;
  EXPECT_THAT(said, HasSubstr("not-elf.elf: is not an ELF"));
  EXPECT_THAT(said, HasSubstr("no-match.elf: is not the file the manifest describes (SHA-256)"));
  EXPECT_THAT(said, HasSubstr("kernel package no-kernel: scripted: no such kernel"));
}

TEST_F(ScriptedNpu, AFailureIsNotRepeatedByTheNextElement) {
  config.timeout_ms = 50;
  test::script_run(0, RunFault::hang);
  Supervisor first(test::scripted_xrt());
  start(first);
  EXPECT_THAT(first.stats().npu_reason, HasSubstr("known-answer test: no result within 50 ms"));
  std::vector<std::unique_ptr<Supervisor>> others;
  for (int i = 0; i < 7; i++) {
    others.push_back(std::make_unique<Supervisor>(test::scripted_xrt()));
    start(*others.back());
    EXPECT_THAT(others.back()->stats().npu_reason,
                HasSubstr("kernel package mel: known-answer test: no result within 50 ms"));
  }
  EXPECT_EQ(test::scripted_counters().contexts_opened, 1);
}

TEST_F(ScriptedNpu, ADeviceOfALaterGenerationIsNotTakenForTheFirst) {
  for (const char* name : {"RyzenAI-npu10", "RyzenAI-npu11", "NPU Phoenix 2", "ryzenai-npu1"}) {
    test::script_device_name(name);
    Supervisor npu(test::scripted_xrt());
    start(npu);
    EXPECT_EQ(npu.stats().npu_reason,
              std::string("device ") + name + " is not an NPU that there are kernels for");
  }
  EXPECT_EQ(test::scripted_counters().contexts_opened, 0);
}

TEST_F(ScriptedNpu, BusyAtTheStartIsTriedAgain) {
  config.retry_interval = 1;
  test::script_context_open(NPUMEL_XRT_BUSY);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  EXPECT_EQ(npu.take_notices().back().retry_in, 1);
  EXPECT_EQ(pump(npu, 0), "software");
  test::script_context_open(NPUMEL_XRT_OK);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  int64_t batch = 1;
  while (pump(npu, batch++) != "npu") ASSERT_LT(std::chrono::steady_clock::now(), limit);
}

TEST_F(ScriptedNpu, ADamagedPackageGivesWayAndIsNamed) {
  test::write_package(folder, "newer", test::test_manifest());
  folder.write("newer.xclbin", "other");
  Supervisor npu(test::scripted_xrt());
  start(npu);
  EXPECT_STREQ(npu.active(), "npu");
  const auto notices = npu.take_notices();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0].reason, "known-answer test passed: mel; refused: " + folder.path() +
                                   "/newer.xclbin: is not the file the manifest describes "
                                   "(SHA-256)");
  EXPECT_EQ(npu.stats().npu_reason, "");
}

TEST_F(ScriptedNpu, InsistingOnTheNpuTurnsAFaultIntoAnError) {
  config.choice = BackendChoice::npu;
  test::script_run(2, RunFault::zeros);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  EXPECT_EQ(pump(npu, 0), "npu");
  submit(npu, 1);
  std::vector<float> rows(100 * kMels);
  try {
    npu.collect(RowSink{rows.data(), ElementType::f32, kMels, 1});
    FAIL() << "no error";
  } catch (const BackendError& error) {
    EXPECT_EQ(error.fault(), BackendFault::failed);
  }
}

// Spot checks look at rows 56 to 63 of batch 8, 64 to 71 of 9 and 72 to 79 of 10.
TEST_F(ScriptedNpu, AFullCheckFindsWhatSpotChecksMissAndNamesTheFirstSuspectBatch) {
  config.verify_interval = 4;
  test::script_runs_from(10, RunFault::wrong_row_57);  // batch 9 on
  Supervisor npu(test::scripted_xrt());
  start(npu);
  npu.take_notices();
  std::string by;
  for (int64_t batch = 0; batch < 12; batch++) {
    submit(npu, batch);
    std::vector<float> rows(100 * kMels);
    by += npu.collect(RowSink{rows.data(), ElementType::f32, kMels, 1}).backend[0];
  }
  EXPECT_EQ(by, "nnnnnnnnnnns");
  const auto notices = npu.take_notices();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0].batch, 8U) << "batch 7 was checked in full";
  EXPECT_THAT(notices[0].reason, HasSubstr("frame 57 "));
  EXPECT_THAT(notices[0].reason, HasSubstr("host twin"));
  EXPECT_EQ(npu.stats().verify_failures, 1U);
}

// 8 contiguous rows a batch, the next 8 each time: 13 batches see all of them.
TEST_F(ScriptedNpu, SpotChecksFindARowThatStaysWrongWithin13Batches) {
  config.verify_interval = 0;
  test::script_runs_from(1, RunFault::wrong_row_57);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  int64_t found = 0;
  for (; found < 20 && npu.stats().verify_failures == 0; found++) {
    submit(npu, found);
    std::vector<float> rows(100 * kMels);
    npu.collect(RowSink{rows.data(), ElementType::f32, kMels, 1});
  }
  EXPECT_EQ(found, 7) << "rows 56 to 63 are those of the 7th";
  EXPECT_THAT(npu.stats().npu_reason, HasSubstr("software"));
}

TEST_F(ScriptedNpu, AnInterruptEndsTheWaitAndLeavesTheRunAlone) {
  config.timeout_ms = 120000;  // on a busy machine the interrupt may take seconds to be sent
  test::script_run(1, RunFault::hang);
  auto npu = std::make_unique<Supervisor>(test::scripted_xrt());
  start(*npu);
  submit(*npu, 0);
  wait_for_starts(2);
  EXPECT_FALSE(npu->ready());
  std::atomic<bool> entering = false;
  std::thread flush([&] {
    while (!entering) std::this_thread::yield();
    // Most probably collect() waits by now; a deaf wait would end in software after the timeout.
    for (int i = 0; i < 100; i++) std::this_thread::yield();
    npu->interrupt();
  });
  entering = true;
  EXPECT_EQ(collect(*npu, 0), "interrupted");
  flush.join();
  EXPECT_EQ(npu->in_flight(), 1);
  npu->discard();
  npu->resume();
  npu.reset();  // with the run still on the device
  EXPECT_EQ(test::scripted_counters().destroyed_in_progress, 0);
  EXPECT_GE(test::scripted_counters().runs_alive, 1) << "parked";
}

TEST_F(ScriptedNpu, WrongNumbersThreeTimesRetireThePackageForTheProcess) {
  config.retry_interval = 1;
  test::script_runs_from(1, RunFault::zeros);  // every known-answer test after the first fails
  Supervisor npu(test::scripted_xrt());
  start(npu);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  int64_t batch = 0;
  while (npu.stats().npu_reason.find("not used again") == std::string::npos &&
         std::chrono::steady_clock::now() < limit)
    EXPECT_EQ(pump(npu, batch++), "software");
  EXPECT_EQ(test::scripted_counters().contexts_opened, 3);
  const auto notices = npu.take_notices();
  ASSERT_THAT(notices, SizeIs(4)) << "npu, wrong numbers, two known-answer tests";
  EXPECT_EQ(notices[1].retry_in, 1);
  EXPECT_TRUE(notices[1].warn);
  EXPECT_EQ(notices[2].retry_in, 2);
  EXPECT_EQ(notices[3].retry_in, -1);
  EXPECT_EQ(notices[3].reason, npu.stats().npu_reason) << "message and stats agree";
  EXPECT_THAT(notices[3].reason, HasSubstr("start the process again"));
  EXPECT_THAT(notices[3].reason, HasSubstr("it will not be tried again"));

  test::script_runs_from(1000, RunFault::zeros);  // healthy, but not believed any more
  Supervisor other(test::scripted_xrt());
  start(other);
  EXPECT_EQ(pump(other, 0), "software");
  EXPECT_THAT(other.stats().npu_reason, HasSubstr("kernel package mel: not used again"));
  EXPECT_EQ(test::scripted_counters().contexts_opened, 3);
}

TEST_F(ScriptedNpu, FailuresOfOtherKindsNeverRetireIt) {
  config.retry_interval = 1;
  Supervisor npu(test::scripted_xrt());
  start(npu);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  test::script_run(test::scripted_counters().starts, RunFault::error_state);
  test::script_context_open(NPUMEL_XRT_NOT_FOUND);  // gone after a suspend
  int64_t batch = 0;
  EXPECT_EQ(pump(npu, batch++), "software");
  std::size_t told = 0;
  while (told < 6 && std::chrono::steady_clock::now() < limit) {
    EXPECT_EQ(pump(npu, batch++), "software");
    for (const BackendNotice& notice : npu.take_notices()) {
      told++;
      if (notice.backend == "software") {
        EXPECT_GT(notice.retry_in, 0);
      }
    }
  }
  test::script_context_open(NPUMEL_XRT_OK);
  while (pump(npu, batch++) != "npu") ASSERT_LT(std::chrono::steady_clock::now(), limit);
}

TEST_F(ScriptedNpu, ComesBackAfterAPassingKnownAnswerTest) {
  config.retry_interval = 1;
  test::script_run(2, RunFault::error_state);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  EXPECT_EQ(pump(npu, 0), "npu");
  EXPECT_EQ(pump(npu, 1), "software");
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  int64_t batch = 2;
  while (pump(npu, batch++) != "npu" && std::chrono::steady_clock::now() < limit) {
  }
  EXPECT_STREQ(npu.active(), "npu");
  EXPECT_EQ(test::scripted_counters().contexts_opened, 2);
}

TEST_F(ScriptedNpu, FailuresFarApartNeverRetireIt) {
  config.retry_interval = 1;  // ns: a hundred of them are over by the next batch
  Supervisor npu(test::scripted_xrt());
  start(npu);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  int64_t batch = 0;
  for (int failure = 0; failure < 5; failure++) {
    test::script_run(test::scripted_counters().starts, RunFault::error_state);
    EXPECT_EQ(pump(npu, batch++), "software");
    while (pump(npu, batch++) != "npu")
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << "after failure " << failure;
  }
  EXPECT_EQ(npu.stats().fallbacks, 5U);
}

TEST_F(ScriptedNpu, ElementsShareOneContext) {
  std::vector<std::unique_ptr<Supervisor>> elements;
  for (int i = 0; i < 8; i++) {
    elements.push_back(std::make_unique<Supervisor>(test::scripted_xrt()));
    start(*elements.back());
  }
  for (int64_t batch = 0; batch < 3; batch++)
    for (auto& element : elements) EXPECT_EQ(pump(*element, batch), "npu");
  EXPECT_EQ(test::scripted_counters().contexts_opened, 1);
  elements.clear();
  wait_until_closed();
  EXPECT_EQ(test::scripted_counters().contexts_alive, 0);
  EXPECT_EQ(test::scripted_counters().runs_alive, 0);
}

TEST_F(ScriptedNpu, FloatBeyondFullScaleGoesToSoftwareAndTheNpuStays) {
  config.type = SampleType::f32;
  Supervisor npu(test::scripted_xrt());
  start(npu);
  EXPECT_EQ(pump(npu, 0), "npu");
  gain = 10;
  submit(npu, 1);
  std::vector<float> rows(100 * kMels);
  EXPECT_STREQ(npu.collect(RowSink{rows.data(), ElementType::f32, kMels, 1}).backend, "software");
  gain = 1;
  EXPECT_EQ(pump(npu, 2), "npu");
  EXPECT_EQ(npu.stats().fallbacks, 0u);
}

struct OpeningCase {
  const char* name;
  NpumelXrtStatus device, context;
  BackendFault fault;
};
class OpeningFails : public ScriptedNpu, public ::testing::WithParamInterface<OpeningCase> {
 protected:
  void SetUp() override {
    ScriptedNpu::SetUp();
    test::script_device_open(GetParam().device);
    test::script_context_open(GetParam().context);
  }
};

TEST_P(OpeningFails, SoftwareTakesOverWithoutAWarning) {
  Supervisor npu(test::scripted_xrt());
  start(npu);
  EXPECT_EQ(pump(npu, 0), "software");
  EXPECT_THAT(npu.stats().npu_reason, HasSubstr("scripted"));
  for (const BackendNotice& notice : npu.take_notices()) EXPECT_FALSE(notice.warn);
}

TEST_P(OpeningFails, InsistingIsTheDocumentedError) {
  config.choice = BackendChoice::npu;
  Supervisor npu(test::scripted_xrt());
  try {
    start(npu);
    FAIL() << "no error";
  } catch (const BackendError& error) {
    EXPECT_EQ(error.fault(), GetParam().fault);
  }
}

INSTANTIATE_TEST_SUITE_P(
    , OpeningFails,
    ::testing::Values(
        OpeningCase{"no_device", NPUMEL_XRT_NOT_FOUND, NPUMEL_XRT_OK, BackendFault::not_found},
        OpeningCase{"memlock", NPUMEL_XRT_PERMISSION, NPUMEL_XRT_OK, BackendFault::permission},
        OpeningCase{"exhausted", NPUMEL_XRT_OK, NPUMEL_XRT_BUSY, BackendFault::busy},
        OpeningCase{"xclbin", NPUMEL_XRT_OK, NPUMEL_XRT_BAD_PACKAGE, BackendFault::bad_package}),
    [](const auto& opening) { return std::string(opening.param.name); });

// set_state() returns whatever the driver does; what is wrong shows with the caps.
TEST_F(ScriptedNpu, StartDoesNotWaitForADriverThatIsStuck) {
  config.choice = BackendChoice::npu;
  test::script_blocked_openings();
  Supervisor npu(test::scripted_xrt());
  npu.open(config.choice, "");
  EXPECT_EQ(test::scripted_counters().devices_opened, 0);
  test::release_hung_runs();
  npu.configure(config);
  EXPECT_EQ(pump(npu, 0), "npu");
}

TEST_F(ScriptedNpu, StopDoesNotWaitForADriverThatIsStuck) {
  config.choice = BackendChoice::npu;
  test::script_blocked_openings();
  {
    Supervisor npu(test::scripted_xrt());
    npu.open(config.choice, "");
    npu.close();
  }
  EXPECT_EQ(test::scripted_counters().devices_opened, 0);
}

// Sources offer their caps again after a refusal, when the pipeline may already be going down.
TEST_F(ScriptedNpu, InsistingIsNotTriedTwiceBetweenStartAndStop) {
  config.choice = BackendChoice::npu;
  test::script_context_open(NPUMEL_XRT_BUSY);
  Supervisor npu(test::scripted_xrt());
  EXPECT_THROW(start(npu), BackendError);
  test::script_context_open(NPUMEL_XRT_OK);
  try {
    npu.configure(config);
    FAIL() << "opened after all";
  } catch (const BackendError& error) {
    EXPECT_EQ(error.fault(), BackendFault::busy);
  }
  npu.close();
  start(npu);
  EXPECT_STREQ(npu.active(), "npu");
}

TEST_F(ScriptedNpu, ARecipeWithoutAKernelOpensNothing) {
  config.recipe = resolve(Preset::icefall80, {}, 16000);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  EXPECT_THAT(npu.stats().npu_reason, HasSubstr("has no NPU kernel"));
  EXPECT_EQ(test::scripted_counters().contexts_opened, 0);
  config.choice = BackendChoice::npu;
  EXPECT_THROW(npu.configure(config), BackendError);
}

}  // namespace
}  // namespace npumel
