// SPDX-License-Identifier: LGPL-2.1-or-later
// What meltransform does between GstBaseTransform and the rows: start, caps, allocation, latency.
#include "gst/meltransform/mel_transform.h"

#include <stdexcept>
#include <utility>

#include "gst/meltransform/log.h"

#define GST_CAT_DEFAULT mel_transform_debug

namespace npumel {

MelTransform::MelTransform(GstMelTransform* self)
    : self_(self),
      pool_(
          [self] { return PoolPtr(gst_base_transform_get_buffer_pool(GST_BASE_TRANSFORM(self))); }),
      writer_(pool_) {}

bool MelTransform::start() {
  choice_.refresh();
  reset_errors(GST_ELEMENT(self_));
  pending_flow_ = GST_FLOW_OK;
  reverse_ = nonfinite_warned_ = short_warned_ = false;
  configured_ = false;
  started_ = true;
  GST_INFO_OBJECT(self_, "started");
  return true;
}

bool MelTransform::stop() {
  GST_INFO_OBJECT(self_, "stopped after %" G_GINT64_FORMAT " rows of the last stream", sent_rows_);
  started_ = false;
  reset_stream();
  configured_ = false;
  transformer_.reset();
  source_.reset();
  recipe_.reset();
  out_caps_.reset();
  latency_.reset();
  const std::lock_guard lock(running_mutex_);
  running_.reset();
  return true;
}

/// Until the element starts its properties may still change, in any order with linking: everything
/// that some property can give is possible then, and a wrong choice is an error that names the
/// field instead of a link that fails without a reason.
CapsPtr MelTransform::transform_caps(GstPadDirection direction, const GstCaps* caps) const {
  if (direction == GST_PAD_SRC)
    return started_ ? transform_sink_caps(caps)
                    : CapsPtr(gst_static_pad_template_get_caps(transform_sink_template()));
  if (started_) {
    try {
      return transform_source_caps(*choice_.recipe(), caps);
    } catch (const std::invalid_argument&) {
      // The template lets negotiation reach set_caps, which posts the reason.
    }
  }
  return CapsPtr(gst_static_pad_template_get_caps(transform_source_template()));
}

/// The rows that are taken do not depend on whether the next element takes the features, but for
/// the rate: sources then send caps, and the mismatch is posted by name.
void MelTransform::sink_caps_query(GstQuery* query) const {
  GstCaps* filter = nullptr;
  gst_query_parse_caps(query, &filter);
  const CapsPtr possible(gst_static_pad_template_get_caps(transform_source_template()));
  CapsPtr wanted(gst_pad_peer_query_caps(GST_BASE_TRANSFORM_SRC_PAD(self_), possible.get()));
  if (gst_caps_is_empty(wanted.get())) wanted.reset(gst_caps_ref(possible.get()));
  CapsPtr caps = transform_caps(GST_PAD_SRC, wanted.get());
  if (filter != nullptr)
    caps.reset(gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST));
  gst_query_set_caps_result(query, caps.get());
}

bool MelTransform::set_caps(GstCaps* in, GstCaps* out) {
  auto info = RowInfo::from_caps(in);
  if (!info) return false;
  TransformChoice::Recipe recipe = choice_.recipe();
  Source source(std::move(*info));
  check_transform(*recipe, source.input);
  choose_mode(*recipe, source);

  const bool same = configured_ && *recipe == *recipe_ && source == *source_ &&
                    gst_caps_is_equal(out_caps_.get(), out);
  if (configured_ && !same) set_pending_flow(drain());
  if (same) {
    announced_frames_ = features_.frames;  // the base class announces `out` after this
    return true;
  }
  use(std::move(recipe), std::move(source), out);
  GST_INFO_OBJECT(self_, "negotiated %" GST_PTR_FORMAT " -> %" GST_PTR_FORMAT, in, out);
  GST_INFO_OBJECT(self_, "%s, %d values a row, %s", features_.kind.c_str(), features_.dims,
                  mode_ == Mode::stream ? "over buffers" : "each buffer by itself");
  update_latency();
  return true;
}

void MelTransform::use(TransformChoice::Recipe recipe, Source source, const GstCaps* out) {
  configured_ = false;
  reset_stream();
  recipe_ = std::move(recipe);
  source_ = std::move(source);
  mode_ = choose_mode(*recipe_, *source_);
  features_ = features_of(*recipe_, *source_);
  const RowFormat format = format_of(out, features_.dims);
  features_.type = format.type;
  features_.layout = format.layout;
  transformer_.emplace(*recipe_, source_->input);
  out_caps_.reset(gst_caps_copy(out));
  announced_frames_ = features_.frames;
  pool_.use_pool(features_.frames > 0);
  int64_t waits = 0;
  if (mode_ == Mode::stream) {
    const Blocks blocks = plan_blocks(*transformer_, recipe_->stride(), source_->frames());
    writer_.configure({.width = features_.dims,
                       .rows = blocks.rows,
                       .type = features_.type,
                       .layout = features_.layout});
    waits = blocks.latency_rows * hop();
    timeline_.configure(source_->input.rate);
    continuity_.configure(timeline_.duration(hop()));
  }
  latency_.configure(waits, std::max(source_->input.rate, 1));
  configured_ = true;
  reset_errors(GST_ELEMENT(self_));
  const std::lock_guard lock(running_mutex_);
  running_ = recipe_;
}

bool MelTransform::decide_allocation(GstQuery* query) {
  const size_t bytes = static_cast<size_t>(features_.frames) * features_.row_size();
  const auto decision = OutputPool::decide(query, bytes);
  GST_INFO_OBJECT(self_, "buffers of up to %zu bytes come from %s", bytes,
                  decision == OutputPool::Decision::downstream ? "downstream's pool"
                  : decision == OutputPool::Decision::later
                      ? "no pool: the size is known at the end of each clip"
                      : "a pool of our own");
  return true;
}

bool MelTransform::latency_query(GstQuery* query) {
  if (!gst_pad_peer_query(GST_BASE_TRANSFORM_SINK_PAD(self_), query)) return false;
  latency_.answer(query, 0);
  return true;
}

void MelTransform::update_latency() {
  if (!latency_.changed(0)) return;
  GST_INFO_OBJECT(self_, "latency %" GST_TIME_FORMAT, GST_TIME_ARGS(latency_.own(0)));
  gst_element_post_message(GST_ELEMENT(self_), gst_message_new_latency(GST_OBJECT(self_)));
}

bool MelTransform::src_event(EventPtr event) {
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_SEEK) {
    gdouble rate = 1;
    gst_event_parse_seek(event.get(), &rate, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
    if (rate < 0) {
      GST_INFO_OBJECT(self_, "rows cannot be transformed backwards: seek refused");
      return false;
    }
  }
  return gst_pad_push_event(GST_BASE_TRANSFORM_SINK_PAD(self_), event.release()) != FALSE;
}

std::string MelTransform::transform_text() const {
  TransformChoice::Recipe recipe;
  {
    const std::lock_guard lock(running_mutex_);
    recipe = running_;
  }
  try {
    return canonical_text(recipe ? *recipe : *choice_.recipe());
  } catch (const std::invalid_argument& error) {
    return std::string("invalid: ") + error.what();
  }
}

void MelTransform::post_refusal(const GstCaps* caps) {
  const char* name = gst_structure_get_name(gst_caps_get_structure(caps, 0));
  NPUMEL_ELEMENT_ERROR(
      self_, CORE, NEGOTIATION,
      ("meltransform takes rows (audio/x-mel-spectrogram of npumelspec, or "
       "audio/x-speech-features of another meltransform) with format, layout, mels "
       "or dims and frames in their caps, and this is %s: insert npumelspec before "
       "it",
       name),
      ("refused %" GST_PTR_FORMAT, caps));
}

}  // namespace npumel
