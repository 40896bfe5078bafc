// SPDX-License-Identifier: LGPL-2.1-or-later
// npyenc apart from GObject: buffers of features in, the bytes of one .npy file out.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <cstdint>
#include <optional>

#include "gst/common/row_info.h"
#include "gst/npyenc/written_file.h"

namespace npumel {

enum class NpyMode { concat, stack };

/// For the streaming thread, or for state changes while that is stopped, unless said otherwise.
/// Errors are posted as messages of the element. set_caps() may throw, the rest does not.
class NpyEncoder {
 public:
  NpyEncoder(GstElement* element, GstPad* srcpad) : element_(element), srcpad_(srcpad) {}
  NpyEncoder(const NpyEncoder&) = delete;
  NpyEncoder& operator=(const NpyEncoder&) = delete;

  /// Any thread. The mode holds for files whose caps come later.
  void set_mode(NpyMode mode) { wanted_mode_ = mode; }
  NpyMode mode() const { return wanted_mode_; }
  /// Any thread: where in the file the next byte goes.
  uint64_t position() const { return position_; }

  bool set_caps(const GstCaps* caps);
  /// Upstream's SEGMENT: times mean nothing in a file, which has a segment in bytes.
  bool segment(guint32 seqnum);
  /// Takes the buffer.
  GstFlowReturn write(GstBuffer* rows);
  /// Before EOS goes on: completes the header. After `follows_error` the file stays unfinished.
  void finish(guint32 seqnum, bool follows_error);
  /// After FLUSH_STOP, upon which filesink empties the file: the file starts again.
  void flushed(guint32 seqnum);

  /// The element leaves PAUSED: no data can come any more, the source pad is still active.
  /// Completes the header through a downstream that is still running.
  void stop();
  /// Downstream is stopped too. Completes the header in the file itself if all that was pushed has
  /// arrived there; filesink may hold some until it goes to NULL.
  void stopped();
  /// Downstream, filesink first, has closed the file: completes the header in it.
  void closed();
  /// A stream begins.
  void start() { reset(); }

 private:
  bool begun() const { return header_sent_; }
  const char* descr() const { return info_->type() == ElementType::f16 ? "<f2" : "<f4"; }
  bool frame_major() const { return info_->layout() == Layout::frame_major; }
  /// mode=concat of frame-major buffers: rows, whose number grows.
  bool appends_rows() const { return mode_ == NpyMode::concat && frame_major(); }
  /// What keeps its size in the file: a row, or a whole buffer.
  uint64_t unit_size() const;
  NpyHeader header(uint64_t buffers, uint64_t frames) const;
  NpyHeader unfinished_header() const;
  bool downstream_can_seek() const;
  bool is_flushing() const;
  /// What comes before the rows. `first_frames`: of the first buffer; `empty`: there are no rows.
  GstFlowReturn begin_file(uint64_t first_frames, bool empty);
  GstFlowReturn push_segment();
  GstFlowReturn push_header(const NpyHeader& header);
  /// Frames of a buffer of that size; -1 after an error message.
  gint64 frames_of(gsize size) const;
  void begin_again();
  void reset();
  void complete_in_file();
  void mark_empty_file();

  GstElement* element_;
  GstPad* srcpad_;
  std::atomic<NpyMode> wanted_mode_ = NpyMode::concat;
  std::atomic<uint64_t> position_ = 0;

  std::optional<RowInfo> info_;  ///< as the caps last said
  NpyMode mode_ = NpyMode::concat;
  guint32 seqnum_ = GST_SEQNUM_INVALID;  ///< of what upstream sent last
  bool segment_sent_ = false;
  bool header_sent_ = false;
  bool finished_ = false;  ///< the header was completed
  bool failed_ = false;    ///< the file is not whole: its header must not say otherwise
  uint64_t buffers_ = 0;
  uint64_t frames_ = 0;     ///< of all buffers; mode=stack: of each buffer
  NpyHeader in_file_ = {};  ///< what the file begins with when EOS did not complete it
  WrittenFile file_;
};

}  // namespace npumel
