// SPDX-License-Identifier: LGPL-2.1-or-later
// The types that the element and the backends share: configuration, errors, messages, statistics.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "gst/backend/printable.h"
#include "kernels/aie2/shape.h"
#include "kernels/mel/recipe.h"
#include "kernels/mel/rows.h"

namespace npumel {

/// Frames of a full batch: fixed by the NPU kernels.
inline constexpr int kBatchFrames = aie2::kFrames;

/// Why a backend cannot be had or failed. The element maps it to a GStreamer error code.
enum class BackendFault {
  library_missing,  ///< LIBRARY/INIT: the XRT module or XRT itself
  not_found,        ///< RESOURCE/NOT_FOUND: no device, no kernel package
  busy,             ///< RESOURCE/BUSY: hardware contexts exhausted
  permission,       ///< RESOURCE/OPEN_READ_WRITE: device node rights, memlock
  bad_package,      ///< RESOURCE/READ: kernel package unreadable, hostile or mismatched
  failed,           ///< RESOURCE/FAILED: known-answer test, run or verification failed
  unsupported,      ///< the recipe has no kernel: caps negotiation fails
};

/// Its text is printable, whatever it was made of.
class BackendError : public std::runtime_error {
 public:
  /// `permanent`: it would be the same at every later attempt in this process.
  BackendError(BackendFault fault, const std::string& what, bool permanent = false)
      : std::runtime_error(printable(what)), fault_(fault), permanent_(permanent) {}
  BackendFault fault() const noexcept { return fault_; }
  bool permanent() const noexcept { return permanent_; }

 private:
  BackendFault fault_;
  bool permanent_;
};

/// Memory of one batch, owned by a backend, filled by the framer: for int16 streams on the NPU this
/// is the mapped persistent buffer object itself. Samples are laid out as MelKernel::compute reads
/// them. A float stream keeps floats here (the software path may need them).
struct Slot {
  void* samples = nullptr;
  SampleType type = SampleType::s16;
  int capacity = 0;  ///< in samples, (max_frames - 1) * hop + win_length at least
  /// Where `samples` are to have pre-emphasis and the NPU may compute the batch: where the same
  /// samples go without it, because the NPU's kernel applies it itself.
  Slot* raw = nullptr;
  /// The last frames reach beyond the end of the stream: what is padded there has no pre-emphasis.
  bool beyond_end = false;
};

enum class BackendChoice { automatic, npu, software };

struct BackendConfig {
  Recipe recipe;
  SampleType type = SampleType::s16;      ///< of slots
  SampleType raw_type = SampleType::s16;  ///< of samples without pre-emphasis
  int rows_per_call = 0;                  ///< as MelKernel::get takes it
  int max_frames = kBatchFrames;          ///< largest batch that will be submitted, <= kBatchFrames
  /// The same where no batch can go to an NPU: memory for a stream of small buffers.
  int max_software_frames = kBatchFrames;
  BackendChoice choice = BackendChoice::automatic;
  std::string device;       ///< index or PCI address, empty = first
  std::string kernel_path;  ///< colon-separated folders, empty = environment, then installed folder
  int in_flight = 1;        ///< batches submitted ahead
  bool backlog = false;     ///< batches may come faster than their results are asked for
  unsigned timeout_ms = 2000;
  unsigned verify_interval = 64;         ///< 0 = off
  uint64_t retry_interval = 5000000000;  ///< ns
  /// Of a live stream: what it grants for a batch, in ns, after which software computes it unless
  /// the NPU has. 0 = not live.
  uint64_t live_deadline = 0;

  bool operator==(const BackendConfig&) const = default;
};

/// Something the application should know: posted as the `npumelspec-backend` element message, and
/// as a warning when `warn` is set.
struct BackendNotice {
  std::string backend;   ///< now active: "npu" or "software"
  std::string previous;  ///< "" at start
  std::string reason;
  uint64_t batch = 0;  ///< first batch concerned
  /// ns until the NPU is tried again; -1 = never, 0 = it is in use or being opened.
  int64_t retry_in = -1;
  bool warn = false;
};

/// Monotonic counters since configure(); times in ns.
struct BackendStats {
  uint64_t batches = 0, npu_batches = 0, software_batches = 0, fallbacks = 0;
  uint64_t npu_timeouts = 0, verify_failures = 0;
  uint64_t direct_batches = 0;    ///< of npu_batches, sent in the memory that the NPU wrote to
  uint64_t late_batches = 0;      ///< of a live stream that software computed: the NPU was late
  uint64_t overflow_batches = 0;  ///< that software computed because the queue was too long
  uint64_t kernel_time = 0, transfer_time = 0, convert_time = 0, software_time = 0;
  uint64_t input_buffer_size = 0, output_buffer_size = 0, instruction_buffer_size = 0;
  int runlist_depth = 0;
  int run_frames = 0;  ///< of a run, as chosen last: 100, or 1000 for a backlog
  /// What a frame of a backlog takes on the NPU in runs of 100 and of 1000 frames; 0 = not known.
  uint64_t frame_ns = 0, long_frame_ns = 0;
  bool npu_available = false;
  std::string npu_reason;             ///< why the NPU is not used, in words; "" when it is
  std::string npu_name, npu_address;  ///< of the NPU that was opened last; PCI address
};

/// Log levels as GStreamer has them: info for decisions, fallback and recovery, log for batches.
enum class LogLevel { warning, info, log };

/// Where the backend logs: the element routes it to its debug category, so that gst/backend needs
/// no GLib. Called only from threads that are in a call of the Supervisor.
class BackendLogger {
 public:
  virtual ~BackendLogger() = default;
  /// Asked before a line is put together, once a batch: must be cheap.
  virtual bool enabled(LogLevel level) const noexcept = 0;
  virtual void write(LogLevel level, const char* text) noexcept = 0;
};

/// The clock of all times in BackendStats.
inline uint64_t now_ns() noexcept {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

}  // namespace npumel
