// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/npumelspec/element.h"

#include <gst/audio/audio.h>

#include <algorithm>
#include <stdexcept>

#include "gst/backend/types.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {

Element::Element(GstNpuMelSpec* self) : self_(self), stream_(*this) {}

Element::~Element() { reset_stream(); }

Settings Element::settings() const {
  const ObjectLock lock(self_);
  return settings_;
}

bool Element::start() {
  const Settings settings = this->settings();
  counters_.frames = counters_.buffers = 0;
  counters_.samples_in = counters_.samples_inserted = counters_.samples_dropped = 0;
  counters_.nonfinite = counters_.late_buffers = 0;
  nonfinite_warned_ = empty_warned_ = false;
  note_answer(GST_CAPS_NONE, GST_CAPS_NONE);
  configured_ = false;
  stream_.supervisor().resume();
  choose_device(settings);
  stream_.supervisor().open(settings.backend, device_.state().wanted);
  publish();
  started_ = true;
  return true;
}

bool Element::stop() {
  started_ = false;
  reset_stream();
  stream_.supervisor().close();
  configured_ = false;
  device_.forget();
  out_caps_.reset();
  latency_.reset();
  return true;
}

/// Until the element starts its properties may still change, in any order with linking: everything
/// that some property can give is possible then, and a wrong choice is an error that names the
/// field instead of a link that fails without a reason.
CapsPtr Element::transform_caps(GstPadDirection direction, const GstCaps* caps) const {
  const bool downstream = direction == GST_PAD_SINK;
  if (!started_)
    return CapsPtr(
        gst_static_pad_template_get_caps(downstream ? source_template() : sink_template()));
  return downstream ? source_caps(settings(), caps) : sink_caps(settings(), caps);
}

/// The audio that is taken does not depend on whether the next element takes the features, but for
/// the rate. Sources then send caps, and the mismatch is told by name; with the base class's answer
/// they would find nothing in common and stop without a reason.
void Element::sink_caps_query(GstQuery* query) {
  GstCaps* filter = nullptr;
  gst_query_parse_caps(query, &filter);
  const CapsPtr possible(gst_static_pad_template_get_caps(source_template()));
  CapsPtr wanted(gst_pad_peer_query_caps(GST_BASE_TRANSFORM_SRC_PAD(self_), possible.get()));
  if (gst_caps_is_empty(wanted.get())) wanted.reset(gst_caps_ref(possible.get()));
  CapsPtr caps = transform_caps(GST_PAD_SRC, wanted.get());
  if (filter != nullptr) {
    caps.reset(gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST));
    note_answer(filter, caps.get());
  }
  gst_query_set_caps_result(query, caps.get());
}

void Element::release_input() {
  if (!input_) return;
  gst_buffer_unmap(input_.get(), &input_map_);
  input_.reset();
}

void Element::reset_stream() {
  stream_.reset();
  release_input();
  timeline_.restart();
  captures_.clear();
  first_output_ = true;
  resynced_ = false;
}

bool Element::set_caps(GstCaps* in, GstCaps* out) {
  GstAudioInfo info;
  if (!gst_audio_info_from_caps(&info, in)) return false;
  const int rate = GST_AUDIO_INFO_RATE(&info);
  const Settings settings = this->settings();

  Stream::Config config;
  config.backend.recipe = resolve_recipe(settings, rate);
  config.backend.type =
      GST_AUDIO_INFO_FORMAT(&info) == GST_AUDIO_FORMAT_S16LE ? SampleType::s16 : SampleType::f32;
  config.backend.choice = settings.backend;
  config.backend.device = device_.state().wanted;
  config.backend.kernel_path = settings.kernel_path;
  config.backend.timeout_ms = settings.npu_timeout;
  config.backend.verify_interval = settings.verify_interval;
  config.backend.retry_interval = settings.retry_interval;
  const OutputFormat format = parse_source_caps(settings, config.backend.recipe, out);
  config.output.shape = resolve_shape(settings);
  // Raw rows must not depend on how they are grouped.
  if (settings.normalize == NormalizeMode::buffer)
    config.backend.rows_per_call = config.output.shape.frames;
  config.output.mels = config.backend.recipe.mels;
  config.output.layout = format.layout;
  config.output.type = format.type;
  config.output.mode = settings.normalize;
  config.output.normalization = config.backend.recipe.normalization;
  config.output.fixed_max = settings.fixed_max;
  update_liveness();
  config.backend.in_flight = latency_.live() ? 1 : settings.in_flight;
  config.backend.backlog = !latency_.live();
  const Timeline::Config timing = {rate, settings.alignment_threshold, settings.discont_wait,
                                   settings.max_gap};

  const bool same = configured_ && config == config_ && timing == timing_ &&
                    gst_caps_is_equal(out_caps_.get(), out);
  if (configured_ && !same) drain();
  active_ = settings;
  announced_frames_ = config.output.shape.frames;  // the base class announces `out` after this
  if (same) return true;

  configured_ = false;
  reset_stream();
  timeline_.configure(timing);
  stream_.configure(config);
  width_ = size_of(config.backend.type);
  config_ = config;
  timing_ = timing;
  out_caps_.reset(gst_caps_ref(out));
  configured_ = true;
  rate_ = rate;
  latency_.configure(buffer_samples(config.backend.recipe, config.output.shape), rate);
  GST_INFO_OBJECT(self_, "recipe %s (%s), %s backend", recipe_id(config.backend.recipe).c_str(),
                  nick(config.backend.recipe.preset), stream_.supervisor().active());
  warn_of_empty_filters();
  publish();
  update_latency();
  return true;
}

/// Where a buffer's samples belong: silence to insert before them, how many of them to skip.
GstFlowReturn Element::place(GstBuffer* buffer, int64_t* silence, int64_t* skip, int64_t samples) {
  GstBaseTransform* base = GST_BASE_TRANSFORM(self_);
  const GstClockTime pts = GST_BUFFER_PTS(buffer);
  const bool flagged =
      GST_BUFFER_IS_DISCONT(buffer) || GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_RESYNC);
  if (timeline_.started()) {
    const Timeline::Placement placement = timeline_.place(pts, flagged, samples, stream_.samples());
    if (!placement.resync) {
      *silence = std::max<int64_t>(placement.gap, 0);
      *skip = std::min(std::max<int64_t>(-placement.gap, 0), samples);
      if (placement.gap != 0)
        GST_DEBUG_OBJECT(self_, "timestamps jump by %" G_GINT64_FORMAT " samples", placement.gap);
      return GST_FLOW_OK;
    }
    GST_INFO_OBJECT(self_, "timestamps jump to %" GST_TIME_FORMAT ", expected %" GST_TIME_FORMAT,
                    GST_TIME_ARGS(pts), GST_TIME_ARGS(timeline_.at(stream_.samples())));
    const GstFlowReturn flow = drain();
    if (flow != GST_FLOW_OK) return flow;
    resynced_ = true;
  }
  GstClockTime start = pts;
  if (!GST_CLOCK_TIME_IS_VALID(start))
    start = GST_CLOCK_TIME_IS_VALID(base->segment.start) ? base->segment.start : 0;
  timeline_.start(start, samples);
  return GST_FLOW_OK;
}

/// What is left of the input when downstream has refused a buffer is lost with it: what comes next
/// has a time of its own.
void Element::forget_refused() {
  if (!input_ && !stream_.has_input()) return;
  reset_stream();
  resynced_ = true;
}

GstFlowReturn Element::submit(BufferPtr buffer) {
  GstBaseTransform* base = GST_BASE_TRANSFORM(self_);
  forget_refused();
  if (base->segment.format != GST_FORMAT_TIME) {
    GST_ELEMENT_ERROR(self_, STREAM, FORMAT,
                      ("Audio without a time segment: set format=time on appsrc, or insert a "
                       "parser such as rawaudioparse"),
                      (nullptr));
    return GST_FLOW_ERROR;
  }
  const gsize size = gst_buffer_get_size(buffer.get());
  if (size % width_ != 0) {
    GST_ELEMENT_ERROR(self_, STREAM, FORMAT,
                      ("A buffer of %" G_GSIZE_FORMAT
                       " bytes does not hold whole samples of %" G_GSIZE_FORMAT " bytes",
                       size, width_),
                      (nullptr));
    return GST_FLOW_ERROR;
  }
  if (GST_BUFFER_PTS_IS_VALID(buffer.get()))
    buffer.reset(
        gst_audio_buffer_clip(buffer.release(), &base->segment, rate_, static_cast<gint>(width_)));
  if (!buffer || gst_buffer_get_size(buffer.get()) == 0) return GST_FLOW_OK;
  const auto samples = static_cast<int64_t>(gst_buffer_get_size(buffer.get()) / width_);

  int64_t silence = 0;
  int64_t skip = 0;
  const GstFlowReturn flow = place(buffer.get(), &silence, &skip, samples);
  if (flow != GST_FLOW_OK) return flow;
  counters_.samples_in += static_cast<uint64_t>(samples);
  counters_.samples_inserted += static_cast<uint64_t>(silence);
  counters_.samples_dropped += static_cast<uint64_t>(skip);
  note_captures(buffer.get(), stream_.samples() + silence - skip);

  if (GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_GAP)) {
    stream_.feed(silence + samples - skip, nullptr, 0);
    return GST_FLOW_OK;
  }
  if (!gst_buffer_map(buffer.get(), &input_map_, GST_MAP_READ)) {
    GST_ELEMENT_ERROR(self_, RESOURCE, READ, ("Cannot read an audio buffer"), (nullptr));
    return GST_FLOW_ERROR;
  }
  input_ = std::move(buffer);
  stream_.feed(silence, input_map_.data + static_cast<size_t>(skip) * width_, samples - skip);
  return GST_FLOW_OK;
}

GstFlowReturn Element::generate(GstBuffer** buffer) { return produce(buffer, latency_.live()); }

/// The next complete buffer, or none. `wait`: leaves nothing in flight when there is none.
GstFlowReturn Element::produce(GstBuffer** buffer, bool wait) {
  *buffer = nullptr;
  if (!configured_) return GST_FLOW_OK;
  Output output;
  const uint64_t begun = now_ns();
  const GstFlowReturn flow = stream_.next(output, wait);
  if (output.buffer) count_late(now_ns() - begun);
  publish();
  if (flow != GST_FLOW_OK) return flow;
  if (!output.buffer) {
    release_input();
    if (stream_.shape().whole() && timeline_.started() &&
        timeline_.at(stream_.samples()) - timeline_.at(0) > active_.max_duration) {
      too_long();
      return GST_FLOW_ERROR;
    }
    return GST_FLOW_OK;
  }
  const GstFlowReturn stamped = stamp(output);
  if (stamped == GST_FLOW_OK) *buffer = output.buffer.release();
  return stamped;
}

void Element::too_long() {
  GST_ELEMENT_ERROR(self_, STREAM, FAILED,
                    ("The stream is longer than max-duration (%" GST_TIME_FORMAT
                     "): frames=0 keeps all of it until its end; use frames > 0 or a larger "
                     "max-duration",
                     GST_TIME_ARGS(active_.max_duration)),
                    (nullptr));
}

/// What the streaming thread learnt becomes visible: messages, notifications, counters.
void Element::publish() {
  const uint64_t nonfinite = stream_.framer().nonfinite();
  counters_.nonfinite = nonfinite;
  if (nonfinite > 0 && !nonfinite_warned_) {
    nonfinite_warned_ = true;
    GST_ELEMENT_WARNING(self_, STREAM, FORMAT, ("Samples that are NaN or infinite are read as 0"),
                        ("the count is nonfinite-samples in the stats property"));
  }
  const char* active = stream_.supervisor().active();
  const bool changed = backend_ != active;
  if (changed) backend_ = active;
  for (const BackendNotice& notice : stream_.supervisor().take_notices()) {
    GstStructure* structure = gst_structure_new(
        "npumelspec-backend", "backend", G_TYPE_STRING, notice.backend.c_str(), "previous",
        G_TYPE_STRING, notice.previous.c_str(), "reason", G_TYPE_STRING, notice.reason.c_str(),
        "batch", G_TYPE_UINT64, static_cast<guint64>(notice.batch), nullptr);
    gst_element_post_message(GST_ELEMENT(self_),
                             gst_message_new_element(GST_OBJECT(self_), structure));
    if (notice.backend == "npu") announce_device();
    if (notice.warn)
      GST_ELEMENT_WARNING(
          self_, RESOURCE, FAILED,
          ("Now computing on: %s. %s", notice.backend.c_str(), notice.reason.c_str()), (nullptr));
  }
  if (changed) g_object_notify(G_OBJECT(self_), "active-backend");
}

std::string Element::recipe_text() const {
  const Settings settings = this->settings();
  const int published = published_rate(settings.preset);
  const int rate = rate_ != 0 ? rate_.load() : published != 0 ? published : 16000;
  try {
    return canonical_text(resolve(settings.preset, settings.overrides, rate));
  } catch (const std::invalid_argument& error) {
    return std::string("invalid: ") + error.what();
  }
}

}  // namespace npumel
