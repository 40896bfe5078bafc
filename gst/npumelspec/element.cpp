// SPDX-License-Identifier: LGPL-2.1-or-later
// What npumelspec does between GstBaseTransform and the stream: start, caps, buffers in, buffers
// out.
#include "gst/npumelspec/element.h"

#include <gst/audio/audio.h>

#include <algorithm>
#include <stdexcept>

#include "gst/backend/types.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {

Element::Element(GstNpuMelSpec* self)
    : self_(self),
      backend_log_(self),
      pool_(
          [self] { return PoolPtr(gst_base_transform_get_buffer_pool(GST_BASE_TRANSFORM(self))); }),
      stream_(pool_, self),
      backend_messages_(GST_ELEMENT(self)),
      negotiation_(GST_ELEMENT(self)) {
  stream_.supervisor().set_logger(&backend_log_);
}

Element::~Element() { discard_input(); }

Settings Element::settings() const {
  const ObjectLock lock(self_);
  return settings_;
}

bool Element::start() {
  const Settings settings = this->settings();
  reset_errors(GST_ELEMENT(self_));
  counters_.reset();
  pending_flow_ = GST_FLOW_OK;
  reverse_ = false;
  backend_messages_.restart();
  negotiation_.clear();
  configured_ = false;
  stream_.supervisor().resume();
  choose_device(settings);
  warn_of_missing_folders(settings);
  stream_.supervisor().open(settings.backend, device_.state().wanted);
  publish();
  started_ = true;
  const std::string device = device_.state().wanted;
  GST_INFO_OBJECT(self_, "started, %s is active; device: %s", stream_.supervisor().active(),
                  device.empty() ? "the first NPU" : device.c_str());
  return true;
}

bool Element::stop() {
  GST_INFO_OBJECT(self_, "stopped after %" G_GUINT64_FORMAT " buffers", counters_.buffers.load());
  started_ = false;
  discard_input();
  stream_.supervisor().close();
  configured_ = false;
  device_.forget();
  out_caps_.reset();
  latency_.reset();
  const ObjectLock lock(self_);
  running_recipe_.clear();
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
/// the rate. Sources then send caps, and the error names the mismatch; with the base class's answer
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
    negotiation_.note_caps_query(filter, caps.get());
  }
  gst_query_set_caps_result(query, caps.get());
}

void Element::reset_stream() {
  stream_.reset();
  input_.reset();
  timeline_.restart();
  captures_.clear();
  timing_.restart();
  exceeded_max_duration_ = false;
}

namespace {

/// Frames of a batch that software computes. Samples and rows of a batch wait in memory of the
/// stream, which a hundred frames make larger than everything else a stream of small buffers has.
/// Two groups of the widest vectors lose nothing; a live stream has a frame or two at a time, and
/// one group when it catches up.
int software_batch(const Shape& shape, bool live) {
  constexpr int kFew = 32;
  constexpr int kFewLive = 8;
  const int longest = std::max(shape.frames, shape.first);
  if (shape.whole() || longest > kFew) return kBatchFrames;
  return std::max(longest, live ? kFewLive : kFew);
}

}  // namespace

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
  config.output.mels = config.backend.recipe.width();
  config.output.layout = format.layout;
  config.output.type = format.type;
  config.output.mode = settings.normalize;
  config.output.normalization = config.backend.recipe.normalization;
  config.output.fixed_max = settings.fixed_max;
  config.measures_level = settings.level_meta;
  update_liveness();
  config.backend.in_flight = latency_.live() ? 1 : settings.in_flight;
  config.backend.backlog = !latency_.live();
  config.backend.max_software_frames = software_batch(config.output.shape, latency_.live());
  config.backend.live_deadline =
      latency_.live() ? std::max<GstClockTime>(settings.processing_latency, 1) : 0;
  const JumpRule::Config timing = jump_rule(settings);

  const bool same = configured_ && config == config_ && timing == jumps_.config() &&
                    rate == rate_ && gst_caps_is_equal(out_caps_.get(), out);
  if (configured_ && !same) set_pending_flow(drain());
  active_ = settings;
  announced_frames_ = config.output.shape.frames;  // the base class announces `out` after this
  if (same) return true;

  configured_ = false;
  discard_input();
  timeline_.configure(rate);
  jumps_.configure(timing);
  pool_.use_pool(!config.output.shape.whole());
  stream_.configure(config);
  width_ = size_of(config.backend.type);
  config_ = config;
  out_caps_.reset(gst_caps_ref(out));
  configured_ = true;
  reset_errors(GST_ELEMENT(self_));
  rate_ = rate;
  std::string recipe = canonical_text(config.backend.recipe);
  {
    const ObjectLock lock(self_);
    running_recipe_.swap(recipe);
  }
  latency_.configure(buffer_samples(config.backend.recipe, config.output.shape), rate);
  GST_INFO_OBJECT(self_, "negotiated %" GST_PTR_FORMAT " -> %" GST_PTR_FORMAT, in, out);
  GST_INFO_OBJECT(self_, "recipe %s (%s), %s backend, %s, %d batches ahead",
                  recipe_id(config.backend.recipe).c_str(), nick(config.backend.recipe.preset),
                  stream_.supervisor().active(), latency_.live() ? "live" : "not live",
                  config.backend.in_flight);
  negotiation_.warn_of_empty_filters(config_.backend.recipe);
  publish();
  update_latency();
  return true;
}

/// The next complete buffer, or none. `wait`: leaves nothing in flight when there is none.
GstFlowReturn Element::produce(GstBuffer** buffer, bool wait) {
  *buffer = nullptr;
  if (!configured_) return GST_FLOW_OK;
  Output output;
  const bool live = latency_.live();
  const uint64_t begun = live ? now_ns() : 0;
  const GstFlowReturn flow = stream_.next(output, wait);
  if (live && output.buffer) count_late(now_ns() - begun);
  publish();
  if (flow != GST_FLOW_OK) return flow;
  if (!output.buffer) {
    input_.reset();
    return GST_FLOW_OK;
  }
  const GstFlowReturn stamped = stamp(output);
  if (stamped == GST_FLOW_OK) *buffer = output.buffer.release();
  return stamped;
}

/// Publishes the state of backend and samples: messages, notifications, counters.
void Element::publish() {
  counters_.nonfinite = stream_.framer().nonfinite();
  backend_messages_.warn_of_nonfinite(counters_.nonfinite);
  const char* active = stream_.supervisor().active();
  if (backend_messages_.post(stream_.supervisor().take_notices())) announce_device();
  backend_messages_.notify_active(active);
}

/// The `stats` property.
StructurePtr Element::stats() const {
  return stats_structure(counters_, stream_.supervisor().stats(), rate_);
}

void Element::post_refusal(const GstCaps* caps) { negotiation_.post_refusal(settings(), caps); }

void Element::post_missing_caps() {
  if (!gst_pad_has_current_caps(GST_BASE_TRANSFORM_SINK_PAD(self_)))
    negotiation_.post_missing_caps();
}

/// The recipe of the running stream; settings changed since apply, and show, from the next
/// negotiation on.
std::string Element::recipe_text() const {
  {
    const ObjectLock lock(self_);
    if (!running_recipe_.empty()) return running_recipe_;
  }
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
