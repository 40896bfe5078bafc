// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows into output buffers of a fixed number of rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gst/common/mapped_buffer.h"
#include "gst/common/output_pool.h"
#include "kernels/mel/rows.h"

namespace npumel {

/// Rows are written where downstream reads them, where that has their form (frame-major float32),
/// and converted from a block of our own elsewhere. Belongs to the streaming thread.
class BlockWriter {
 public:
  struct Config {
    int width = 0;  ///< values of a row
    int rows = 1;   ///< of a block
    ElementType type = ElementType::f32;
    Layout layout = Layout::frame_major;
  };

  explicit BlockWriter(OutputPool& pool) : pool_(pool) {}

  /// Forgets what was written.
  void configure(const Config& config);
  void reset();

  int64_t filled() const { return filled_; }
  int64_t room() const { return config_.rows - filled_; }
  bool full() const { return room() == 0; }

  /// Where the next rows go, room() of them. GST_FLOW_FLUSHING or GST_FLOW_EOS: there is no buffer,
  /// as the pool says. Throws as OutputPool::acquire() does.
  GstFlowReturn begin(std::span<float>& target);
  /// `rows` <= room() were written there.
  void wrote(int64_t rows) { filled_ += rows; }

  /// The block as a buffer of `rows` rows: those written, and zeros after them where it has more.
  /// Begins a new one. `rows` <= Config::rows.
  GstFlowReturn finish(int64_t rows, BufferPtr& buffer);

 private:
  bool direct() const {
    return config_.type == ElementType::f32 && config_.layout == Layout::frame_major;
  }
  size_t bytes(int64_t rows) const {
    return static_cast<size_t>(rows) * static_cast<size_t>(config_.width) * size_of(config_.type);
  }

  OutputPool& pool_;
  Config config_;
  MappedBuffer target_;      ///< direct(): the block
  std::vector<float> rows_;  ///< elsewhere
  int64_t filled_ = 0;
};

}  // namespace npumel
