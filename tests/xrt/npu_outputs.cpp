// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs that end well, with rows that are wrong.
#include "tests/xrt/fault_matrix.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

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
