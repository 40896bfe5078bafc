// SPDX-License-Identifier: LGPL-2.1-or-later
// The main() of these tests: GStreamer has to be initialised first.
#include <gst/gst.h>
#include <gtest/gtest.h>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  gst_init(&argc, &argv);
  return RUN_ALL_TESTS();
}
