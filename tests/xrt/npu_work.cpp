// SPDX-License-Identifier: LGPL-2.1-or-later
// What the NPU is given to do for a file: as few runs as the frames fill, whatever `frames` asks
// for. The buffer objects that it takes are printed.
#include <cstdio>

#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

constexpr size_t kBatches = 67;

struct Work {
  guint64 runs = 0;
  guint64 chains = 0;
  guint64 buffers = 0;
  size_t frames = 0;
};

/// filesrc ! wavparse: not live, 4 KiB a buffer.
Work file_through(const std::string& frames) {
  const emu::Counters before = Emulation::counters();
  const Result result =
      run_stream("backend=npu preset=whisper80 verify-interval=0 eos-mode=short frames=" + frames +
                     kernel_path("v2-80"),
                 check::audio(kBatches * kBatchSamples), {.live = false, .chunk = 2048});
  fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
  fail_unless(result.active == "npu", "%s", result.reason.c_str());
  wait_for_contexts(before.contexts_alive);
  const emu::Counters after = Emulation::counters();
  return {after.runs - before.runs, after.chains - before.chains,
          after.buffers_created - before.buffers_created, result.rows.size() / 80};
}

CHECK_TEST(a_file_is_as_many_runs_as_it_has_batches) {
  file_through("100");  // what is made once in a process
  std::printf("%zu frames from a file (not live, 4 KiB a buffer):\n", kBatches * 100);
  std::string failed;
  for (const char* frames : {"1", "10", "100", "3000"}) {
    const Work work = file_through(frames);
    ASSERT_EQUAL(work.frames, kBatches * 100);
    char line[120];
    std::snprintf(line, sizeof line, "frames=%-4s  %4lu runs  %3lu lists  %3lu buffer objects",
                  frames, static_cast<unsigned long>(work.runs),
                  static_cast<unsigned long>(work.chains),
                  static_cast<unsigned long>(work.buffers));
    std::printf("%s\n", line);
    // One run more is the known-answer test's.
    if (work.runs > kBatches + 1) failed += std::string("\n") + line;
  }
  fail_unless(failed.empty(), "want at most %zu runs:%s", kBatches + 1, failed.c_str());
}

}  // namespace
