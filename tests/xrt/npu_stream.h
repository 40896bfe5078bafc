// SPDX-License-Identifier: LGPL-2.1-or-later
// What the tests of the plugin on the NPU share: the emulated driver's controls, and streams
// compared with software.
#pragma once

#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"
#include "tests/xrt/emulator/control.h"

namespace npumel::xrt_test {

using check::MelStream;

/// Samples of one batch's hop: 100 frames.
inline constexpr size_t kBatchSamples = 16000;

/// The emulated driver of this process, or the real one, which takes no orders.
class Emulation {
 public:
  static bool present() { return entry<bool(const char*)>("npumel_emu_set_faults") != nullptr; }
  static void set_faults(const std::string& faults) {
    fail_unless(present(), "this test needs the emulated driver (tests/xrt/with-npu.sh)");
    fail_unless(entry<bool(const char*)>("npumel_emu_set_faults")(faults.c_str()), "bad fault %s",
                faults.c_str());
  }
  /// A setting of tests/xrt/emulator/settings.h.
  static void set(const char* name, uint64_t value) {
    fail_unless(present(), "this test needs the emulated driver (tests/xrt/with-npu.sh)");
    fail_unless(entry<bool(const char*, uint64_t)>("npumel_emu_set")(name, value), "no setting %s",
                name);
  }
  /// EXEC_CMD calls that this thread has made.
  static uint64_t thread_submissions() {
    return present() ? entry<uint64_t()>("npumel_emu_thread_submissions")() : 0;
  }
  static emu::Counters counters() {
    fail_unless(present(), "this test needs the emulated driver (tests/xrt/with-npu.sh)");
    emu::Counters now{};
    entry<void(emu::Counters*)>("npumel_emu_counters")(&now);
    return now;
  }

 private:
  template <typename Function>
  static Function* entry(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
  }
};

/// Waits until a fault has happened. RUN's is counted when the run begins.
inline void wait_for_fault() {
  while (Emulation::counters().faults == 0) std::this_thread::yield();
}

/// Waits until `now()` has fallen to `wanted`; fails if it stays above.
template <typename Count>
void wait_for(const Count& now, guint64 wanted) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (now() > wanted && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  ASSERT_EQUAL(now(), wanted);
}

/// Waits until as few hardware contexts are open as `wanted`; fails if they stay. A context whose
/// stream ended while the device still had work of it is let go by its own thread, once that has
/// ended. Nothing to wait for on real hardware, which does not count.
inline void wait_for_contexts(guint64 wanted) {
  if (Emulation::present()) wait_for([] { return Emulation::counters().contexts_alive; }, wanted);
}

/// A test package's folder as a kernel-path property; on real hardware the folders of the
/// environment.
inline std::string kernel_path(const std::string& package) {
  if (!Emulation::present()) return "";
  return " kernel-path=" + std::string(TEST_PACKAGES) + "/" + package;
}

/// A copy of a test package in a folder of its own: wrong numbers retire a package for the process.
class OwnPackage {
 public:
  explicit OwnPackage(const std::string& package) {
    if (!Emulation::present()) return;
    namespace fs = std::filesystem;
    folder_ = fs::temp_directory_path() / "npumelspec-package-XXXXXX";
    fail_unless(mkdtemp(folder_.data()) != nullptr);
    fs::copy(std::string(TEST_PACKAGES) + "/" + package, folder_);
  }
  ~OwnPackage() {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  OwnPackage(const OwnPackage&) = delete;
  OwnPackage& operator=(const OwnPackage&) = delete;

  std::string kernel_path() const { return folder_.empty() ? "" : " kernel-path=" + folder_; }

 private:
  std::string folder_;
};

/// What a stream gave, in order.
struct Result {
  std::vector<float> rows;
  std::vector<GstClockTime> times;
  std::vector<std::string> backends;
  check::PostedError error;
  check::PostedError warning;
  int warnings = 0;
  std::vector<guint64> suspect_batches;  ///< of npumelspec-backend messages that left the NPU
  std::string reason;                    ///< of the last of them
  std::string introduction;              ///< of the last that went to the NPU
  std::string active;
  guint64 npu_batches = 0;
  guint64 verify_failures = 0;
  guint64 fallbacks = 0;
};

inline void read_messages(MelStream& stream, Result& result) {
  const auto wanted =
      static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_WARNING | GST_MESSAGE_ELEMENT);
  while (const check::Message message = stream.bus().pop(wanted)) {
    GError* error = nullptr;
    gchar* debug = nullptr;
    const auto take = [&](check::PostedError& into) {
      if (into.code < 0)
        into = {error->domain, error->code,
                std::string(error->message) + " | " + (debug ? debug : "")};
      g_error_free(error);
      g_free(debug);
    };
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) {
      gst_message_parse_error(message.get(), &error, &debug);
      take(result.error);
    } else if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_WARNING) {
      gst_message_parse_warning(message.get(), &error, &debug);
      take(result.warning);
      ++result.warnings;
    } else if (gst_message_has_name(message.get(), "npumelspec-backend")) {
      const GstStructure* fields = gst_message_get_structure(message.get());
      const char* backend = gst_structure_get_string(fields, "backend");
      const char* reason = gst_structure_get_string(fields, "reason");
      guint64 batch = 0;
      gst_structure_get_uint64(fields, "batch", &batch);
      if (backend && std::string(backend) == "npu") result.introduction = reason ? reason : "";
      if (backend && std::string(backend) == "software") {
        result.suspect_batches.push_back(batch);
        result.reason = reason ? reason : "";
      }
    }
  }
}

/// Counters and messages of a stream that has ended; no rows.
inline Result summary(MelStream& stream) {
  Result result;
  gchar* active = nullptr;
  g_object_get(stream.element(), "active-backend", &active, nullptr);
  result.active = check::Owned<gchar>(active).get();
  result.npu_batches = stream.stat("npu-batches");
  result.verify_failures = stream.stat("verify-failures");
  result.fallbacks = stream.stat("fallbacks");
  read_messages(stream, result);
  return result;
}

/// GstHarness claims to be live. A file is not: batches may then be handed over in lists.
inline void not_live(MelStream& stream) {
  gst_pad_add_probe(
      stream.harness()->srcpad, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM,
      [](GstPad*, GstPadProbeInfo* info, gpointer) {
        GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
        if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return GST_PAD_PROBE_OK;
        gst_query_set_latency(query, FALSE, 0, GST_CLOCK_TIME_NONE);
        return GST_PAD_PROBE_HANDLED;
      },
      nullptr, nullptr);
}

/// How samples arrive: a second at a time from a microphone, unless said otherwise.
struct Feed {
  const char* caps = "audio/x-raw,format=S16LE,rate=16000";
  bool live = true;
  size_t chunk = kBatchSamples;
};

/// Pushes the samples and ends the stream.
template <typename T>
Result run_stream(const std::string& properties, const std::vector<T>& samples,
                  const Feed& feed = {}) {
  // A busy machine may be too late for what a live stream grants, which is not what is tested here.
  const bool granted = properties.find("processing-latency") != std::string::npos;
  MelStream stream =
      MelStream::idle(properties + (granted ? "" : " processing-latency=20000000000"));
  if (stream.started() && !feed.live) not_live(stream);
  stream.set_caps(feed.caps);
  if (!stream.started()) {
    Result refused;
    read_messages(stream, refused);
    return refused;
  }
  GstFlowReturn flow = GST_FLOW_OK;
  for (size_t at = 0; at < samples.size() && flow == GST_FLOW_OK; at += feed.chunk) {
    const size_t count = std::min(feed.chunk, samples.size() - at);
    flow = stream.push(std::span(samples).subspan(at, count), check::time_of(at));
  }
  if (flow == GST_FLOW_OK) stream.eos();
  Result result = summary(stream);
  result.rows = stream.rows();
  for (const check::Received* buffer : stream.buffers()) {
    result.times.push_back(buffer->pts);
    result.backends.push_back(buffer->backend);
  }
  return result;
}

/// Fails unless both streams have the same frames at the same times, and every value agrees within
/// `tolerance` (log10) inside max(x, M - 8), M = the largest value of the stream.
inline void assert_same_stream(const Result& actual, const Result& expected, double tolerance,
                               const std::string& what) {
  fail_unless(actual.times == expected.times, "%s: %zu buffers, want %zu, or other timestamps",
              what.c_str(), actual.times.size(), expected.times.size());
  fail_unless(actual.rows.size() == expected.rows.size(), "%s: %zu values, want %zu", what.c_str(),
              actual.rows.size(), expected.rows.size());
  const double floor =
      static_cast<double>(*std::max_element(expected.rows.begin(), expected.rows.end())) - 8;
  for (size_t i = 0; i < expected.rows.size(); ++i) {
    const double got = std::max(static_cast<double>(actual.rows[i]), floor);
    const double want = std::max(static_cast<double>(expected.rows[i]), floor);
    fail_unless(std::abs(got - want) <= tolerance, "%s: value %zu is %g, want %g", what.c_str(), i,
                got, want);
  }
}

/// Descriptors that this process has open.
inline size_t open_descriptors() {
  const auto entries = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(entries), end(entries)));
}

/// True when a file with this text in its name is mapped into the process.
inline bool is_mapped(const std::string& name) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find(name) != std::string::npos) return true;
  return false;
}

/// True when XRT or its module is. Never with a sanitizer: GStreamer then looks into every library
/// of the build folder in this process, the module included.
inline bool xrt_is_mapped() {
#ifdef __SANITIZE_ADDRESS__
  return false;
#else
  return is_mapped("libxrt") || is_mapped("npumelspec-xrt");
#endif
}

}  // namespace npumel::xrt_test
