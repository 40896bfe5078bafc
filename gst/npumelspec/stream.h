// SPDX-License-Identifier: LGPL-2.1-or-later
// One stream on its way from samples to output buffers: framer, backend and assembler, and the
// batches in flight between them.
#pragma once

#include <gst/gst.h>

#include <bitset>
#include <cstdint>
#include <vector>

#include "gst/backend/supervisor.h"
#include "gst/npumelspec/assembler.h"
#include "gst/npumelspec/framer.h"
#include "gst/npumelspec/level_meter.h"

namespace npumel {

/// Belongs to the streaming thread; supervisor() may be used from other threads as its header says.
class Stream {
 public:
  struct Config {
    BackendConfig backend;
    Assembler::Config output;
    bool measures_level = false;  ///< level() is asked for

    bool operator==(const Config&) const = default;
  };

  /// `log_object`: the GObject that lines in the log are attributed to, or null.
  explicit Stream(OutputPool& pool, gpointer log_object = nullptr)
      : log_object_(static_cast<GObject*>(log_object)), assembler_(pool) {}

  Supervisor& supervisor() { return supervisor_; }
  const Supervisor& supervisor() const { return supervisor_; }
  const Framer& framer() const { return framer_; }
  const Shape& shape() const { return config_.output.shape; }

  /// Prepares for streams of one recipe and shape, with the supervisor opened. Drops what is held.
  /// Throws BackendError, std::bad_alloc.
  void configure(const Config& config);
  /// Drops what is held, also what is in flight. The next sample is sample 0.
  void reset() noexcept;

  /// Silence, then samples, to be consumed by next(). `samples` is borrowed until next() has
  /// returned without an output or reset() was called. Everything fed before must be consumed.
  void feed(int64_t silence, const void* samples, int64_t count);
  /// No more samples will come: zeros up to `length` samples, then frames up to ending.total.
  void finish(int64_t length, const Ending& ending);

  /// Works until a buffer is complete, or until there is nothing more to do with what was fed
  /// (GST_FLOW_OK and no buffer). With `wait`, nothing is left in flight then; else up to
  /// Supervisor::ahead() - 1 batches, or what completes no buffer yet. GST_FLOW_FLUSHING:
  /// interrupted. Throws BackendError.
  GstFlowReturn next(Output& output, bool wait);

  /// Whether buffers may have the memory that the NPU wrote their rows to: nobody downstream asks
  /// for memory of his own.
  void take_device_memory(bool take) { takes_device_memory_ = take; }

  /// Of the audio under frames [first, first + count) of the buffer taken last. Only with
  /// Config::measures_level.
  AudioLevel level(int64_t first, int64_t count);

  /// Whether something that was fed waits to be consumed.
  bool has_input() const { return silence_ > 0 || samples_left_ > 0; }
  int64_t input_left() const { return silence_ + samples_left_; }
  /// Whether finish() was called.
  bool finished() const { return assembler_.finished(); }
  /// Samples moved into batches since reset(), silence included. What was fed and waits is not
  /// counted.
  int64_t samples() const { return framer_.samples(); }
  /// Whether no sample has been moved into a batch since reset().
  bool empty() const { return framer_.samples() == 0; }

 private:
  struct Batch {
    uint64_t number = 0;  ///< counts from 0 since configure(), as in BackendNotice
    int64_t first = 0;    ///< its first frame
    int frames = 0;
    std::bitset<kBatchFrames> silent;
  };

  bool closing() const;
  bool fill(bool wait);
  void submit(int frames);
  bool more_follow() const;
  bool can_wait() const;
  GstFlowReturn collect();

  GObject* log_object_;
  Config config_;
  uint64_t batches_ = 0;  ///< submitted since configure()
  Supervisor supervisor_;
  Framer framer_;
  /// The same samples without pre-emphasis, for slots that take them, too.
  Framer raw_framer_;
  Assembler assembler_;
  LevelMeter meter_;
  bool takes_device_memory_ = false;
  Slot* slot_ = nullptr;
  std::vector<Batch> in_flight_;  ///< oldest first, at most Supervisor::depth()

  int64_t silence_ = 0;
  const char* samples_ = nullptr;
  int64_t samples_left_ = 0;
};

}  // namespace npumel
