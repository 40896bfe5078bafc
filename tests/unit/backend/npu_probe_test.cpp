// SPDX-License-Identifier: LGPL-2.1-or-later
// npu_absence(): each thing that can be missing gets its own sentence.
#include "gst/backend/device/npu_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "tests/unit/backend/temporary_folder.h"

namespace npumel {
namespace {

using ::testing::HasSubstr;

class NpuProbe : public ::testing::Test {
 protected:
  void SetUp() override { unsetenv("XCL_EMULATION_MODE"); }
  void TearDown() override { unsetenv("XCL_EMULATION_MODE"); }
  ProbePaths paths() const { return {folder.path("amdxdna"), folder.path("accel")}; }
  void bind() const { folder.make_folder("amdxdna/0000:c5:00.1"); }
  void make_node() const {
    folder.make_folder("accel");
    folder.write("accel/accel0", "");
  }

  test::TemporaryFolder folder;
};

TEST_F(NpuProbe, NamesTheDriverThatIsNotLoaded) {
  const auto absence = npu_absence(paths());
  ASSERT_TRUE(absence);
  EXPECT_EQ(absence->fault, BackendFault::not_found);
  EXPECT_THAT(absence->reason, HasSubstr("amdxdna kernel driver is not loaded"));
}

TEST_F(NpuProbe, DriverFilesWithoutAPciAddressAreNoDevice) {
  folder.make_folder("amdxdna/module");
  make_node();
  const auto absence = npu_absence(paths());
  ASSERT_TRUE(absence);
  EXPECT_THAT(absence->reason, HasSubstr("bound to no device"));
}

TEST_F(NpuProbe, NamesTheMissingDeviceNode) {
  bind();
  const auto absence = npu_absence(paths());
  ASSERT_TRUE(absence);
  EXPECT_THAT(absence->reason, HasSubstr("no NPU device node in " + folder.path("accel")));
}

TEST_F(NpuProbe, OtherNodesInTheFolderDoNotCount) {
  bind();
  folder.make_folder("accel");
  folder.write("accel/render128", "");
  EXPECT_TRUE(npu_absence(paths()));
}

TEST_F(NpuProbe, BoundDeviceWithANodeIsPresent) {
  bind();
  make_node();
  EXPECT_FALSE(npu_absence(paths()));
}

TEST_F(NpuProbe, AnotherDriversNodeIsNotTheNpus) {
  bind();
  folder.make_folder("amdxdna/0000:c5:00.1/accel/accel1");
  make_node();
  const auto absence = npu_absence(paths());
  ASSERT_TRUE(absence);
  EXPECT_THAT(absence->reason, HasSubstr("no NPU device node"));
  folder.write("accel/accel1", "");
  EXPECT_FALSE(npu_absence(paths()));
}

TEST_F(NpuProbe, EmulationModeHidesTheNpu) {
  bind();
  make_node();
  setenv("XCL_EMULATION_MODE", "sw_emu", 1);
  const auto absence = npu_absence(paths());
  ASSERT_TRUE(absence);
  EXPECT_THAT(absence->reason, HasSubstr("XCL_EMULATION_MODE=sw_emu"));
}

}  // namespace
}  // namespace npumel
