// SPDX-License-Identifier: LGPL-2.1-or-later
// Machines other than the usual one: meson runs each test of this program with the device that it
// is about (with-npu.sh's options).
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

Result forced() {
  return run_stream("backend=npu preset=whisper80" + kernel_path("v2-80"),
                    check::audio(2 * kBatchSamples));
}

/// Root may open everything; without its capabilities it is a user like any other.
void become_a_user() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2]{};
  ASSERT_EQUAL(syscall(SYS_capset, &header, none), 0);
}

CHECK_TEST(npu_of_another_name_is_not_found) {
  const Result result = forced();
  fail_unless(result.error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND) &&
                  result.error.says("is not an NPU that there are kernels for"),
              "error %d: %s", result.error.code, result.error.text.c_str());
}

CHECK_TEST(npu_beside_another_drivers_device_is_used) {
  const Result result = forced();
  fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
  ASSERT_EQUAL(result.npu_batches, 2);
}

CHECK_TEST(npu_that_is_closed_is_not_hidden_by_another_drivers_open_device) {
  chmod("/dev/accel/accel0", 0666);
  chmod("/dev/accel/accel1", 0);
  become_a_user();
  const Result result = forced();
  fail_unless(result.error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ_WRITE) &&
                  result.error.says("no permission to open /dev/accel/accel1"),
              "error %d: %s", result.error.code, result.error.text.c_str());
}

}  // namespace
