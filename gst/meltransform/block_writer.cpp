// SPDX-License-Identifier: LGPL-2.1-or-later
// The block in hand, in the buffer that will leave or in memory of our own.
#include "gst/meltransform/block_writer.h"

#include <algorithm>
#include <utility>

#include "gst/meltransform/row_values.h"

namespace npumel {

void BlockWriter::configure(const Config& config) {
  reset();
  config_ = config;
  rows_.clear();
  if (!direct()) rows_.resize(static_cast<size_t>(config.rows) * static_cast<size_t>(config.width));
}

void BlockWriter::reset() {
  target_.reset();
  filled_ = 0;
}

GstFlowReturn BlockWriter::begin(std::span<float>& target) {
  const auto width = static_cast<size_t>(config_.width);
  if (direct() && !target_) {
    const GstFlowReturn flow = pool_.acquire(bytes(config_.rows), target_);
    if (flow != GST_FLOW_OK) return flow;
  }
  float* const rows = direct() ? reinterpret_cast<float*>(target_.data()) : rows_.data();
  target = std::span(rows, static_cast<size_t>(config_.rows) * width)
               .subspan(static_cast<size_t>(filled_) * width);
  return GST_FLOW_OK;
}

GstFlowReturn BlockWriter::finish(int64_t rows, BufferPtr& buffer) {
  std::span<float> rest;
  const GstFlowReturn begun = begin(rest);
  if (begun != GST_FLOW_OK) return begun;
  const auto width = static_cast<size_t>(config_.width);
  if (rows > filled_) std::fill_n(rest.data(), static_cast<size_t>(rows - filled_) * width, 0.0F);
  if (!direct()) {
    const GstFlowReturn flow = pool_.acquire(bytes(rows), target_);
    if (flow != GST_FLOW_OK) return flow;
    write_rows(std::span(rows_).first(static_cast<size_t>(rows) * width), config_.width,
               config_.type, config_.layout, target_.data());
  }
  buffer = target_.release();
  if (gst_buffer_get_size(buffer.get()) != bytes(rows))
    gst_buffer_set_size(buffer.get(), static_cast<gssize>(bytes(rows)));
  filled_ = 0;
  return GST_FLOW_OK;
}

}  // namespace npumel
