// SPDX-License-Identifier: LGPL-2.1-or-later
// Buffers of rows in: each by itself, or as parts of a stream.
#include <gst/audio/audio.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "gst/common/guarded.h"
#include "gst/meltransform/log.h"
#include "gst/meltransform/mel_transform.h"
#include "gst/meltransform/row_values.h"

#define GST_CAT_DEFAULT mel_transform_debug

namespace npumel {
namespace {

/// Two gigabytes of a clip in one buffer.
constexpr int64_t kMostClipValues = int64_t{1} << 29;

}  // namespace

void MelTransform::set_pending_flow(GstFlowReturn flow) {
  if (flow != GST_FLOW_OK) pending_flow_ = flow;
}

/// An exception ends the stream: rows that went half of the way are no beginning.
GstFlowReturn MelTransform::submit(BufferPtr buffer) {
  try {
    return take(std::move(buffer));
  } catch (...) {
    reset_stream();
    throw;
  }
}

GstFlowReturn MelTransform::take(BufferPtr buffer) {
  if (pending_flow_ != GST_FLOW_OK) return std::exchange(pending_flow_, GST_FLOW_OK);
  if (!configured_) return GST_FLOW_NOT_NEGOTIATED;
  if (reverse_) return GST_FLOW_OK;
  const RowInfo& info = source_->info;
  const gsize size = gst_buffer_get_size(buffer.get());
  if (size % info.row_size() != 0) {
    NPUMEL_ELEMENT_ERROR(self_, STREAM, FORMAT,
                         ("A buffer of %" G_GSIZE_FORMAT " bytes does not hold whole rows of %d "
                          "values (%" G_GSIZE_FORMAT " bytes each)",
                          size, info.width(), info.row_size()),
                         (nullptr));
    return GST_FLOW_ERROR;
  }
  const auto rows = static_cast<int64_t>(size / info.row_size());
  if (rows == 0) return GST_FLOW_OK;
  const auto meta = read_row_meta(buffer.get());
  if (meta) note_meta(*meta);
  const int64_t valid = meta && meta->valid >= 0 ? std::min<int64_t>(meta->valid, rows) : rows;

  const MappedBuffer mapped(share(buffer.get()), GST_MAP_READ);
  if (!mapped) {
    NPUMEL_ELEMENT_ERROR(self_, RESOURCE, READ, ("Cannot read a buffer of rows"), (nullptr));
    return GST_FLOW_ERROR;
  }
  uint64_t nonfinite = 0;
  const std::span<const float> values = read_rows(
      {mapped.data(), info.type(), info.layout(), info.width(), rows}, rows, scratch_, nonfinite);
  count_nonfinite(nonfinite);
  GST_LOG_OBJECT(self_,
                 "%" G_GINT64_FORMAT " rows (%" G_GINT64_FORMAT " valid) at %" GST_TIME_FORMAT,
                 rows, valid, GST_TIME_ARGS(GST_BUFFER_PTS(buffer.get())));
  return mode_ == Mode::stream ? take_stream(buffer.get(), values, valid)
                               : take_alone(buffer.get(), values, valid);
}

void MelTransform::note_meta(const RowMeta& meta) {
  log_max_ = meta.log_max;
  if (backend_ != meta.backend) backend_ = meta.backend;
}

void MelTransform::count_nonfinite(uint64_t found) {
  if (found == 0 || nonfinite_warned_) return;
  nonfinite_warned_ = true;
  GST_ELEMENT_WARNING(self_, STREAM, FORMAT, ("Values that are NaN or infinite are read as 0"),
                      (nullptr));
}

GstFlowReturn MelTransform::take_stream(GstBuffer* buffer, std::span<const float> rows,
                                        int64_t valid) {
  Placement placement;
  placement.pts = GST_BUFFER_PTS(buffer);
  placement.offset = GST_BUFFER_OFFSET(buffer);
  placement.offset_end = GST_BUFFER_OFFSET_END(buffer);
  placement.rows = static_cast<int64_t>(rows.size()) / source_->input.dims;
  placement.discont = GST_BUFFER_IS_DISCONT(buffer);

  int64_t position = transformer_->rows_in() * hop();
  const GstClockTime expected = timeline_.started() ? timeline_.at(position) : GST_CLOCK_TIME_NONE;
  const Follows follows = continuity_.judge(placement, expected);
  if (follows == Follows::no) {
    GST_INFO_OBJECT(
        self_, "rows at %" GST_TIME_FORMAT " instead of %" GST_TIME_FORMAT " begin a new stream",
        GST_TIME_ARGS(placement.pts), GST_TIME_ARGS(expected));
    const GstFlowReturn flow = drain();
    if (flow != GST_FLOW_OK) return flow;
    position = 0;
  } else if (follows == Follows::with_step) {
    GST_INFO_OBJECT(self_, "time moves from %" GST_TIME_FORMAT " to %" GST_TIME_FORMAT,
                    GST_TIME_ARGS(expected), GST_TIME_ARGS(placement.pts));
    timeline_.move(position, static_cast<int64_t>(placement.pts - expected));
  }
  if (!timeline_.started()) {
    const GstSegment& segment = GST_BASE_TRANSFORM(self_)->segment;
    const bool timed = segment.format == GST_FORMAT_TIME;
    timeline_.start(GST_CLOCK_TIME_IS_VALID(placement.pts) ? placement.pts
                    : timed                                ? segment.start
                                                           : 0);
    first_offset_ =
        placement.counts_rows() ? placement.offset / static_cast<uint64_t>(recipe_->stride()) : 0;
    resynced_ = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_RESYNC);
  }
  continuity_.took(placement);
  captures_.note(buffer, position);
  if (!GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP))
    sound_end_ = transformer_->rows_in() + valid;

  const GstFlowReturn flow =
      feed(rows.first(static_cast<size_t>(valid) * static_cast<size_t>(source_->input.dims)));
  if (flow != GST_FLOW_OK) {
    reset_stream();
    return flow;
  }
  if (valid == placement.rows) return GST_FLOW_OK;
  // What upstream padded is the end of the rows that are real. How long it lasts upstream knows.
  padding_ = placement.rows - valid;
  filled_ = placement.rows == source_->frames();
  if (GST_BUFFER_DURATION_IS_VALID(buffer)) {
    const int64_t lasts = timeline_.samples_in(GST_BUFFER_DURATION(buffer));
    time_limit_ = position + std::min(lasts, std::numeric_limits<int64_t>::max() - position);
  }
  return drain(true);
}

GstFlowReturn MelTransform::feed(std::span<const float> rows) {
  const auto dims = static_cast<size_t>(source_->input.dims);
  const auto width = static_cast<size_t>(features_.dims);
  while (!rows.empty()) {
    const auto here = static_cast<int64_t>(rows.size() / dims);
    const int64_t take = std::min(here, transformer_->rows_for(writer_.room()));
    const int64_t ready = transformer_->rows_after(take);
    const std::span<const float> taken = rows.first(static_cast<size_t>(take) * dims);
    if (ready > 0 && ready <= writer_.room()) {
      std::span<float> target;
      const GstFlowReturn flow = writer_.begin(target);
      if (flow != GST_FLOW_OK) return flow;
      writer_.wrote(transformer_->push(taken, target));
    } else {
      waiting_.resize(static_cast<size_t>(ready) * width);
      waiting_from_ = 0;
      transformer_->push(taken, waiting_);
    }
    rows = rows.subspan(taken.size());
    const GstFlowReturn flow = push_full_blocks();
    if (flow != GST_FLOW_OK) return flow;
  }
  return GST_FLOW_OK;
}

GstFlowReturn MelTransform::take_alone(GstBuffer* buffer, std::span<const float> rows,
                                       int64_t valid) {
  const auto dims = static_cast<size_t>(source_->input.dims);
  const auto count = static_cast<int64_t>(rows.size() / dims);
  const bool clip = features_.frames == 0;
  // Rows that pad a buffer are rows of silence, those behind a clip are its mask: zeros.
  const int64_t real = clip ? valid : count;
  const int64_t padding = clip ? transformed_rows(*recipe_, count) : 0;
  BufferPtr result;
  const GstFlowReturn flow =
      transform_alone(rows.first(static_cast<size_t>(real) * dims), padding, result);
  if (flow != GST_FLOW_OK) return flow;
  const auto made = static_cast<int64_t>(gst_buffer_get_size(result.get()) / features_.row_size());
  if (made == 0) {
    warn_of_short_clip(real);
    return GST_FLOW_OK;
  }
  if (!clip) {
    const GstFlowReturn announced = announce_frames(made);
    if (announced != GST_FLOW_OK) return announced;
  }
  gst_buffer_copy_into(
      result.get(), buffer,
      static_cast<GstBufferCopyFlags>(GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS), 0,
      static_cast<gsize>(-1));
  uint64_t offset = GST_BUFFER_OFFSET(buffer);
  if (offset != GST_BUFFER_OFFSET_NONE) {
    offset /= static_cast<uint64_t>(recipe_->stride());
    GST_BUFFER_OFFSET(result.get()) = offset;
    GST_BUFFER_OFFSET_END(result.get()) = offset + static_cast<uint64_t>(made);
  }
  captures_.clear();
  captures_.note(buffer, 0);
  captures_.attach(result.get(), 0, timeline_);
  if (const GstAudioLevelMeta* level = gst_buffer_get_audio_level_meta(buffer))
    gst_buffer_add_audio_level_meta(result.get(), level->level, level->voice_activity);
  const auto meta = read_row_meta(buffer);
  const uint64_t first = meta ? meta->offset / static_cast<uint64_t>(recipe_->stride()) : 0;
  describe(result.get(), static_cast<int64_t>(first), made,
           clip ? std::min(transformed_valid_rows(*recipe_, valid), made) : valid);
  return push(std::move(result));
}

/// One buffer of the rows that come of `rows`, followed by zeros up to `least` rows.
GstFlowReturn MelTransform::transform_alone(std::span<const float> rows, int64_t least,
                                            BufferPtr& result) {
  const auto width = static_cast<size_t>(features_.dims);
  const auto count = static_cast<int64_t>(rows.size()) / source_->input.dims;
  const int64_t room = std::max(transformed_rows(*recipe_, count), int64_t{0});
  const bool direct = features_.type == ElementType::f32 && features_.layout == Layout::frame_major;
  const int64_t most = std::max(room, least);
  if (most > kMostClipValues / features_.dims)
    throw ElementError(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT,
                       "A clip of " + std::to_string(count) + " rows would become " +
                           std::to_string(most) + " rows of " + std::to_string(features_.dims) +
                           " values, which is too much for one buffer: set frames on npumelspec");
  MappedBuffer target;
  std::span<float> out;
  const auto values = static_cast<size_t>(most) * width;
  if (direct) {
    const GstFlowReturn flow = pool_.acquire(values * sizeof(float), target);
    if (flow != GST_FLOW_OK) return flow;
    out = std::span(reinterpret_cast<float*>(target.data()), values);
  } else {
    clip_.resize(values);
    out = clip_;
  }
  transformer_->reset();
  int64_t made = transformer_->push(rows, out);
  made += transformer_->drain(out.subspan(static_cast<size_t>(made) * width));
  const int64_t total = made == 0 ? 0 : std::max(made, least);
  std::fill(out.begin() + made * static_cast<int64_t>(width),
            out.begin() + total * static_cast<int64_t>(width), 0.0F);
  if (!direct) {
    const size_t bytes = static_cast<size_t>(total) * features_.row_size();
    const GstFlowReturn flow = pool_.acquire(bytes, target);
    if (flow != GST_FLOW_OK) return flow;
    write_rows(out.first(static_cast<size_t>(total) * width), features_.dims, features_.type,
               features_.layout, target.data());
  }
  result = target.release();
  if (total != most)
    gst_buffer_set_size(result.get(),
                        static_cast<gssize>(static_cast<size_t>(total) * features_.row_size()));
  return GST_FLOW_OK;
}

void MelTransform::warn_of_short_clip(int64_t rows) {
  GST_DEBUG_OBJECT(self_, "%" G_GINT64_FORMAT " rows give none", rows);
  const int64_t least = transformer_->output().smallest_clip;
  if (rows >= least || short_warned_) return;
  short_warned_ = true;
  GST_ELEMENT_WARNING(self_, STREAM, FORMAT,
                      ("A stream of %" G_GINT64_FORMAT " rows gives no features: these settings "
                       "need %" G_GINT64_FORMAT " rows at least",
                       rows, least),
                      (nullptr));
}

}  // namespace npumel
