// SPDX-License-Identifier: LGPL-2.1-or-later
// Selects the backend for each batch and falls back to software: the element's way into
// gst/backend.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gst/backend/device_rows.h"
#include "gst/backend/types.h"

struct NpumelXrtApi;

namespace npumel {

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

  /// Before open(); must outlive the Supervisor.
  void set_logger(BackendLogger* logger) noexcept;

  /// From start(): looks for the device; that there is none is a notice at once. Throws
  /// BackendError only with BackendChoice::npu.
  void open(BackendChoice choice, const std::string& device);
  /// From set_caps, with nothing in flight. Allocates every slot. Throws BackendError (only with
  /// BackendChoice::npu), std::bad_alloc.
  void configure(const BackendConfig& config);
  void close() noexcept;

  /// The slot to fill next, or nullptr while all are in flight, or must end before there can be
  /// more of them: collect() one first. The same slot comes back until it is submitted. A freshly
  /// begun slot's content is undefined.
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
  /// `sent`, unless null: a full batch of the NPU's whose rows need no conversion is not written to
  /// `out` but handed out there.
  Collected collect(const RowSink& out, DeviceRows* sent = nullptr);
  /// Forgets all batches in flight (flush). Slots in use by a device are not reused before the run
  /// has ended.
  void discard() noexcept;

  /// FLUSH_START and stop(): collect() returns at once with `interrupted` until resume().
  void interrupt() noexcept;
  void resume() noexcept;

  /// Whether batches will be worth filling once the NPU is in use, as far as is known after
  /// configure().
  bool may_fill_batches() const noexcept;
  /// Frames of the largest batch that submit() takes, as far as is known after configure().
  int max_frames() const noexcept;
  /// Whether batches are worth filling though a buffer could be completed earlier: a run takes the
  /// NPU as long whatever it holds, and nobody waits for the rows. The streaming thread's.
  bool fills_batches() const noexcept;

  const char* active() const noexcept;  ///< "software" or "npu"
  BackendStats stats() const;
  std::vector<BackendNotice> take_notices();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace npumel
