// SPDX-License-Identifier: LGPL-2.1-or-later
// The GObject type npyenc: class, pads and functions, which call the encoder.
/**
 * SECTION:element-npyenc
 *
 * Writes a stream of mel-spectrogram buffers, or of the features that meltransform makes of them,
 * as one NumPy array (.npy, format 1.0).
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
 * The number of frames stands in the header and is known at the end only. Downstream must therefore
 * be able to seek in bytes (filesink on a file can, a pipe cannot); if it cannot, the element fails
 * before it writes anything. Until the header is completed NumPy refuses the file ("Header does not
 * contain the correct keys: ['unfinished file, npy_recover.py completes it']"). It is completed
 *
 * - at EOS (gst-launch-1.0 -e turns Ctrl-C into one, and only then are the frames written that
 *   npumelspec and queues still hold);
 * - when the pipeline is stopped without EOS, in the file itself where downstream answers a URI
 *   query with a regular file of this machine (filesink does), in NULL at the latest, where
 *   filesink has written all. Rows that are in the file count, the rest of a row is cut off. A
 *   downstream that is still in PLAYING gets the header as at EOS;
 * - by `examples/npy_recover.py FILE` after a crash.
 *
 * After an error of this element, of downstream (a full disk) or of npumelspec it stays unfinished,
 * with the rows that were written before: npy_recover.py counts them, too. A file that was stopped
 * or failed before its first row has such a header as well; a stop is told by a warning. A flush
 * starts the file again. filesink empties its file when it starts: who must not lose an older one
 * writes to another name and renames when gst-launch-1.0 has ended without an error.
 *
 * Thread rules: the streaming thread works; `mode` is read when caps arrive; queries of any thread
 * read an atomic.
 */
#include "gst/npyenc/gstnpyenc.h"

#include <memory>

#include "gst/common/element_error.h"
#include "gst/common/guarded.h"
#include "gst/npyenc/encoder.h"

GST_DEBUG_CATEGORY(npy_enc_debug);
#define GST_CAT_DEFAULT npy_enc_debug

struct _GstNpyEnc {
  GstElement parent;
  GstPad* sinkpad;
  npumel::NpyEncoder* encoder;
};

G_DEFINE_TYPE(GstNpyEnc, gst_npy_enc, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE(npyenc, "npyenc", GST_RANK_NONE, GST_TYPE_NPY_ENC)

namespace {

using npumel::NpyMode;

enum : guint { PROP_MODE = 1 };

GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("audio/x-mel-spectrogram, format = (string) { F32LE, F16LE }, "
                    "layout = (string) { frame-major, mel-major }, mels = (int) [ 1, MAX ], "
                    "frames = (int) [ 0, MAX ]; "
                    "audio/x-speech-features, format = (string) { F32LE, F16LE }, "
                    "layout = (string) { frame-major, mel-major }, dims = (int) [ 1, MAX ], "
                    "frames = (int) [ 0, MAX ]"));

GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS,
                                                            GST_STATIC_CAPS("application/x-npy"));

#define GST_TYPE_NPY_ENC_MODE (mode_get_type())
GType mode_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(NpyMode::concat), "All frames one after the other, in one matrix",
       "concat"},
      {static_cast<int>(NpyMode::stack), "One matrix a buffer, stacked along a new first axis",
       "stack"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstNpyEncMode", values);
  return type;
}

npumel::NpyEncoder& encoder_of(gpointer object) { return *GST_NPY_ENC(object)->encoder; }

GstFlowReturn chain(GstPad* pad, GstObject* parent, GstBuffer* input) {
  (void)pad;
  return encoder_of(parent).write(input);
}

gboolean sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  npumel::NpyEncoder& encoder = encoder_of(parent);
  const guint32 seqnum = gst_event_get_seqnum(event);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event, &caps);
      const bool accepted = npumel::guarded(parent, false, [&] { return encoder.set_caps(caps); });
      gst_event_unref(event);
      return accepted;
    }
    case GST_EVENT_SEGMENT:
      gst_event_unref(event);
      return encoder.segment(seqnum);
    case GST_EVENT_GAP:
      // Bytes have no gaps in time.
      gst_event_unref(event);
      return TRUE;
    case GST_EVENT_FLUSH_STOP: {
      const gboolean forwarded = gst_pad_event_default(pad, parent, event);
      encoder.flushed(seqnum);
      return forwarded;
    }
    case GST_EVENT_EOS:
      encoder.finish(seqnum, npumel::follows_error(event));
      return gst_pad_event_default(pad, parent, event);
    default:
      return gst_pad_event_default(pad, parent, event);
  }
}

/// Positions in bytes are those of the file, and not of what upstream reads.
gboolean src_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  GstFormat format = GST_FORMAT_UNDEFINED;
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_POSITION:
      gst_query_parse_position(query, &format, nullptr);
      if (format != GST_FORMAT_BYTES) break;
      gst_query_set_position(query, format, static_cast<gint64>(encoder_of(parent).position()));
      return TRUE;
    case GST_QUERY_DURATION:
      gst_query_parse_duration(query, &format, nullptr);
      if (format == GST_FORMAT_BYTES) return FALSE;
      break;
    case GST_QUERY_SEEKING:
      gst_query_parse_seeking(query, &format, nullptr, nullptr, nullptr);
      if (format != GST_FORMAT_BYTES) break;
      gst_query_set_seeking(query, format, FALSE, 0, -1);
      return TRUE;
    case GST_QUERY_CONVERT:
      return FALSE;
    default:
      break;
  }
  return gst_pad_query_default(pad, parent, query);
}

gboolean src_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_SEEK) {
    GstFormat format = GST_FORMAT_UNDEFINED;
    gst_event_parse_seek(event, nullptr, &format, nullptr, nullptr, nullptr, nullptr, nullptr);
    if (format == GST_FORMAT_BYTES) {
      gst_event_unref(event);
      return FALSE;
    }
  }
  return gst_pad_event_default(pad, parent, event);
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
  npumel::NpyEncoder& encoder = encoder_of(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) encoder.start();
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    // Waits until the streaming thread has left.
    gst_pad_set_active(GST_NPY_ENC(element)->sinkpad, FALSE);
    encoder.stop();
  }
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_npy_enc_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) encoder.stopped();
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) encoder.closed();
  return result;
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  if (id == PROP_MODE)
    encoder_of(object).set_mode(static_cast<NpyMode>(g_value_get_enum(value)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  if (id == PROP_MODE)
    g_value_set_enum(value, static_cast<int>(encoder_of(object).mode()));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void finalize(GObject* object) {
  const std::unique_ptr<npumel::NpyEncoder> encoder(GST_NPY_ENC(object)->encoder);
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
                        GST_TYPE_NPY_ENC_MODE, static_cast<int>(NpyMode::concat),
                        static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                 GST_PARAM_MUTABLE_READY)));
  gst_type_mark_as_plugin_api(GST_TYPE_NPY_ENC_MODE, static_cast<GstPluginAPIFlags>(0));

  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(
      element_class, "NumPy array encoder", "Codec/Muxer",
      "Writes mel-spectrogram and feature buffers as one NumPy .npy array, for filesink",
      "npumelspec");
}

static void gst_npy_enc_init(GstNpyEnc* self) {
  self->sinkpad = gst_pad_new_from_static_template(&sink_template, "sink");
  gst_pad_set_chain_function(self->sinkpad, chain);
  gst_pad_set_event_function(self->sinkpad, sink_event);
  gst_element_add_pad(GST_ELEMENT(self), self->sinkpad);

  GstPad* srcpad = gst_pad_new_from_static_template(&src_template, "src");
  gst_pad_set_query_function(srcpad, src_query);
  gst_pad_set_event_function(srcpad, src_event);
  gst_pad_use_fixed_caps(srcpad);
  gst_element_add_pad(GST_ELEMENT(self), srcpad);
  self->encoder = std::make_unique<npumel::NpyEncoder>(GST_ELEMENT(self), srcpad).release();
}
