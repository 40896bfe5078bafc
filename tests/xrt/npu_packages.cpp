// SPDX-License-Identifier: LGPL-2.1-or-later
// Several packages for one recipe: one that is refused or computes nonsense hides no good one, is
// named, and is not tried again and again.
#include "tests/xrt/package_folder.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

const std::string kProperties = "preset=whisper80 backend=npu";

std::string with(const PackageFolder& folder) { return " kernel-path=" + folder.path(); }

/// Of packages that serve equally well, the last by name is tried first.
void assert_falls_through(const PackageFolder& folder, const char* bad) {
  const auto samples = check::audio(3 * kBatchSamples);
  const Result result = run_stream(kProperties + with(folder), samples);
  fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
  ASSERT_EQUAL(result.npu_batches, 3);
  fail_unless(result.introduction.find("good") != std::string::npos &&
                  result.introduction.find(bad) != std::string::npos,
              "%s", result.introduction.c_str());
  assert_same_stream(result, run_stream("preset=whisper80 backend=software", samples), 0.1, bad);
}

CHECK_TEST(a_package_with_wrong_numbers_hides_no_good_one) {
  PackageFolder folder;
  folder.add("v2-80", "good");
  folder.add("wrong-80", "wrong");
  assert_falls_through(folder, "wrong");
}

CHECK_TEST(a_package_that_xrt_refuses_hides_no_good_one) {
  PackageFolder folder;
  folder.add("v2-80", "good");
  folder.add("v2-80", "no-xclbin");
  folder.replace_xclbin("no-xclbin", std::string(4000, 'x'));
  assert_falls_through(folder, "no-xclbin");
}

CHECK_TEST(when_all_packages_fail_each_is_named) {
  PackageFolder folder;
  folder.add("wrong-80", "wrong");
  folder.add("v2-80", "no-xclbin");
  folder.replace_xclbin("no-xclbin", std::string(4000, 'x'));
  const Result result = run_stream(kProperties + with(folder), check::audio(kBatchSamples));
  fail_unless(result.error.domain == GST_RESOURCE_ERROR, "%s", result.error.text.c_str());
  fail_unless(result.error.says("wrong") && result.error.says("no-xclbin") &&
                  result.error.says("known-answer test"),
              "%s", result.error.text.c_str());
}

CHECK_TEST(a_failed_package_is_tried_once_in_a_process) {
  PackageFolder folder;
  folder.add("v2-80", "good");
  folder.add("wrong-80", "wrong");
  const emu::Counters before = Emulation::counters();
  std::vector<std::unique_ptr<MelStream>> streams;
  for (int i = 0; i < 8; ++i) {
    streams.push_back(std::make_unique<MelStream>(kProperties + with(folder)));
    fail_unless(streams.back()->started());
    ASSERT_EQUAL(streams.back()->push(check::audio(kBatchSamples), 0), GST_FLOW_OK);
  }
  const emu::Counters after = Emulation::counters();
  ASSERT_EQUAL(after.contexts_created - before.contexts_created, 2);
}

}  // namespace
