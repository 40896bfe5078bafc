// SPDX-License-Identifier: LGPL-2.1-or-later
// What a batch on the NPU costs the host, by thread and by stage, and how long starting takes; over
// the emulated driver, whose own work is taken off: its calls do what a kernel and a device would
// do. tests/xrt/run.sh --cost runs it.
#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <thread>

#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

constexpr size_t kBatches = 240;

/// Fields of stats that are times: the run itself with its way to the device and back, syncs, the
/// work on samples and rows (check included), and software's.
constexpr std::array<const char*, 4> kStages = {"kernel-time", "transfer-time", "convert-time",
                                                "software-time"};

uint64_t cpu_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000U + static_cast<uint64_t>(now.tv_nsec);
}

uint64_t driver_ns_of_this_thread() {
  static auto* const entry =
      reinterpret_cast<uint64_t (*)()>(dlsym(RTLD_DEFAULT, "npumel_emu_thread_cpu_ns"));
  return entry != nullptr ? entry() : 0;
}

uint64_t streaming_ns() {
  const uint64_t thread = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
  return thread - driver_ns_of_this_thread();
}

struct Cpu {
  uint64_t begun = 0;   ///< of the thread that pushes audio, before the clocks are read
  uint64_t ended = 0;   ///< and after that
  uint64_t others = 0;  ///< the context's threads and what XRT runs

  static Cpu now() {
    Cpu cpu;
    cpu.begun = streaming_ns();
    const uint64_t driver = Emulation::present() ? Emulation::counters().cpu_ns : 0;
    cpu.others = cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - driver - cpu.begun;
    cpu.ended = streaming_ns();
    return cpu;
  }
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

void print_batches(const char* what, const std::string& properties, const Feed& feed) {
  const auto samples = check::audio(kBatches * kBatchSamples);
  MelStream stream = MelStream::idle("preset=whisper80 " + properties + kernel_path("v2-80"));
  if (!feed.live) not_live(stream);
  stream.set_caps(feed.caps);
  // The stream copies all that it gets: that is no work of the element.
  const check::Owned<GstPad> source(gst_element_get_static_pad(stream.element(), "src"));
  gst_pad_add_probe(
      source.get(), GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_DROP; }, nullptr, nullptr);
  std::vector<double> streaming;
  std::vector<double> others;
  std::array<guint64, kStages.size()> begun{};
  for (size_t i = 0; i < kStages.size(); ++i) begun[i] = stream.stat(kStages[i]);
  for (size_t at = 0; at < samples.size(); at += feed.chunk) {
    GstBuffer* buffer = check::buffer_of(std::span<const int16_t>(samples).subspan(at, feed.chunk));
    GST_BUFFER_PTS(buffer) = check::time_of(at);
    const Cpu before = Cpu::now();
    stream.push(buffer);
    const Cpu after = Cpu::now();
    const double batches = static_cast<double>(feed.chunk) / kBatchSamples * 1000;
    streaming.push_back(static_cast<double>(after.begun - before.ended) / batches);
    others.push_back(static_cast<double>(after.others - before.others) / batches);
  }
  std::printf("%-34s %6.1f us streaming thread, %6.1f us other threads\n", what, median(streaming),
              median(others));
  std::printf("  by the element's stats, mean:");
  for (size_t i = 0; i < kStages.size(); ++i)
    std::printf(" %s %.1f us", kStages[i],
                static_cast<double>(stream.stat(kStages[i]) - begun[i]) / kBatches / 1000);
  std::printf("\n");
}

/// This test makes sense without one, too.
bool device_is_there() { return std::filesystem::exists("/sys/bus/pci/drivers/amdxdna"); }

CHECK_TEST(host_cpu_per_batch) {
  if (!device_is_there()) return;
  std::printf("host CPU per batch of 100 frames, median of %zu batches:\n", kBatches);
  print_batches("software", "backend=software ", {});
  print_batches("npu, one batch a buffer", "backend=npu verify-interval=0 ", {});
  print_batches("npu, lists of up to 4", "backend=npu verify-interval=0 ",
                {.live = false, .chunk = 24 * kBatchSamples});
  wait_for_contexts(0);
}

void print_start(const char* what, const std::string& properties) {
  std::vector<double> times;
  std::vector<double> cpu;
  for (int i = 0; i < 21; ++i) {
    const uint64_t begun = cpu_ns(CLOCK_MONOTONIC);
    const uint64_t driver = Emulation::present() ? Emulation::counters().cpu_ns : 0;
    const uint64_t process = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
    const MelStream stream("preset=whisper80 " + properties);
    const uint64_t spent = cpu_ns(CLOCK_MONOTONIC) - begun;
    const uint64_t emulated = (Emulation::present() ? Emulation::counters().cpu_ns : 0) - driver;
    times.push_back((static_cast<double>(spent) - static_cast<double>(emulated)) / 1e6);
    cpu.push_back(static_cast<double>(cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - process - emulated) / 1e6);
    if (i == 0) std::printf("%-34s first %7.2f ms (%6.2f CPU)", what, times[0], cpu[0]);
  }
  times.erase(times.begin());
  cpu.erase(cpu.begin());
  std::printf(", later ones %7.2f ms (%6.2f CPU)\n", median(times), median(cpu));
}

CHECK_TEST(time_to_start) {
  std::printf("from nothing to negotiated, emulated driver and device taken off:\n");
  print_start("software", "backend=software");
  if (device_is_there())
    print_start("npu, live", "backend=npu" + kernel_path("v2-80"));
  else
    print_start("auto, without a device", "backend=auto");
  wait_for_contexts(0);
}

}  // namespace
