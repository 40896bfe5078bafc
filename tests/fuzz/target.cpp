// SPDX-License-Identifier: LGPL-2.1-or-later
// libFuzzer's entry points of the targets that run elements.
#include "tests/fuzz/target.h"

#include <gst/gst.h>

#include <algorithm>

namespace {

// A step takes a few bytes: more would be a slow input, not another one.
constexpr size_t kMostBytes = 300;

}  // namespace

// Fontconfig keeps what it has read for the life of the process, in places LeakSanitizer does not
// follow. NOLINTNEXTLINE(bugprone-reserved-identifier): the sanitizer's name
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig\n"; }

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  gst_init(argc, argv);
  g_log_set_always_fatal(npumel::fuzz::kFatalLevels);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  npumel::fuzz::Bytes bytes(data, std::min(size, kMostBytes));
  npumel::fuzz::play(bytes);
  return 0;
}
