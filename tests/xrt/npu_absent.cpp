// SPDX-License-Identifier: LGPL-2.1-or-later
// Without a device: run without with-npu.sh, on a machine that has no NPU or hides it.
#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

CHECK_TEST(without_a_device_xrt_is_not_even_opened) {
  fail_unless(!std::filesystem::exists("/dev/accel/accel0"),
              "this test needs a place without an NPU");
  const auto samples = check::audio(3 * kBatchSamples);
  const Result result = run_stream("backend=auto preset=whisper80" + kernel_path("v2-80"), samples);
  fail_unless(result.active == "software");
  ASSERT_EQUAL(result.warnings, 0);
  ASSERT_EQUAL(result.suspect_batches.size(), 1);
  fail_unless(!result.reason.empty());
  fail_unless(!xrt_is_mapped(), "XRT is mapped");
}

CHECK_TEST(without_a_device_backend_npu_is_not_found) {
  const Result result = run_stream("backend=npu preset=whisper80", check::audio(kBatchSamples));
  fail_unless(result.error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND), "%s",
              result.error.text.c_str());
  fail_unless(result.error.says("no NPU: the amdxdna kernel driver is not loaded"), "%s",
              result.error.text.c_str());
  fail_unless(!xrt_is_mapped(), "XRT is mapped");
}

}  // namespace
