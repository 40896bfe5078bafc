// SPDX-License-Identifier: LGPL-2.1-or-later
// What the NPU is given to do for a file: as few runs as the frames fill, whatever `frames` asks
// for. The buffer objects that it takes are printed.
#include <cstdio>

#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

constexpr size_t kBatches = 67;
// Three slots of three, of which the known-answer test has used one, the package's two, and the
// heap that XRT makes for an open device.
constexpr size_t kBuffersOneByOne = 12;

struct Work {
  guint64 runs = 0;
  guint64 chains = 0;
  guint64 buffers = 0;
  size_t frames = 0;
};

/// filesrc ! wavparse: not live, 4 KiB a buffer.
Work file_through(const std::string& frames, const std::string& kernels) {
  const emu::Counters before = Emulation::counters();
  const Result result = run_stream(
      "backend=npu preset=whisper80 verify-interval=0 eos-mode=short frames=" + frames + kernels,
      check::audio(kBatches * kBatchSamples), {.live = false, .chunk = 2048});
  fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
  fail_unless(result.active == "npu", "%s", result.reason.c_str());
  wait_for_contexts(before.contexts_alive);
  const emu::Counters after = Emulation::counters();
  return {after.runs - before.runs, after.chains - before.chains,
          after.buffers_created - before.buffers_created, result.rows.size() / 80};
}

CHECK_TEST(a_file_is_as_many_runs_as_it_has_batches) {
  file_through("100", kernel_path("v2-80"));  // what is made once in a process
  std::printf("%zu frames from a file (not live, 4 KiB a buffer):\n", kBatches * 100);
  std::string failed;
  for (const char* frames : {"1", "10", "60", "99", "100", "3000"}) {
    const Work work = file_through(frames, kernel_path("v2-80"));
    ASSERT_EQUAL(work.frames, kBatches * 100);
    char line[120];
    std::snprintf(line, sizeof line, "frames=%-4s  %4lu runs  %3lu lists  %3lu buffer objects",
                  frames, static_cast<unsigned long>(work.runs),
                  static_cast<unsigned long>(work.chains),
                  static_cast<unsigned long>(work.buffers));
    std::printf("%s\n", line);
    // One run more is the known-answer test's.
    const bool one_by_one = work.chains == 0;
    if (work.runs > kBatches + 1 || (one_by_one && work.buffers > kBuffersOneByOne))
      failed += std::string("\n") + line;
  }
  fail_unless(failed.empty(), "want at most %zu runs, and %zu buffer objects without lists:%s",
              kBatches + 1, kBuffersOneByOne, failed.c_str());
}

/// What a stream of one buffer tells of its choice.
struct Choice {
  int run_frames = 0;
  guint64 frame_ns = 0;
  guint64 long_frame_ns = 0;
};

Choice choice_of_a_backlog(const std::vector<int16_t>& samples, const Result& expected) {
  MelStream stream = MelStream::idle("backend=npu preset=whisper80 frames=0 npu-timeout=60000" +
                                     kernel_path("v2-80") + ":" TEST_PACKAGES "/v2-80-1000");
  not_live(stream);
  stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
  for (size_t at = 0; at < samples.size(); at += 2048)
    ASSERT_EQUAL(
        stream.push(std::span(samples).subspan(at, std::min<size_t>(2048, samples.size() - at)),
                    check::time_of(at)),
        GST_FLOW_OK);
  fail_unless(stream.eos());
  Result result;
  result.rows = stream.rows();
  result.times = expected.times;
  assert_same_stream(result, expected, 0.1, "a backlog");
  const check::Owned<GstStructure> stats = stream.stats();
  Choice choice;
  fail_unless(gst_structure_get(stats.get(), "npu-run-frames", G_TYPE_INT, &choice.run_frames,
                                "npu-frame-time", G_TYPE_UINT64, &choice.frame_ns,
                                "npu-frame-time-1000", G_TYPE_UINT64, &choice.long_frame_ns,
                                nullptr));
  return choice;
}

// Both packages in one path. Runs that cost something beside their frames are worth joining.
CHECK_TEST(a_backlog_goes_in_the_runs_that_are_faster) {
  const auto samples = check::audio(kBatches * kBatchSamples);
  const Result expected = run_stream("backend=software preset=whisper80 frames=0", samples);
  const guint64 before = Emulation::counters().runs;
  const Choice plain = choice_of_a_backlog(samples, expected);
  std::printf("no dispatch: runs of %d frames; a frame takes %lu ns in runs of 100, %lu of 1000\n",
              plain.run_frames, static_cast<unsigned long>(plain.frame_ns),
              static_cast<unsigned long>(plain.long_frame_ns));
  Emulation::set_faults("RUN#1+=slow:3");
  Choice costly;
  const auto chosen = [&] {
    return costly.run_frames == 1000 && costly.long_frame_ns < costly.frame_ns;
  };
  // On a busy machine runs of 1000 may seem too long for live streams that queue behind them, or
  // slower, and be the last only because the other way is tried now and then.
  for (int attempt = 0; attempt < 50 && !chosen(); ++attempt)
    costly = choice_of_a_backlog(samples, expected);
  std::printf(
      "3 ms a dispatch: runs of %d frames; a frame takes %lu ns in runs of 100, %lu of 1000\n",
      costly.run_frames, static_cast<unsigned long>(costly.frame_ns),
      static_cast<unsigned long>(costly.long_frame_ns));
  ASSERT_EQUAL(costly.run_frames, 1000);
  fail_unless(costly.long_frame_ns < costly.frame_ns);
  fail_unless(Emulation::counters().runs > before);
}

}  // namespace
