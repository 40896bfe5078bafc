// SPDX-License-Identifier: LGPL-2.1-or-later
// Picks a backend, checks its work and replaces it: the only thing the element knows of
// gst/backend.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gst/backend/mel_backend.h"

struct NpumelXrtApi;

namespace npumel {

enum class BackendChoice { automatic, npu, software };

struct SupervisorConfig {
  Recipe recipe;
  SampleType type = SampleType::s16;
  int rows_per_call = 0;          ///< as MelKernel::get takes it
  int max_frames = kBatchFrames;  ///< largest batch that will be submitted, <= kBatchFrames
  BackendChoice choice = BackendChoice::automatic;
  std::string device;       ///< index or PCI address, empty = first
  std::string kernel_path;  ///< colon-separated folders, empty = environment, then installed folder
  int in_flight = 1;        ///< batches submitted ahead
  bool backlog = false;     ///< batches may come faster than their results are asked for
  unsigned timeout_ms = 2000;
  unsigned verify_interval = 64;         ///< 0 = off
  uint64_t retry_interval = 5000000000;  ///< ns
};

/// Something the application should know: posted as the `npumelspec-backend` element message, and
/// as a warning when `warn` is set.
struct BackendNotice {
  std::string backend;   ///< now active: "npu" or "software"
  std::string previous;  ///< "" at start
  std::string reason;
  uint64_t batch = 0;  ///< first batch concerned
  bool warn = false;
};

/// Monotonic counters since configure(); times in ns.
struct SupervisorStats {
  uint64_t batches = 0, npu_batches = 0, software_batches = 0, fallbacks = 0;
  uint64_t npu_timeouts = 0, verify_failures = 0;
  uint64_t kernel_time = 0, transfer_time = 0, convert_time = 0, software_time = 0;
  uint64_t input_buffer_size = 0, output_buffer_size = 0, instruction_buffer_size = 0;
  int runlist_depth = 0;
  bool npu_available = false;
  std::string npu_reason;             ///< why the NPU is not used, in words; "" when it is
  std::string npu_name, npu_address;  ///< of the NPU that was opened last; PCI address
};

/// Threads: open, configure, begin, submit, collect, discard and close belong to the streaming
/// thread (or to state changes while it is stopped). interrupt, resume, stats, active and
/// take_notices may be called from any thread.
class Supervisor {
 public:
  Supervisor();
  /// Uses this table instead of looking for a device and loading the XRT module: what tests script
  /// faults with. It must outlive the process's last run on it.
  explicit Supervisor(const NpumelXrtApi& scripted);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// From start(): looks for the device; that there is none is a notice at once. Throws
  /// BackendError only with BackendChoice::npu.
  void open(BackendChoice choice, const std::string& device, const std::string& kernel_path);
  /// From set_caps, with nothing in flight. Allocates every slot. Throws BackendError (only with
  /// BackendChoice::npu), std::bad_alloc.
  void configure(const SupervisorConfig& config);
  void close() noexcept;

  /// The slot to fill next, or nullptr while all are in flight: collect() one first. The same slot
  /// comes back until it is submitted. A freshly begun slot's content is undefined.
  Slot* begin() noexcept;
  /// Hands over the slot of begin() with samples for `frames` frames (1 to max_frames). Never
  /// waits. The samples stay readable (the framer copies the overlap from them) until the slot of
  /// the second next begin() is asked for. `more`: another batch will be submitted before this one
  /// is collected, or the caller can wait: with `backlog` both may then be handed over together.
  void submit(Slot& slot, int frames, bool more = false);
  /// Batches submitted and not collected.
  int in_flight() const noexcept;
  /// How many may be in flight before begin() returns nullptr; software: 1.
  int depth() const noexcept;
  /// How many of them results may lag behind by; at most depth().
  int ahead() const noexcept;
  /// True when collect() would not wait.
  bool ready() const noexcept;

  struct Collected {
    bool interrupted = false;  ///< nothing was written; the batch is still in flight
    double maximum = 0;        ///< largest raw value of the rows
    const char* backend = "";  ///< which one computed the rows: "software" or "npu"
  };
  /// Waits for the oldest batch and writes its raw rows. On any NPU failure the batch is recomputed
  /// in software (BackendChoice::npu: throws BackendError instead).
  Collected collect(const RowSink& out);
  /// Forgets all batches in flight (flush). Slots in use by a device are not reused before the run
  /// has ended.
  void discard() noexcept;

  /// FLUSH_START and stop(): collect() returns at once with `interrupted` until resume().
  void interrupt() noexcept;
  void resume() noexcept;

  const char* active() const noexcept;  ///< "software" or "npu"
  SupervisorStats stats() const;
  std::vector<BackendNotice> take_notices();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace npumel
