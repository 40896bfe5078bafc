// SPDX-License-Identifier: LGPL-2.1-or-later
// What an application's calls take while a run is stuck: at the 1st, 8th or 140th run, given up by
// the driver soon, late or never, with 1, 8 or 32 elements, each way of stopping them. Prints the
// longest times. What fails is a call that never returns and a row that is lost, not a slow
// machine.
//
// NPUMEL_FREEZE_FULL=1: the driver's own times, 3 s and 60 s, instead of 0.3 s and 6 s.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <new>

#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

using Clock = std::chrono::steady_clock;

enum class Stop { flush, null, eos, sigterm };
constexpr const char* kStops[] = {"flush seek", "NULL", "EOS", "SIGTERM"};

struct Case {
  uint64_t run;     ///< which one is stuck; the first is that of the known-answer test
  int recovery_ms;  ///< 0 = never
  int elements;
  Stop stop;
};

/// What a case's process leaves behind, in memory that its parent sees.
struct Outcome {
  std::atomic<int> longest_ms;  ///< of the calls that stop: flush, set_state, EOS
  std::atomic<int> push_ms;     ///< of gst_pad_push(), which may wait for the batch before
  std::atomic<int64_t> lost;    ///< rows
  std::atomic<int> fed;         ///< elements that have been given all of their clip
  std::atomic<bool> finished;
};

volatile std::sig_atomic_t terminated = 0;

int ms_since(Clock::time_point begun) {
  return static_cast<int>(
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun).count());
}

void keep_longest(std::atomic<int>& longest, int ms) {
  for (int old = longest; old < ms && !longest.compare_exchange_weak(old, ms);) {
  }
}

/// One stream with a thread that feeds it.
class Feeder {
 public:
  /// `audio`: two batches. Whoever stops an element must not wait until threads of others have made
  /// theirs.
  Feeder(Outcome& outcome, const std::vector<int16_t>& audio, size_t batches)
      : outcome_(outcome),
        audio_(audio),
        batches_(batches),
        stream_(MelStream::idle("preset=whisper80 backend=auto npu-timeout=800 "
                                "processing-latency=60000000000" +
                                kernel_path("v2-80"))) {}
  ~Feeder() { join(); }
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;

  void begin() {
    thread_ = std::thread([this] {
      stream_.event(gst_event_new_stream_start("clip"));
      send_caps_and_segment();
      feed();
    });
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  /// As a seek does: FLUSH_START, FLUSH_STOP, a segment, and the whole clip again.
  void flush() {
    fail_unless(stream_.event(gst_event_new_flush_start()));
    join();
    fail_unless(stream_.event(gst_event_new_flush_stop(TRUE)));
  }
  void again() {
    stream_.forget();
    send_caps_and_segment();
    feed();
  }
  void eos() { fail_unless(stream_.eos()); }
  void null() {
    ASSERT_EQUAL(gst_element_set_state(stream_.element(), GST_STATE_NULL),
                 GST_STATE_CHANGE_SUCCESS);
  }
  std::string stats() const {
    gchar* text = gst_structure_to_string(stream_.stats().get());
    std::string result = text;
    g_free(text);
    return result;
  }
  int64_t lost() {
    return static_cast<int64_t>(batches_ * 100) - static_cast<int64_t>(stream_.frames());
  }

 private:
  /// Not as the harness does it, which takes a flush in between for a refusal.
  void send_caps_and_segment() {
    stream_.event(gst_event_new_caps(
        check::Caps(gst_caps_from_string(
                        "audio/x-raw,format=S16LE,rate=16000,channels=1,layout=interleaved"))
            .get()));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    stream_.segment(segment);
  }
  void feed() {
    for (size_t batch = 0; batch < batches_; ++batch) {
      const auto begun = Clock::now();
      const auto samples =
          std::span<const int16_t>(audio_).subspan(batch % 2 * kBatchSamples, kBatchSamples);
      if (stream_.push(samples, check::time_of(batch * kBatchSamples)) != GST_FLOW_OK) return;
      keep_longest(outcome_.push_ms, ms_since(begun));
    }
    ++outcome_.fed;
  }

  Outcome& outcome_;
  const std::vector<int16_t>& audio_;
  size_t batches_;
  MelStream stream_;
  std::thread thread_;
};

/// Every feeder's call at the same time, as an application's pipelines are stopped; then the
/// longest of them is kept.
template <typename Call>
void timed(std::vector<std::unique_ptr<Feeder>>& feeders, Outcome& outcome, Call call) {
  std::vector<std::thread> threads;
  for (const auto& feeder : feeders)
    threads.emplace_back([&] {
      const auto begun = Clock::now();
      call(*feeder);
      keep_longest(outcome.longest_ms, ms_since(begun));
    });
  for (std::thread& thread : threads) thread.join();
}

/// One after the other, as a pipeline stops its elements: that is one call.
void stop_all(std::vector<std::unique_ptr<Feeder>>& feeders, Outcome& outcome) {
  const auto begun = Clock::now();
  for (const auto& feeder : feeders) feeder->null();
  keep_longest(outcome.longest_ms, ms_since(begun));
}

[[noreturn]] void live_through(const Case& what, Outcome& outcome) {
  if (what.stop == Stop::sigterm) std::signal(SIGTERM, [](int) { terminated = 1; });
  if (what.recovery_ms > 0) Emulation::set("recovery-ms", static_cast<uint64_t>(what.recovery_ms));
  Emulation::set_faults("RUN#" + std::to_string(what.run) +
                        (what.recovery_ms > 0 ? "=hang" : "=stuck"));
  const size_t batches = 6 + what.run / static_cast<uint64_t>(what.elements);
  const auto audio = check::audio(2 * kBatchSamples);
  {
    std::vector<std::unique_ptr<Feeder>> feeders;
    for (int i = 0; i < what.elements; ++i)
      feeders.push_back(std::make_unique<Feeder>(outcome, audio, batches));
    for (const auto& feeder : feeders) feeder->begin();
    // A stream that leaves the NPU for another reason never gets there. The known-answer test does,
    // but on a busy machine software may have computed everything until then.
    while (Emulation::counters().faults == 0) {
      if (what.run > 1 && outcome.fed == what.elements && Emulation::counters().faults == 0) {
        std::fprintf(stderr, "no run was stuck: %s\n", feeders.front()->stats().c_str());
        std::exit(1);
      }
      std::this_thread::yield();
    }
    switch (what.stop) {
      case Stop::flush:
        timed(feeders, outcome, [](Feeder& feeder) { feeder.flush(); });
        for (const auto& feeder : feeders) feeder->again();
        timed(feeders, outcome, [](Feeder& feeder) { feeder.eos(); });
        for (const auto& feeder : feeders) outcome.lost += feeder->lost();
        break;
      case Stop::null:
        stop_all(feeders, outcome);
        break;
      case Stop::eos:
        for (const auto& feeder : feeders) feeder->join();
        timed(feeders, outcome, [](Feeder& feeder) { feeder.eos(); });
        for (const auto& feeder : feeders) outcome.lost += feeder->lost();
        break;
      case Stop::sigterm:
        kill(getppid(), SIGUSR1);  // ready
        while (terminated == 0) std::this_thread::yield();
        stop_all(feeders, outcome);
        break;
    }
  }
  outcome.finished = true;
  // As an application ends: with the clean-up of all libraries.
  std::exit(0);
}

constexpr std::chrono::seconds kPatience{20};

/// Waits for one of the signals, which are blocked. False when it takes too long.
bool wait_for_signal(const sigset_t& signals, Clock::time_point limit) {
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(limit - Clock::now());
  if (left.count() <= 0) return false;
  const timespec time{left.count() / 1000000000, left.count() % 1000000000};
  return sigtimedwait(&signals, nullptr, &time) > 0;
}

/// The child's exit status, or -1 after it had to be killed.
int status_of(pid_t child, const sigset_t& signals) {
  const auto limit = Clock::now() + kPatience;
  int status = 0;
  while (waitpid(child, &status, WNOHANG) != child)
    if (!wait_for_signal(signals, limit)) {
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
      return -1;
    }
  return status;
}

/// Runs the case in a process of its own.
int run(const Case& what, Outcome& outcome) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR1);
  sigaddset(&signals, SIGCHLD);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  std::fflush(nullptr);
  const pid_t child = fork();
  fail_unless(child >= 0);
  if (child == 0) {
    sigprocmask(SIG_UNBLOCK, &signals, nullptr);
    live_through(what, outcome);
  }
  if (what.stop != Stop::sigterm) return status_of(child, signals);
  sigset_t ready = signals;
  sigdelset(&ready, SIGCHLD);
  wait_for_signal(ready, Clock::now() + kPatience);
  const auto begun = Clock::now();
  kill(child, SIGTERM);
  const int status = status_of(child, signals);
  keep_longest(outcome.longest_ms, ms_since(begun));
  return status;
}

Outcome* shared_outcomes(size_t count) {
  void* memory = mmap(nullptr, count * sizeof(Outcome), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  fail_unless(memory != MAP_FAILED);
  return new (memory) Outcome[count]{};
}

void survive_everything(int elements) {
  const bool full = std::getenv("NPUMEL_FREEZE_FULL") != nullptr;
  std::vector<Case> cases;
  for (const uint64_t run : {1, 8, 140})
    for (const int recovery : {full ? 3000 : 300, full ? 60000 : 6000, 0})
      for (const Stop stop : {Stop::flush, Stop::null, Stop::eos, Stop::sigterm})
        cases.push_back({run, recovery, elements, stop});
  Outcome* outcomes = shared_outcomes(cases.size());
  std::string failed;
  std::printf("%d element%s: stuck run, recovery, call: longest ms (longest push), rows lost\n",
              elements, elements > 1 ? "s" : "");
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case& what = cases[i];
    Outcome& outcome = outcomes[i];
    const int status = run(what, outcome);
    const bool good = status == 0 && outcome.finished && outcome.lost == 0;
    char line[120];
    std::snprintf(
        line, sizeof line, "%4d  %8s  %-10s  %6d (%6d)  %ld%s", static_cast<int>(what.run),
        what.recovery_ms > 0 ? (std::to_string(what.recovery_ms) + " ms").c_str() : "never",
        kStops[static_cast<int>(what.stop)], outcome.longest_ms.load(), outcome.push_ms.load(),
        static_cast<long>(outcome.lost),
        status < 0 ? "  HAD TO BE KILLED"
        : good     ? ""
                   : "  FAILED");
    std::printf("%s\n", line);
    if (!good) failed += std::string("\n") + line;
  }
  fail_unless(failed.empty(), "%d elements:%s", elements, failed.c_str());
}

CHECK_TEST(one_element_stops_while_a_run_is_stuck) { survive_everything(1); }
CHECK_TEST(eight_elements_stop_while_a_run_is_stuck) { survive_everything(8); }
CHECK_TEST(thirty_two_elements_stop_while_a_run_is_stuck) { survive_everything(32); }

}  // namespace
