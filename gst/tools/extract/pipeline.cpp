// SPDX-License-Identifier: LGPL-2.1-or-later
// filesrc ! decodebin ! audioconvert ! audioresample ! npumelspec ! appsink, from start to EOS.
#include "gst/tools/extract/pipeline.h"

#include <gst/app/app.h>

#include <cmath>
#include <cstring>
#include <new>

namespace npumel::extract {
namespace {

constexpr GstClockTime kPoll = 100 * GST_MSECOND;

GstClockTime nanoseconds(double seconds) {
  return static_cast<GstClockTime>(std::llround(seconds * GST_SECOND));
}

/// The text of an error message, and the reason that elements put on the last line of its details.
std::string text_of(GstMessage* message) {
  GError* error = nullptr;
  gchar* debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  std::string text = error->message;
  const std::string details = debug != nullptr ? debug : "";
  g_error_free(error);
  g_free(debug);
  const size_t line = details.rfind('\n');
  if (line != std::string::npos && line + 1 < details.size())
    text += " (" + details.substr(line + 1) + ")";
  return text;
}

std::string field(const GstStructure* structure, const char* name) {
  const gchar* text = gst_structure_get_string(structure, name);
  return text != nullptr ? text : "";
}

}  // namespace

Pipeline::Pipeline(const Properties& properties) : pipeline_(gst_pipeline_new(nullptr)) {
  bus_.reset(gst_element_get_bus(pipeline_.get()));
  mel_ = add("npumelspec");
  gst_util_set_object_arg(G_OBJECT(mel_), "frames", "0");
  for (const auto& [name, value] : properties) set_property(mel_, name, value);
}

Pipeline::~Pipeline() = default;

GstElement* Pipeline::add(const char* factory) {
  GstElement* element = gst_element_factory_make(factory, nullptr);
  if (element == nullptr)
    throw std::runtime_error(std::string("GStreamer's element ") + factory +
                             " is missing (gst-inspect-1.0 " + factory + ")");
  gst_bin_add(GST_BIN(pipeline_.get()), element);
  return element;
}

void Pipeline::build_tail() {
  sink_ = add("appsink");
  g_object_set(sink_, "sync", FALSE, "enable-last-sample", FALSE, nullptr);
  GstAppSinkCallbacks callbacks = {};
  callbacks.new_sample = [](GstAppSink* sink, gpointer self) {
    return new_sample(GST_ELEMENT(sink), self);
  };
  gst_app_sink_set_callbacks(GST_APP_SINK(sink_), &callbacks, this, nullptr);
  gst_element_link(mel_, sink_);
  const PadPtr pad(gst_element_get_static_pad(mel_, "sink"));
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, watch, this, nullptr);
}

Features Pipeline::run(const Input& input, const Decoders& decoders, unsigned idle_limit,
                       const std::atomic<bool>& stop) {
  range_ = input;
  GstElement* source = add("filesrc");
  g_object_set(source, "location", input.file.c_str(), nullptr);
  GstElement* decoder = add("decodebin");
  convert_ = add("audioconvert");
  GstElement* resample = add("audioresample");
  gst_element_link(source, decoder);
  gst_element_link_many(convert_, resample, mel_, nullptr);
  build_tail();
  decoders.serve(decoder);
  g_signal_connect(decoder, "autoplug-continue", G_CALLBACK(continue_plugging), nullptr);
  g_signal_connect(decoder, "pad-added", G_CALLBACK(link_pad), this);
  g_signal_connect(decoder, "no-more-pads", G_CALLBACK(end_of_pads), this);
  run_to_end(idle_limit, stop);
  return result();
}

void Pipeline::run_on_silence() {
  GstElement* source = add("audiotestsrc");
  g_object_set(source, "num-buffers", 1, "samplesperbuffer", 1600, nullptr);
  gst_util_set_object_arg(G_OBJECT(source), "wave", "silence");
  GstElement* resample = add("audioresample");
  gst_element_link_many(source, resample, mel_, nullptr);
  build_tail();
  run_to_end(60, false);
}

void Pipeline::run_to_end(unsigned idle_limit, const std::atomic<bool>& stop) {
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  uint64_t seen = 0;
  GstClockTime idle = 0;
  while (true) {
    const MessagePtr message(gst_bus_timed_pop_filtered(
        bus_.get(), kPoll, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    if (message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS) break;
    if (message) {
      // What the streaming thread met comes first: an element's error may be its consequence.
      const std::string text = text_of(message.get());
      gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
      throw InputError(problem_.empty() ? text : problem_);
    }
    if (stop) throw InputError("stopped");
    const uint64_t now = buffers_;
    idle = now == seen ? idle + kPoll : 0;
    seen = now;
    if (idle >= idle_limit * GST_SECOND)
      throw InputError("no audio for " + std::to_string(idle_limit) + " s: given up");
  }
  if (!problem_.empty()) throw InputError(problem_);
}

Features Pipeline::result() {
  if (features_.frames == 0)
    throw InputError(buffers_ == 0 ? "there is no audio in it"
                                   : "too short: its audio makes no frame");
  GstStructure* owned = nullptr;
  g_object_get(mel_, "stats", &owned, nullptr);
  const StructurePtr stats(owned);
  uint64_t samples = 0, npu = 0, software = 0;
  gst_structure_get_uint64(stats.get(), "samples-in", &samples);
  gst_structure_get_uint64(stats.get(), "npu-batches", &npu);
  gst_structure_get_uint64(stats.get(), "software-batches", &software);
  features_.backend = npu > 0 ? software > 0 ? "npu+software" : "npu" : "software";
  features_.seconds *= static_cast<double>(samples);
  return std::move(features_);
}

/// Video, subtitles and the like are not decoded: their pads stay unlinked.
gboolean Pipeline::continue_plugging(GstElement*, GstPad*, GstCaps* caps, gpointer) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const gchar* name = gst_structure_get_name(structure);
  for (const char* kind : {"video/x-", "video/mpeg", "image/", "subtitle/", "text/x-raw"}) {
    if (!g_str_has_prefix(name, kind)) continue;
    gboolean system = FALSE;  // MPEG program and transport streams hold audio
    gst_structure_get_boolean(structure, "systemstream", &system);
    // Container formats are video/..., too; elementary streams have a size.
    return system || !gst_structure_has_field(structure, "width") ? TRUE : FALSE;
  }
  return TRUE;
}

void Pipeline::link_pad(GstElement*, GstPad* pad, gpointer self) {
  auto* pipeline = static_cast<Pipeline*>(self);
  const PadPtr sink(gst_element_get_static_pad(pipeline->convert_, "sink"));
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  const bool audio =
      caps && gst_structure_has_name(gst_caps_get_structure(caps.get(), 0), "audio/x-raw");
  if (!audio || gst_pad_is_linked(sink.get())) return;
  int channels = 0;
  gst_structure_get_int(gst_caps_get_structure(caps.get(), 0), "channels", &channels);
  if (const auto named = pipeline->range_.channels; named && static_cast<int>(*named) != channels)
    GST_ELEMENT_ERROR(
        pipeline->convert_, STREAM, FORMAT,
        ("the manifest names %u channels of %d: channels are mixed, not chosen", *named, channels),
        (nullptr));
  gst_pad_link(pad, sink.get());
}

void Pipeline::end_of_pads(GstElement* decoder, gpointer self) {
  auto* pipeline = static_cast<Pipeline*>(self);
  const PadPtr sink(gst_element_get_static_pad(pipeline->convert_, "sink"));
  if (!gst_pad_is_linked(sink.get()))
    GST_ELEMENT_ERROR(decoder, STREAM, WRONG_TYPE, ("there is no audio in it"), (nullptr));
}

/// Counts buffers, and cuts them to the range of a manifest.
GstPadProbeReturn Pipeline::watch(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
  auto* pipeline = static_cast<Pipeline*>(self);
  ++pipeline->buffers_;
  const Input& range = pipeline->range_;
  if (range.offset == 0 && !range.duration) return GST_PAD_PROBE_OK;
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  GstAudioInfo audio;
  if (!caps || !gst_audio_info_from_caps(&audio, caps.get())) return GST_PAD_PROBE_OK;
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = nanoseconds(range.offset);
  if (range.duration) segment.stop = nanoseconds(range.offset + *range.duration);
  auto* buffer = static_cast<GstBuffer*>(GST_PAD_PROBE_INFO_DATA(info));
  if (range.duration && GST_BUFFER_PTS_IS_VALID(buffer) && GST_BUFFER_PTS(buffer) >= segment.stop) {
    // Upstream ends the stream when it is told that nothing more is wanted.
    GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_EOS;
    gst_buffer_unref(buffer);
    return GST_PAD_PROBE_HANDLED;
  }
  buffer = gst_audio_buffer_clip(buffer, &segment, GST_AUDIO_INFO_RATE(&audio),
                                 GST_AUDIO_INFO_BPF(&audio));
  // Nothing is left of it, and it is no longer ours: DROP would have it unreferenced again.
  if (buffer == nullptr) return GST_PAD_PROBE_HANDLED;
  GST_PAD_PROBE_INFO_DATA(info) = buffer;
  return GST_PAD_PROBE_OK;
}

GstFlowReturn Pipeline::new_sample(GstElement* sink, gpointer self) {
  auto* pipeline = static_cast<Pipeline*>(self);
  GstSample* sample = gst_app_sink_pull_sample(GST_APP_SINK(sink));
  if (sample == nullptr) return GST_FLOW_EOS;
  try {
    pipeline->take(sample);
  } catch (const std::bad_alloc&) {
    pipeline->problem_ = "out of memory: the features of a whole file are held at once";
  } catch (const std::exception& error) {
    pipeline->problem_ = error.what();
  }
  gst_sample_unref(sample);
  return pipeline->problem_.empty() ? GST_FLOW_OK : GST_FLOW_ERROR;
}

void Pipeline::take(GstSample* sample) {
  const GstStructure* caps = gst_caps_get_structure(gst_sample_get_caps(sample), 0);
  int mels = 0, rate = 0;
  gst_structure_get_int(caps, "mels", &mels);
  gst_structure_get_int(caps, "rate", &rate);
  const bool half = field(caps, "format") == "F16LE";
  const bool mel_major = field(caps, "layout") == "mel-major";
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  const size_t size = gst_buffer_get_size(buffer);
  if (mels <= 0 || rate <= 0) throw std::runtime_error("caps without mels or rate");
  const uint64_t frames = size / (static_cast<size_t>(mels) * (half ? 2 : 4));
  if (frames == 0) return;
  if (features_.frames > 0 && mel_major)
    throw std::runtime_error(
        "its time stamps make several parts, which cannot be joined in layout=mel-major");
  const size_t before = features_.bytes.size();
  features_.bytes.resize(before + size);
  gst_buffer_extract(buffer, 0, features_.bytes.data() + before, size);
  features_.frames += frames;
  features_.half = half;
  features_.rows = mel_major ? static_cast<uint64_t>(mels) : features_.frames;
  features_.columns = mel_major ? features_.frames : static_cast<uint64_t>(mels);
  features_.recipe_id = field(caps, "recipe-id");
  features_.seconds = 1.0 / rate;  // times the samples, which are known at the end
}

}  // namespace npumel::extract
