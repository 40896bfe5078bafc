// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:element-npyenc
 *
 * Writes a stream of mel-spectrogram buffers as one NumPy array (.npy, format 1.0).
 *
 * |[
 * gst-launch-1.0 filesrc location=speech.wav ! wavparse ! npumelspec ! npyenc ! filesink
 * location=mel.npy
 * ]|
 *
 * The array has the type of the stream ('<f4' or '<f2') and C order:
 *
 * | mode | layout | shape |
 * |---|---|---|
 * | concat | frame-major | (frames, mels), all buffers one after the other |
 * | concat | mel-major | (mels, frames); one buffer only, as npumelspec frames=0 sends |
 * | stack | frame-major | (buffers, frames, mels) |
 * | stack | mel-major | (buffers, mels, frames) |
 *
 * Every row a buffer holds is written, also those that npumelspec computes from the zeros of
 * eos-mode=pad: a 30 s buffer of an 11 s clip gives 3000 rows. Buffers that overlap
 * (npumelspec stride below frames) would put rows into mode=concat twice, so they are refused
 * there and belong into mode=stack. mode=stack needs buffers of one size: eos-mode=pad fills
 * the last one. A stream without a frame gives a valid array with 0 frames.
 *
 * The number of frames stands in the header and is known at EOS only. Downstream must therefore be
 * able to seek in bytes (filesink on a file can, a pipe cannot); if it cannot, the element fails
 * before it writes anything. Without EOS (gst-launch-1.0 needs -e to turn Ctrl-C into one) the
 * header keeps saying 0 frames. A flush starts the file again.
 *
 * Thread rules: the streaming thread works; `mode` is read when caps arrive.
 */
#include "gst/npyenc/gstnpyenc.h"

#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "gst/npyenc/npy_header.h"
#include "gst/npyenc/stream_format.h"

GST_DEBUG_CATEGORY_STATIC(npy_enc_debug);
#define GST_CAT_DEFAULT npy_enc_debug

namespace {

using npumel::StreamFormat;

enum class Mode { concat, stack };

enum : guint { PROP_MODE = 1 };

/// Belongs to the streaming thread, but for state changes while that is stopped.
struct FileState {
  GstCaps* caps = nullptr;  ///< of the stream, without what may differ from buffer to buffer
  StreamFormat format;
  Mode mode = Mode::concat;
  bool header_sent = false;
  bool failed = false;  ///< the file is not whole: its header must not say otherwise
  guint64 buffers = 0;
  guint64 frames = 0;  ///< of all buffers; mode=stack: of each buffer
};

}  // namespace

struct _GstNpyEnc {
  GstElement parent;
  GstPad* sinkpad;
  GstPad* srcpad;
  int mode;  ///< property, under the object lock
  FileState file;
};

G_DEFINE_TYPE(GstNpyEnc, gst_npy_enc, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE(npyenc, "npyenc", GST_RANK_NONE, GST_TYPE_NPY_ENC)

namespace {

GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("audio/x-mel-spectrogram, format = (string) { F32LE, F16LE }, "
                    "layout = (string) { frame-major, mel-major }, mels = (int) [ 1, MAX ], "
                    "frames = (int) [ 0, MAX ]"));

GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS,
                                                            GST_STATIC_CAPS("application/x-npy"));

#define GST_TYPE_NPY_ENC_MODE (mode_get_type())
GType mode_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Mode::concat), "All frames one after the other, in one matrix", "concat"},
      {static_cast<int>(Mode::stack), "One matrix a buffer, stacked along a new first axis",
       "stack"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstNpyEncMode", values);
  return type;
}

/// Ready for another file. Keeps the caps when the stream goes on with them (flush).
void reset(FileState& file, bool keep_caps) {
  GstCaps* caps = keep_caps ? file.caps : nullptr;
  if (!keep_caps) gst_clear_caps(&file.caps);
  const StreamFormat format = file.format;
  const Mode mode = file.mode;
  file = FileState();
  if (keep_caps) {
    file.caps = caps;
    file.format = format;
    file.mode = mode;
  }
}

gboolean push_segment(GstNpyEnc* self) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  return gst_pad_push_event(self->srcpad, gst_event_new_segment(&segment));
}

gboolean set_caps(GstNpyEnc* self, GstCaps* caps) {
  FileState& file = self->file;
  GstCaps* lasting = npumel::lasting_caps(caps);
  const bool first = file.caps == nullptr;
  const bool same = !first && gst_caps_is_equal(lasting, file.caps);
  if (!first && !same) {
    GST_ELEMENT_ERROR(self, STREAM, FORMAT,
                      ("The stream changed while it was being written; one .npy file holds one "
                       "kind of features."),
                      ("from %" GST_PTR_FORMAT " to %" GST_PTR_FORMAT, file.caps, lasting));
    gst_caps_unref(lasting);
    return FALSE;
  }
  gst_caps_replace(&file.caps, lasting);
  gst_caps_unref(lasting);

  file.format = npumel::stream_format(caps);
  if (first) {
    GST_OBJECT_LOCK(self);
    file.mode = static_cast<Mode>(self->mode);
    GST_OBJECT_UNLOCK(self);
  }

  if (file.mode == Mode::concat && file.format.overlaps()) {
    GST_ELEMENT_ERROR(self, STREAM, FORMAT,
                      ("Buffers overlap: %d frames each, %" G_GINT64_FORMAT
                       " frames apart. mode=concat would write frames twice; use mode=stack, or "
                       "npumelspec stride=0.",
                       file.format.frames, file.format.stride),
                      (nullptr));
    return FALSE;
  }
  if (!first) return TRUE;

  GstCaps* out = gst_static_pad_template_get_caps(&src_template);
  const gboolean pushed = gst_pad_push_event(self->srcpad, gst_event_new_caps(out));
  gst_caps_unref(out);
  return pushed && push_segment(self);
}

bool downstream_can_seek(GstNpyEnc* self) {
  GstQuery* query = gst_query_new_seeking(GST_FORMAT_BYTES);
  gboolean seekable = FALSE;
  if (gst_pad_peer_query(self->srcpad, query))
    gst_query_parse_seeking(query, nullptr, &seekable, nullptr, nullptr);
  gst_query_unref(query);
  return seekable;
}

GstFlowReturn push_header(GstNpyEnc* self) {
  const FileState& file = self->file;
  const StreamFormat& format = file.format;
  const auto mels = static_cast<guint64>(format.mels);
  const bool stack = file.mode == Mode::stack;
  const guint64 frames =
      stack && file.buffers == 0 ? static_cast<guint64>(format.frames) : file.frames;

  std::array<uint64_t, 3> shape = {file.buffers, frames, mels};
  if (format.mel_major) std::swap(shape[1], shape[2]);
  const npumel::NpyHeader header =
      npumel::npy_header(format.descr(), std::span(shape).subspan(stack ? 0 : 1));

  GstBuffer* buffer = gst_buffer_new_memdup(header.data(), header.size());
  GST_BUFFER_OFFSET(buffer) = 0;
  GST_BUFFER_OFFSET_END(buffer) = header.size();
  return gst_pad_push(self->srcpad, buffer);
}

/// The header with the numbers of now, which at the start are those of an empty array.
GstFlowReturn begin_file(GstNpyEnc* self) {
  if (!downstream_can_seek(self)) {
    GST_ELEMENT_ERROR(self, STREAM, ENCODE,
                      ("The header of a .npy file needs the number of frames, which is known at "
                       "the end; downstream cannot seek back to write it. Use filesink on a "
                       "regular file."),
                      (nullptr));
    return GST_FLOW_ERROR;
  }
  self->file.header_sent = true;
  return push_header(self);
}

/// The frames of a buffer, or -1 after an error message.
gint64 check_buffer(GstNpyEnc* self, gsize size) {
  const FileState& file = self->file;
  const gsize frame_size = file.format.frame_size();
  if (size % frame_size != 0) {
    GST_ELEMENT_ERROR(self, STREAM, FORMAT,
                      ("A buffer of %" G_GSIZE_FORMAT " bytes does not hold whole frames of %d "
                       "mels (%" G_GSIZE_FORMAT " bytes each).",
                       size, file.format.mels, frame_size),
                      (nullptr));
    return -1;
  }
  const guint64 frames = size / frame_size;
  if (file.buffers > 0 && file.mode == Mode::stack && frames != file.frames) {
    GST_ELEMENT_ERROR(
        self, STREAM, FORMAT,
        ("A buffer of %" G_GUINT64_FORMAT " frames after buffers of %" G_GUINT64_FORMAT
         ": mode=stack needs equal ones. npumelspec eos-mode=pad "
         "fills a short last buffer, first-frames=0 the first.",
         frames, file.frames),
        (nullptr));
    return -1;
  }
  if (file.buffers > 0 && file.mode == Mode::concat && file.format.mel_major) {
    GST_ELEMENT_ERROR(self, STREAM, FORMAT,
                      ("A second mel-major buffer: mode=concat can append to frame-major buffers "
                       "only. Use layout=frame-major, mode=stack, or npumelspec frames=0."),
                      (nullptr));
    return -1;
  }
  return static_cast<gint64>(frames);
}

GstFlowReturn chain(GstPad* pad, GstObject* parent, GstBuffer* input) {
  (void)pad;
  GstNpyEnc* self = GST_NPY_ENC(parent);
  FileState& file = self->file;
  // Only the bytes go on: times and metas of the features mean nothing in a file.
  GstBuffer* bytes = gst_buffer_copy_region(input, GST_BUFFER_COPY_MEMORY, 0, G_MAXSIZE);
  gst_buffer_unref(input);

  GstFlowReturn flow = GST_FLOW_OK;
  gint64 frames = -1;
  if (file.caps == nullptr)
    flow = GST_FLOW_NOT_NEGOTIATED;
  else if ((frames = check_buffer(self, gst_buffer_get_size(bytes))) < 0)
    flow = GST_FLOW_ERROR;
  else if (!file.header_sent)
    flow = begin_file(self);

  if (flow != GST_FLOW_OK) {
    gst_buffer_unref(bytes);
  } else {
    const guint64 written =
        static_cast<guint64>(file.mode == Mode::stack ? file.buffers * static_cast<guint64>(frames)
                                                      : file.frames) *
        file.format.frame_size();
    GST_BUFFER_OFFSET(bytes) = npumel::kNpyHeaderSize + written;
    GST_BUFFER_OFFSET_END(bytes) = GST_BUFFER_OFFSET(bytes) + gst_buffer_get_size(bytes);
    flow = gst_pad_push(self->srcpad, bytes);
  }
  if (flow != GST_FLOW_OK) {
    file.failed = true;
    return flow;
  }
  file.buffers += 1;
  file.frames = (file.mode == Mode::stack ? 0 : file.frames) + static_cast<guint64>(frames);
  return GST_FLOW_OK;
}

/// Before EOS goes on. Posts an error when the file cannot be completed.
void finish_file(GstNpyEnc* self) {
  FileState& file = self->file;
  if (file.failed) return;
  if (file.caps == nullptr) {
    GST_ELEMENT_ERROR(self, STREAM, WRONG_TYPE,
                      ("The stream ended before its format was known: nothing to write."),
                      (nullptr));
    return;
  }
  GstFlowReturn flow = GST_FLOW_OK;
  if (!file.header_sent) {
    flow = begin_file(self);
  } else if (file.buffers > 0) {
    flow = push_segment(self) ? push_header(self) : GST_FLOW_ERROR;
  }
  if (flow != GST_FLOW_OK && flow != GST_FLOW_FLUSHING)
    GST_ELEMENT_ERROR(self, STREAM, ENCODE, ("The header could not be completed."),
                      ("downstream: %s", gst_flow_get_name(flow)));
}

gboolean sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  GstNpyEnc* self = GST_NPY_ENC(parent);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event, &caps);
      const gboolean accepted = set_caps(self, caps);
      if (!accepted) self->file.failed = true;
      gst_event_unref(event);
      return accepted;
    }
    // The file is a stream of bytes: it has a segment of its own and no gaps in time.
    case GST_EVENT_SEGMENT:
    case GST_EVENT_GAP:
      gst_event_unref(event);
      return TRUE;
    case GST_EVENT_FLUSH_STOP: {
      // filesink empties the file upon it.
      reset(self->file, true);
      const gboolean forwarded = gst_pad_event_default(pad, parent, event);
      return forwarded && (self->file.caps == nullptr || push_segment(self));
    }
    case GST_EVENT_EOS:
      finish_file(self);
      return gst_pad_event_default(pad, parent, event);
    default:
      return gst_pad_event_default(pad, parent, event);
  }
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_npy_enc_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) reset(GST_NPY_ENC(element)->file, false);
  return result;
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  GstNpyEnc* self = GST_NPY_ENC(object);
  if (id != PROP_MODE) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    return;
  }
  GST_OBJECT_LOCK(self);
  self->mode = g_value_get_enum(value);
  GST_OBJECT_UNLOCK(self);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  GstNpyEnc* self = GST_NPY_ENC(object);
  if (id != PROP_MODE) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    return;
  }
  GST_OBJECT_LOCK(self);
  g_value_set_enum(value, self->mode);
  GST_OBJECT_UNLOCK(self);
}

void finalize(GObject* object) {
  reset(GST_NPY_ENC(object)->file, false);
  G_OBJECT_CLASS(gst_npy_enc_parent_class)->finalize(object);
}

}  // namespace

static void gst_npy_enc_class_init(GstNpyEncClass* klass) {
  GST_DEBUG_CATEGORY_INIT(npy_enc_debug, "npyenc", 0, "NumPy array encoder");
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  g_object_class_install_property(
      object_class, PROP_MODE,
      g_param_spec_enum("mode", "Mode",
                        "concat: one matrix of all frames. stack: equal-sized buffers along one "
                        "more leading axis; a short last buffer is an error (npumelspec "
                        "eos-mode=pad fills it)",
                        GST_TYPE_NPY_ENC_MODE, static_cast<int>(Mode::concat),
                        static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                 GST_PARAM_MUTABLE_READY)));
  gst_type_mark_as_plugin_api(GST_TYPE_NPY_ENC_MODE, static_cast<GstPluginAPIFlags>(0));

  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(
      element_class, "NumPy array encoder", "Codec/Encoder",
      "Writes mel-spectrogram buffers as one NumPy .npy array, for filesink", "npumelspec");
}

static void gst_npy_enc_init(GstNpyEnc* self) {
  self->file = FileState();
  self->sinkpad = gst_pad_new_from_static_template(&sink_template, "sink");
  gst_pad_set_chain_function(self->sinkpad, chain);
  gst_pad_set_event_function(self->sinkpad, sink_event);
  gst_element_add_pad(GST_ELEMENT(self), self->sinkpad);

  self->srcpad = gst_pad_new_from_static_template(&src_template, "src");
  gst_pad_use_fixed_caps(self->srcpad);
  gst_element_add_pad(GST_ELEMENT(self), self->srcpad);
}
