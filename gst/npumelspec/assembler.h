// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows in, output buffers out.
#pragma once

#include <gst/gst.h>

#include <bitset>
#include <limits>
#include <vector>

#include "gst/backend/types.h"
#include "gst/common/growing_memory.h"
#include "gst/common/output_pool.h"
#include "gst/common/pointers.h"
#include "gst/npumelspec/shape.h"
#include "gst/npumelspec/tagged_rows.h"
#include "kernels/mel/normalize.h"
#include "kernels/mel/rows.h"

namespace npumel {

enum class NormalizeMode { none, buffer, running, fixed };

/// One buffer's worth of rows.
struct Output {
  BufferPtr buffer;
  int64_t start = 0;         ///< number of its first frame since the last resync
  int rows = 0;              ///< in the buffer
  int valid = 0;             ///< of those, computed from audio and not from padding
  double log_max = 0;        ///< largest raw value, tail silence included
  const char* backend = "";  ///< "software", "npu" or "mixed"
  bool silent = false;       ///< every frame covers GAP samples only
};

/// How a stream ends, in frame numbers.
struct Ending {
  int64_t rows = 0;   ///< one past the last frame that belongs to an output buffer
  int64_t valid = 0;  ///< one past the last frame that is counted as valid
  int64_t total = 0;  ///< one past the last frame that is computed: the rest counts for maxima only
  // Only where the whole stream is one buffer:
  int64_t dropped = 0;    ///< of `rows`, last ones that count for the maximum but are not sent
  int64_t zero_rows = 0;  ///< rows of zeros that follow those that are sent
};

/// Puts computed rows into buffers of the negotiated shape. Rows are written directly into the
/// output buffer, unless buffers overlap, a batch holds several or a part of one, or float16 is to
/// be normalised. A whole stream is written into memory that grows and then
/// becomes the buffer, without a copy unless it is mel-major. Not thread-safe: belongs to the
/// streaming thread.
class Assembler {
 public:
  struct Config {
    Shape shape;
    int mels = 80;
    Layout layout = Layout::frame_major;
    ElementType type = ElementType::f32;
    NormalizeMode mode = NormalizeMode::none;
    Normalization normalization;
    double fixed_max = 0;
    /// Batches are full whatever the shape: buffers begin and end inside of them.
    bool full_batches = false;
    int batch_frames = kBatchFrames;  ///< of the largest batch, <= kBatchFrames

    bool operator==(const Config&) const = default;
  };

  explicit Assembler(OutputPool& pool) : pool_(pool) {}
  Assembler(const Assembler&) = delete;
  Assembler& operator=(const Assembler&) = delete;

  /// Throws std::bad_alloc.
  void configure(const Config& config);
  /// Drops everything held. The next row is that of frame 0.
  void reset() noexcept;

  /// Frames that the batch starting at frame `first` should have when enough audio is available.
  int limit(int64_t first) const noexcept;
  /// Of `ready` frames from `first` on: how many complete at least one buffer. 0 = wait for more.
  int early(int64_t first, int ready) const noexcept;

  /// No row at or after ending.total will come.
  void finish(const Ending& ending) noexcept;
  bool finished() const noexcept { return finished_; }
  const Ending& ending() const noexcept { return ending_; }
  /// Frames of buffers complete when `frames` frames exist.
  int64_t covered(int64_t frames) const noexcept;

  /// Whether frames [0, frames) complete a buffer that has not been taken.
  bool complete_with(int64_t frames) const noexcept;

  /// Where the rows of frames [first, first + count) go. Batches come in order.
  GstFlowReturn sink(int64_t first, int count, RowSink& rows);
  /// Whether the rows of sink() are all that one buffer will hold, as they come: memory that holds
  /// them can be the buffer's.
  bool is_a_buffer(int64_t first, int count) const noexcept;
  /// In place of what sink() returned: a buffer with the rows in it, float32 and frame-major.
  void adopt(BufferPtr buffer);
  /// The rows of sink() have been written.
  void commit(int64_t first, int count, double maximum, const char* backend,
              const std::bitset<kBatchFrames>& silent);
  /// The next complete buffer, or an Output without one.
  GstFlowReturn take(Output& output);

 private:
  struct Block {
    int64_t start = 0;
    int rows = 0;
    int valid = 0;
    double maximum = 0;
  };

  size_t bytes(int64_t rows) const noexcept;
  bool normalizes() const noexcept { return config_.mode != NormalizeMode::none; }
  bool fills_a_buffer(int64_t first, int count) const noexcept;
  bool next_block(Block& block) const noexcept;
  void normalize_rows(const RowBlock& rows, const Block& block);
  void write(void* target, const float* rows, int count) const;
  /// `all`, `any`: the tags of the block's rows, and-ed and or-ed.
  static void describe(const Block& block, uint8_t all, uint8_t any, Output& output);
  GstFlowReturn take_direct(const Block& block, Output& output);
  GstFlowReturn take_stored(const Block& block, Output& output);
  GstFlowReturn take_whole(const Block& block, Output& output);
  /// Of the rows of a whole stream while it lasts.
  ElementType whole_type() const noexcept;
  size_t whole_width() const noexcept;

  OutputPool& pool_;
  Config config_;
  bool direct_ = true;         ///< every batch lies within one buffer
  bool may_be_direct_ = true;  ///< the rows of a batch that is one buffer can be written into it

  int64_t done_ = 0;     ///< rows committed
  int64_t buffers_ = 0;  ///< buffers taken
  bool finished_ = false;
  Ending ending_;
  double tail_maximum_ = -std::numeric_limits<double>::infinity();
  double running_maximum_ = -std::numeric_limits<double>::infinity();

  // Direct: the buffer being written. Else empty but for a batch that is one buffer.
  MappedBuffer current_;
  double maximum_ = -std::numeric_limits<double>::infinity();
  uint8_t tags_all_ = 0xff;  ///< bits common to all rows
  uint8_t tags_any_ = 0;     ///< bits of any row

  /// Rows from `first` on have this tag, up to the next run.
  struct TagRun {
    int64_t first;
    uint8_t tag;
  };

  // The whole stream: all rows and their tags.
  GrowingMemory whole_;
  std::vector<TagRun> whole_tags_;

  // Neither: rows wait here. Scratch holds normalised copies and rows of tail silence.
  TaggedRows store_;
  std::vector<float> scratch_;
};

}  // namespace npumel
