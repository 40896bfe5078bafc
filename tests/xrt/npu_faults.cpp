// Everything that can go wrong below XRT, at the first, second and 500th call: with backend=auto
// the stream is complete, in order and right all the same; with backend=npu it ends in an error.
#include <map>
#include <set>

#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

/// A batch computed on the NPU may differ from software by this much, in log10 inside max(x, M -
/// 8).
constexpr double kTolerance = 0.1;
constexpr size_t kShort = 8;   // batches
constexpr size_t kLong = 510;  // more than the 500th call of anything done once a batch

const std::vector<int16_t>& samples(size_t batches) {
  static std::map<size_t, std::vector<int16_t>> made;
  auto& signal = made[batches];
  // The emulated NPU knows the rows of what it has computed lately. No two batches in a row are
  // alike: rows of the one before would show.
  const std::vector<int16_t> period = check::audio(2 * kBatchSamples);
  while (signal.size() < batches * kBatchSamples)
    signal.insert(signal.end(), period.begin(), period.end());
  return signal;
}

const Result& by_software(size_t batches) {
  static std::map<size_t, Result> made;
  auto& result = made[batches];
  if (result.rows.empty())
    result = run_stream("backend=software preset=whisper80", samples(batches));
  return result;
}

struct Case {
  std::string fault;
  std::set<int> errors;  ///< GstResourceError codes that backend=npu may end with
  std::string properties = "";
  bool harmless = false;  ///< nothing to report: the result is right
};

struct Outcome {
  Result result;
  guint64 injected = 0;
};

Outcome run_with(const Case& fault, const std::string& backend, size_t batches) {
  GST_DEBUG("backend=%s %s", backend.c_str(), fault.fault.c_str());
  Emulation::set_faults(fault.fault);
  Outcome outcome;
  outcome.result = run_stream(
      "backend=" + backend + " preset=whisper80 " + fault.properties + kernel_path("v2-80"),
      samples(batches));
  outcome.injected = Emulation::counters().faults;
  Emulation::set_faults("");
  return outcome;
}

void assert_auto(const Case& fault, size_t batches, bool must_hit) {
  const Outcome outcome = run_with(fault, "auto", batches);
  const Result& result = outcome.result;
  fail_unless(outcome.injected > 0 || !must_hit, "%s never happened", fault.fault.c_str());
  fail_unless(result.error.code < 0, "%s: %s", fault.fault.c_str(), result.error.text.c_str());
  assert_same_stream(result, by_software(batches), kTolerance, "auto, " + fault.fault);
  if (outcome.injected == 0 || fault.harmless) {
    fail_unless(result.active == "npu", "%s: healthy, but ended on %s", fault.fault.c_str(),
                result.active.c_str());
    ASSERT_EQUAL(result.npu_batches, batches);
    return;
  }
  fail_unless(result.suspect_batches.size() == 1, "%s: %zu messages", fault.fault.c_str(),
              result.suspect_batches.size());
  fail_unless(!result.reason.empty(), "%s: no reason given", fault.fault.c_str());
  fail_unless(result.warnings <= 1, "%s: %d warnings", fault.fault.c_str(), result.warnings);
}

void assert_npu(const Case& fault, size_t batches) {
  const Outcome outcome = run_with(fault, "npu", batches);
  const Result& result = outcome.result;
  if (outcome.injected == 0 || fault.harmless) {
    fail_unless(result.error.code < 0, "%s: %s", fault.fault.c_str(), result.error.text.c_str());
    ASSERT_EQUAL(result.npu_batches, batches);
    return;
  }
  fail_unless(result.error.domain == GST_RESOURCE_ERROR && fault.errors.contains(result.error.code),
              "%s: error %d %s", fault.fault.c_str(), result.error.code, result.error.text.c_str());
}

/// `site#NTH=what` at the first, the second and, in a long stream, the 500th call.
void assert_everywhere(const std::string& site, const std::string& what,
                       const std::set<int>& errors, bool each_batch,
                       const std::string& properties = "", bool harmless = false) {
  for (const char* nth : {"#1=", "#2=", "#500="}) {
    const bool late = std::string(nth) == "#500=";
    if (late && !each_batch) continue;  // a call of the start only
    const Case fault{site + nth + what, errors, properties, harmless};
    const bool must_hit = std::string(nth) == "#1=" || each_batch;
    assert_auto(fault, late ? kLong : kShort, must_hit);
    assert_npu(fault, late ? kLong : kShort);
  }
}

constexpr int kFailed = GST_RESOURCE_ERROR_FAILED;
constexpr int kBusy = GST_RESOURCE_ERROR_BUSY;
constexpr int kRights = GST_RESOURCE_ERROR_OPEN_READ_WRITE;
constexpr int kNotFound = GST_RESOURCE_ERROR_NOT_FOUND;

CHECK_TEST(opening_fails) {
  assert_everywhere("CREATE_HWCTX", "EBUSY", {kBusy}, false);
  assert_everywhere("CREATE_HWCTX", "ENOSPC", {kBusy}, false);
  assert_everywhere("CREATE_HWCTX", "EINVAL", {kBusy}, false);
  assert_everywhere("CONFIG_HWCTX", "EINVAL", {kFailed}, false);
  // XRT's clean-up hides this behind an EINVAL of its own: no busy device all the same.
  assert_everywhere("GET_BO_INFO", "EIO", {kFailed}, false);
}

CHECK_TEST(device_does_not_open) {
  assert_everywhere("GET_INFO", "EIO", {kFailed, kNotFound}, false);
  assert_everywhere("MMAP", "EAGAIN", {kRights, kFailed}, false);
  assert_everywhere("MMAP", "EPERM", {kRights, kFailed}, false);
}

CHECK_TEST(memory_runs_out) {
  // The heap, the configuration, the instructions, the data, the command: each in turn.
  for (int call = 1; call <= 8; ++call) {
    const Case fault{"CREATE_BO#" + std::to_string(call) + "=ENOMEM", {kFailed, kBusy, kRights}};
    assert_auto(fault, kShort, call <= 5);
    assert_npu(fault, kShort);
  }
}

CHECK_TEST(syncs_fail) { assert_everywhere("SYNC_BO", "EIO", {kFailed}, true); }

CHECK_TEST(starts_fail) { assert_everywhere("EXEC_CMD", "EIO", {kFailed}, true); }
CHECK_TEST(starts_fail_without_device) { assert_everywhere("EXEC_CMD", "ENODEV", {kFailed}, true); }
CHECK_TEST(starts_fail_without_memory) { assert_everywhere("EXEC_CMD", "ENOMEM", {kFailed}, true); }

CHECK_TEST(refused_starts_give_their_contexts_back) {
  // One more than the device has contexts: a run that counted as being in progress would keep its
  // own until the process ends.
  const emu::Counters before = Emulation::counters();
  for (int i = 0; i < 8; ++i) assert_npu({"EXEC_CMD#2=EIO", {kFailed}}, kShort);
  assert_auto({"EXEC_CMD#500=EIO", {}, "", true}, kShort, false);
  ASSERT_EQUAL(Emulation::counters().contexts_alive, before.contexts_alive);
}

CHECK_TEST(waits_fail) {
  for (const char* error : {"EIO", "ENODEV", "EINTR", "ETIME"}) {
    // A wait that ends early can find the run completed all the same: then nothing is wrong.
    for (const char* nth : {"#1=", "#2="}) {
      const Outcome outcome = run_with({std::string("WAIT") + nth + error, {}}, "auto", kShort);
      fail_unless(outcome.result.error.code < 0);
      assert_same_stream(outcome.result, by_software(kShort), kTolerance,
                         std::string("WAIT") + nth + error);
    }
  }
}

CHECK_TEST(runs_end_badly) {
  for (const char* state : {"abort", "error", "timeout"})
    assert_everywhere("RUN", state, {kFailed}, true);
}

CHECK_TEST(a_hanging_run_costs_no_more_than_the_timeout) {
  assert_everywhere("RUN", "hang", {kFailed}, true, "npu-timeout=200");
}

CHECK_TEST(a_run_that_never_ends_is_left_behind) {
  assert_everywhere("RUN", "stuck", {kFailed}, true, "npu-timeout=200");
}

CHECK_TEST(the_device_goes_away) {
  assert_everywhere("RUN", "lost", {kFailed}, true, "npu-timeout=500");
}

CHECK_TEST(a_slow_first_run_is_no_failure) {
  assert_auto({"RUN#1=slow:300", {}, "", true}, kShort, true);
}

CHECK_TEST(zeros_are_not_believed) { assert_everywhere("RUN", "zero", {kFailed}, true); }
CHECK_TEST(a_repeated_first_row_is_not_believed) {
  assert_everywhere("RUN", "row0", {kFailed}, true);
}
CHECK_TEST(the_last_output_again_is_not_believed) {
  assert_everywhere("RUN", "stale", {kFailed}, true);
}
CHECK_TEST(garbage_is_not_believed) { assert_everywhere("RUN", "garbage", {kFailed}, true); }
CHECK_TEST(rows_shifted_by_one_are_not_believed) {
  assert_everywhere("RUN", "shift", {kFailed}, true);
}
CHECK_TEST(an_output_never_written_is_not_believed) {
  assert_everywhere("RUN", "unwritten", {kFailed}, true);
}

CHECK_TEST(one_wrong_row_is_caught_at_once_by_full_checks) {
  const std::string strict = "verify-interval=1";
  assert_everywhere("RUN", "row:37", {kFailed}, true, strict);
}

CHECK_TEST(a_row_that_stays_wrong_is_caught_within_25_batches) {
  // 4 of 98 inner frames are looked at in each batch, in rotation.
  Emulation::set_faults("RUN#5+=row:37");
  const Result result = run_stream(
      "backend=auto preset=whisper80 verify-interval=0" + kernel_path("v2-80"), samples(60));
  fail_unless(result.suspect_batches.size() == 1, "%zu messages", result.suspect_batches.size());
  ASSERT_EQUAL(result.verify_failures, 1);
  // The known-answer test and up to 3 healthy batches come before the first wrong one.
  fail_unless(result.npu_batches <= 4 + 25, "%d batches before it was caught",
              static_cast<int>(result.npu_batches));
  const Result& expected = by_software(60);
  fail_unless(result.times == expected.times);
  ASSERT_EQUAL(result.rows.size(), expected.rows.size());
}

CHECK_TEST(the_message_names_the_first_suspect_batch) {
  // Runs: one known-answer test, then batch 0, 1, ...
  Emulation::set_faults("RUN#5=zero");
  const Result result =
      run_stream("backend=auto preset=whisper80" + kernel_path("v2-80"), samples(kShort));
  ASSERT_EQUAL(result.suspect_batches.size(), 1);
  ASSERT_EQUAL(result.suspect_batches.front(), 3);
}

CHECK_TEST(a_package_replaced_while_running_changes_nothing) {
  namespace fs = std::filesystem;
  std::string folder = fs::temp_directory_path() / "npumelspec-package-XXXXXX";
  fail_unless(mkdtemp(folder.data()) != nullptr);
  for (const auto& file : fs::directory_iterator(std::string(TEST_PACKAGES) + "/v2-80"))
    fs::copy_file(file.path(), folder / file.path().filename());
  MelStream stream("backend=npu preset=whisper80 kernel-path=" + folder);
  const auto& signal = samples(kShort);
  const auto half = std::span(signal).first(4 * kBatchSamples);
  ASSERT_EQUAL(stream.push(half, 0), GST_FLOW_OK);
  for (const auto& file : fs::directory_iterator(folder))
    std::ofstream(file.path()) << "something else";
  ASSERT_EQUAL(
      stream.push(std::span(signal).subspan(4 * kBatchSamples), check::time_of(4 * kBatchSamples)),
      GST_FLOW_OK);
  fail_unless(stream.eos());
  ASSERT_EQUAL(stream.stat("npu-batches"), kShort);
  fs::remove_all(folder);
}

}  // namespace
