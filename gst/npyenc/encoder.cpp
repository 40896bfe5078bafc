// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the rows as they come and the header when their number is known.
#include "gst/npyenc/encoder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <utility>

#include "gst/common/element_error.h"

GST_DEBUG_CATEGORY_EXTERN(npy_enc_debug);
#define GST_CAT_DEFAULT npy_enc_debug

namespace npumel {
namespace {

/// The pad of the element that really is downstream, through the pads of bins. A reference or null.
GstPad* real_peer(GstPad* srcpad) {
  GstPad* peer = gst_pad_get_peer(srcpad);
  while (peer != nullptr && GST_IS_PROXY_PAD(peer)) {
    GstProxyPad* internal = gst_proxy_pad_get_internal(GST_PROXY_PAD(peer));
    gst_object_unref(peer);
    if (internal == nullptr) return nullptr;
    peer = gst_pad_get_peer(GST_PAD(internal));
    gst_object_unref(internal);
  }
  return peer;
}

/// What the caps of a stream that goes on must not change: "mels from 80 to 40, log from ln to db".
std::string change_text(const RowInfo& before, const RowInfo& now) {
  std::string text;
  for (const FieldDifference& one : before.differs(now.in_buffers_of(before)))
    text += (text.empty() ? "" : ", ") + one.field + " from " + one.have + " to " + one.wanted;
  return text;
}

/// True when a buffer that is pushed now is taken. A sink in PAUSED waits for PLAYING with it.
bool is_running(GstPad* pad) {
  if (!gst_pad_is_active(pad) || GST_PAD_IS_FLUSHING(pad)) return false;
  GstElement* element = gst_pad_get_parent_element(pad);
  if (element == nullptr) return true;
  const bool playing = GST_STATE(element) == GST_STATE_PLAYING;
  gst_object_unref(element);
  return playing;
}

}  // namespace

void NpyEncoder::reset() {
  info_.reset();
  seqnum_ = GST_SEQNUM_INVALID;
  begin_again();
}

void NpyEncoder::begin_again() {
  segment_sent_ = false;
  header_sent_ = false;
  finished_ = false;
  failed_ = false;
  reset_errors(element_);
  buffers_ = 0;
  frames_ = 0;
  position_ = 0;
  file_.close();
}

uint64_t NpyEncoder::unit_size() const {
  return info_->row_size() * (appends_rows() ? 1 : frames_);
}

NpyHeader NpyEncoder::header(uint64_t buffers, uint64_t frames) const {
  std::array<uint64_t, 3> shape = {buffers, frames, static_cast<uint64_t>(info_->width())};
  if (!frame_major()) std::swap(shape[1], shape[2]);
  return npy_header(descr(), std::span(shape).subspan(mode_ == NpyMode::stack ? 0 : 1));
}

NpyHeader NpyEncoder::unfinished_header() const {
  // Before the caps: no rows, of no length.
  if (!info_) return unfinished_npy_header("<f4", std::array<uint64_t, 2>{kOpenDimension, 0});
  // What is counted at the end is open: rows, or buffers of the size of the first. A mel-major
  // matrix is whole or it is nothing.
  std::array<uint64_t, 3> shape = {kOpenDimension, appends_rows() ? kOpenDimension : frames_,
                                   static_cast<uint64_t>(info_->width())};
  if (!frame_major()) std::swap(shape[1], shape[2]);
  return unfinished_npy_header(descr(), std::span(shape).subspan(mode_ == NpyMode::stack ? 0 : 1));
}

bool NpyEncoder::set_caps(const GstCaps* caps) {
  std::optional<RowInfo> info = RowInfo::from_caps(caps);
  if (!info) return false;
  const bool first = !info_;
  if (!first && !info->same_features(*info_)) {
    // Before the macro, which would leave its first text behind if this threw.
    const std::string changes = change_text(*info_, *info);
    NPUMEL_ELEMENT_ERROR(
        element_, STREAM, FORMAT,
        ("The stream changed while it was being written (%s); one .npy file holds one "
         "kind of features.",
         changes.c_str()),
        (nullptr));
    failed_ = true;
    return false;
  }
  info_ = std::move(info);
  if (first) mode_ = wanted_mode_;
  if (mode_ == NpyMode::concat && info_->overlaps()) {
    NPUMEL_ELEMENT_ERROR(element_, STREAM, FORMAT,
                         ("Buffers overlap: %d frames each, %" G_GINT64_FORMAT
                          " frames apart. mode=concat would write frames twice; use mode=stack, or "
                          "npumelspec stride=0.",
                          info_->frames(), static_cast<gint64>(info_->stride())),
                         (nullptr));
    failed_ = true;
    info_.reset();
    return false;
  }
  if (!first) return true;

  GST_INFO_OBJECT(element_, "%s, rows of %d values, %s, mode=%s", descr(), info_->width(),
                  frame_major() ? "frame-major" : "mel-major",
                  mode_ == NpyMode::stack ? "stack" : "concat");
  GstCaps* out = gst_caps_new_empty_simple("application/x-npy");
  const bool pushed = gst_pad_push_event(srcpad_, gst_event_new_caps(out));
  gst_caps_unref(out);
  return pushed;
}

bool NpyEncoder::segment(guint32 seqnum) {
  seqnum_ = seqnum;
  return segment_sent_ || !info_ || push_segment() == GST_FLOW_OK;
}

GstFlowReturn NpyEncoder::push_segment() {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  GstEvent* event = gst_event_new_segment(&segment);
  if (seqnum_ != GST_SEQNUM_INVALID) gst_event_set_seqnum(event, seqnum_);
  segment_sent_ = true;
  position_ = 0;
  if (gst_pad_push_event(srcpad_, event)) return GST_FLOW_OK;
  return is_flushing() ? GST_FLOW_FLUSHING : GST_FLOW_ERROR;
}

bool NpyEncoder::is_flushing() const {
  GstPad* peer = real_peer(srcpad_);
  const bool flushing =
      GST_PAD_IS_FLUSHING(srcpad_) || (peer != nullptr && GST_PAD_IS_FLUSHING(peer));
  if (peer != nullptr) gst_object_unref(peer);
  return flushing;
}

GstFlowReturn NpyEncoder::push_header(const NpyHeader& header) {
  GstBuffer* buffer = gst_buffer_new_memdup(header.data(), header.size());
  GST_BUFFER_OFFSET(buffer) = 0;
  GST_BUFFER_OFFSET_END(buffer) = header.size();
  GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_HEADER);
  GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  position_ = header.size();
  return gst_pad_push(srcpad_, buffer);
}

bool NpyEncoder::downstream_can_seek() const {
  GstQuery* query = gst_query_new_seeking(GST_FORMAT_BYTES);
  gboolean seekable = FALSE;
  if (gst_pad_peer_query(srcpad_, query))
    gst_query_parse_seeking(query, nullptr, &seekable, nullptr, nullptr);
  gst_query_unref(query);
  return seekable;
}

GstFlowReturn NpyEncoder::begin_file(uint64_t first_frames, bool empty) {
  if (!downstream_can_seek()) {
    NPUMEL_ELEMENT_ERROR(element_, STREAM, ENCODE,
                         ("The header of a .npy file needs the number of frames, which is known at "
                          "the end; downstream cannot seek back to write it. Use filesink on a "
                          "regular file."),
                         (nullptr));
    return GST_FLOW_ERROR;
  }
  GstFlowReturn flow = segment_sent_ ? GST_FLOW_OK : push_segment();
  if (flow != GST_FLOW_OK) return flow;
  file_.open(srcpad_);
  if (file_.size() > 0 && !file_.empty_own()) {
    NPUMEL_ELEMENT_ERROR(element_, RESOURCE, WRITE,
                         ("The file holds something already and would be appended to; a .npy file "
                          "holds one array. Use filesink append=false."),
                         ("%" G_GUINT64_FORMAT " bytes", static_cast<guint64>(file_.size())));
    return GST_FLOW_ERROR;
  }
  frames_ = appends_rows() ? 0 : first_frames;
  GST_INFO_OBJECT(element_, "file begun%s", file_.is_open() ? ", a regular file here" : "");
  in_file_ = empty ? header(0, frames_) : unfinished_header();
  flow = push_header(in_file_);
  // A header that was not taken comes again before the next rows.
  header_sent_ = flow == GST_FLOW_OK;
  return flow;
}

gint64 NpyEncoder::frames_of(gsize size) const {
  const gsize frame_size = info_->row_size();
  if (size % frame_size != 0) {
    NPUMEL_ELEMENT_ERROR(element_, STREAM, FORMAT,
                         ("A buffer of %" G_GSIZE_FORMAT " bytes does not hold whole frames of %d "
                          "values (%" G_GSIZE_FORMAT " bytes each).",
                          size, info_->width(), frame_size),
                         (nullptr));
    return -1;
  }
  const guint64 frames = size / frame_size;
  if (buffers_ > 0 && mode_ == NpyMode::stack && frames != frames_) {
    NPUMEL_ELEMENT_ERROR(
        element_, STREAM, FORMAT,
        ("A buffer of %" G_GUINT64_FORMAT " frames after buffers of %" G_GUINT64_FORMAT
         ": mode=stack needs equal ones. npumelspec eos-mode=pad "
         "fills a short last buffer, first-frames=0 the first.",
         frames, static_cast<guint64>(frames_)),
        (nullptr));
    return -1;
  }
  if (buffers_ > 0 && mode_ == NpyMode::concat && !frame_major()) {
    NPUMEL_ELEMENT_ERROR(
        element_, STREAM, FORMAT,
        ("A second mel-major buffer: mode=concat can append to frame-major buffers "
         "only. Use layout=frame-major, mode=stack, or npumelspec frames=0."),
        (nullptr));
    return -1;
  }
  return static_cast<gint64>(frames);
}

GstFlowReturn NpyEncoder::write(GstBuffer* rows) {
  // Only the bytes go on: times and metas of the features mean nothing in a file.
  GstBuffer* bytes = gst_buffer_copy_region(rows, GST_BUFFER_COPY_MEMORY, 0, G_MAXSIZE);
  gst_buffer_unref(rows);
  const gsize size = gst_buffer_get_size(bytes);

  GstFlowReturn flow = GST_FLOW_OK;
  gint64 frames = -1;
  if (!info_ || failed_)
    flow = !info_ ? GST_FLOW_NOT_NEGOTIATED : GST_FLOW_ERROR;
  else if ((frames = frames_of(size)) < 0)
    flow = GST_FLOW_ERROR;
  else if (!begun())
    flow = begin_file(static_cast<uint64_t>(frames), false);

  if (flow != GST_FLOW_OK) {
    gst_buffer_unref(bytes);
  } else {
    GST_BUFFER_OFFSET(bytes) = position_;
    GST_BUFFER_OFFSET_END(bytes) = position_ + size;
    GST_LOG_OBJECT(element_, "%" G_GINT64_FORMAT " frames at byte %" G_GUINT64_FORMAT, frames,
                   static_cast<guint64>(position_));
    flow = gst_pad_push(srcpad_, bytes);
  }
  if (flow != GST_FLOW_OK) {
    GST_DEBUG_OBJECT(element_, "writing: %s", gst_flow_get_name(flow));
    // Stopped while writing is no failure of the file.
    if (flow != GST_FLOW_FLUSHING) failed_ = true;
    return flow;
  }
  position_ += size;
  buffers_ += 1;
  if (appends_rows()) frames_ += static_cast<uint64_t>(frames);
  return GST_FLOW_OK;
}

void NpyEncoder::finish(guint32 seqnum, bool follows_error) {
  seqnum_ = seqnum;
  if (failed_ || finished_) return;
  if (follows_error) {
    GST_INFO_OBJECT(element_, "the stream ends with an error upstream: the file stays unfinished");
    failed_ = true;
    return;
  }
  if (!info_) {
    failed_ = true;
    NPUMEL_ELEMENT_ERROR(element_, STREAM, WRONG_TYPE,
                         ("The stream ended before its format was known: nothing to write."),
                         (nullptr));
    return;
  }
  GstFlowReturn flow = GST_FLOW_OK;
  if (!begun())
    flow = begin_file(static_cast<uint64_t>(mode_ == NpyMode::stack ? info_->frames() : 0), true);
  else if ((flow = push_segment()) == GST_FLOW_OK)
    flow = push_header(header(buffers_, frames_));
  if (flow == GST_FLOW_OK) {
    finished_ = true;
    GST_INFO_OBJECT(
        element_, "header completed: %" G_GUINT64_FORMAT " buffers, %" G_GUINT64_FORMAT " frames%s",
        static_cast<guint64>(buffers_), static_cast<guint64>(frames_),
        mode_ == NpyMode::stack ? " each" : "");
    return;
  }
  if (flow == GST_FLOW_FLUSHING || is_flushing()) {
    GST_DEBUG_OBJECT(element_, "flushing: the header stays unfinished");
    return;
  }
  failed_ = true;
  NPUMEL_ELEMENT_ERROR(element_, STREAM, ENCODE, ("The header could not be completed."),
                       ("downstream: %s", gst_flow_get_name(flow)));
}

void NpyEncoder::flushed(guint32 seqnum) {
  begin_again();
  seqnum_ = seqnum;
}

void NpyEncoder::stop() {
  if (!begun() || finished_ || failed_ || buffers_ == 0) return;
  GstPad* peer = real_peer(srcpad_);
  const bool running = peer != nullptr && is_running(peer);
  if (peer != nullptr) gst_object_unref(peer);
  if (!running || push_segment() != GST_FLOW_OK ||
      push_header(header(buffers_, frames_)) != GST_FLOW_OK)
    return;
  finished_ = true;
  GST_INFO_OBJECT(element_, "stopped without EOS; header completed: %" G_GUINT64_FORMAT " buffers",
                  static_cast<guint64>(buffers_));
}

void NpyEncoder::stopped() {
  if (!finished_ && file_.size() >= position_) complete_in_file();
  if (!begun()) mark_empty_file();
}

void NpyEncoder::closed() {
  complete_in_file();
  mark_empty_file();
  reset();
  file_.forget();
}

/// Downstream has emptied the file when it started. When no row has come since, the header of an
/// unfinished file says so to its reader.
void NpyEncoder::mark_empty_file() {
  if (!begun()) file_.open(srcpad_);
  if (!file_.is_open() || file_.size() > 0 || !file_.complete(unfinished_header(), 0)) return;
  GST_INFO_OBJECT(element_, "no row came: the header of an unfinished file is in it");
  if (failed_ || begun()) return;  // an error was posted, or rows are lost in a sink
  GST_ELEMENT_WARNING(element_, STREAM, ENCODE,
                      ("Stopped before the first features came: the file holds no array."),
                      (nullptr));
}

void NpyEncoder::complete_in_file() {
  // Rows are counted in the file and not among the buffers that were pushed: queues and the
  // sink may have dropped some. After EOS the header is unfinished only where the completed one
  // did not reach the start of the file (append=true), and stands behind the rows.
  const uint64_t size = file_.size();
  if (!begun() || failed_ || size <= kNpyHeaderSize || !file_.begins_with(in_file_)) return;
  const bool one_matrix = mode_ == NpyMode::concat && !frame_major();
  const uint64_t unit = unit_size();
  uint64_t units = unit > 0 ? (size - kNpyHeaderSize) / unit : 0;
  if (finished_ || one_matrix) units = std::min(units, appends_rows() ? frames_ : buffers_);
  const NpyHeader complete = appends_rows() ? header(buffers_, units) : header(units, frames_);
  if (units == 0) {
    GST_WARNING_OBJECT(element_, "stopped before a whole row was written");
  } else if (!file_.complete(complete, units * unit)) {
    NPUMEL_ELEMENT_ERROR(element_, RESOURCE, WRITE, ("The header could not be completed."),
                         ("%s", g_strerror(errno)));
  } else {
    in_file_ = complete;
    GST_INFO_OBJECT(element_,
                    "stopped without EOS; header completed in the file: %" G_GUINT64_FORMAT
                    " times %" G_GUINT64_FORMAT " bytes",
                    static_cast<guint64>(units), static_cast<guint64>(unit));
  }
}

}  // namespace npumel
