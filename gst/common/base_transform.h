// SPDX-License-Identifier: LGPL-2.1-or-later
// GstBaseTransform's vfuncs for an element that sends all its output itself.
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

#include <utility>

#include "gst/common/guarded.h"
#include "gst/common/pointers.h"
#include "gst/common/tensor.h"

namespace npumel {

/// Hands a sink event to the base class, which applies it and sends it on.
inline bool forward_sink_event(gpointer element, EventPtr event) {
  auto* klass = GST_BASE_TRANSFORM_CLASS(g_type_class_peek(GST_TYPE_BASE_TRANSFORM));
  return klass->sink_event(GST_BASE_TRANSFORM(element), event.release()) != FALSE;
}

/// Calls the methods of `Impl` that are named after the vfuncs. Input is taken in
/// submit_input_buffer(); the element pushes buffers and events itself, so that it can keep their
/// order, and generate_output() never has any. `report` posts exceptions.
template <typename Impl, Impl& (*element_of)(gpointer object), ExceptionReport report>
class BaseTransformVfuncs {
 public:
  static void install(GstBaseTransformClass* klass) {
    parent_ = GST_BASE_TRANSFORM_CLASS(g_type_class_peek_parent(klass));
    klass->passthrough_on_same_caps = FALSE;
    klass->start = GST_DEBUG_FUNCPTR(start);
    klass->stop = GST_DEBUG_FUNCPTR(stop);
    klass->transform_caps = GST_DEBUG_FUNCPTR(transform_caps);
    klass->fixate_caps = GST_DEBUG_FUNCPTR(fixate_caps);
    klass->set_caps = GST_DEBUG_FUNCPTR(set_caps);
    klass->decide_allocation = GST_DEBUG_FUNCPTR(decide_allocation);
    klass->submit_input_buffer = GST_DEBUG_FUNCPTR(submit_input_buffer);
    klass->transform = GST_DEBUG_FUNCPTR(transform);
    klass->generate_output = GST_DEBUG_FUNCPTR(generate_output);
    klass->sink_event = GST_DEBUG_FUNCPTR(sink_event);
    klass->src_event = GST_DEBUG_FUNCPTR(src_event);
    klass->query = GST_DEBUG_FUNCPTR(query);
  }

  /// For the instance's init function.
  static void prepare(GstBaseTransform* base) {
    gst_base_transform_set_passthrough(base, FALSE);
    gst_base_transform_set_in_place(base, FALSE);
    gst_base_transform_set_gap_aware(base, TRUE);
    gst_pad_add_probe(GST_BASE_TRANSFORM_SINK_PAD(base), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
                      watch_caps, base, nullptr);
  }

  static GstFlowReturn submit_input_buffer(GstBaseTransform* base, gboolean is_discont,
                                           GstBuffer* buffer) {
    // The base class renegotiates here and leaves the buffer in queued_buf. Its is_discont stays
    // set until an output buffer leaves: only the buffer's own flag can be used.
    const GstFlowReturn flow = parent_->submit_input_buffer(base, is_discont, buffer);
    if (flow != GST_FLOW_OK || base->queued_buf == nullptr) return flow;
    GstBuffer* queued = std::exchange(base->queued_buf, nullptr);
    return call(base, GST_FLOW_ERROR, [&] { return element_of(base).submit(BufferPtr(queued)); });
  }

  static gboolean query(GstBaseTransform* base, GstPadDirection direction, GstQuery* query) {
    const auto handled = call(base, 0, [&] {
      Impl& element = element_of(base);
      if (direction == GST_PAD_SRC && GST_QUERY_TYPE(query) == GST_QUERY_LATENCY)
        return element.latency_query(query) ? 1 : 0;
      if (direction == GST_PAD_SINK && GST_QUERY_TYPE(query) == GST_QUERY_CAPS) {
        element.sink_caps_query(query);
        return 1;
      }
      if (direction == GST_PAD_SINK && GST_QUERY_TYPE(query) == GST_QUERY_DRAIN)
        element.set_pending_flow(element.drain());
      return -1;
    });
    return handled >= 0 ? handled : parent_->query(base, direction, query);
  }

 private:
  template <typename Result, typename Body>
  static Result call(gpointer object, Result failed, Body&& body) noexcept {
    return guarded(object, failed, std::forward<Body>(body), report);
  }

  static gboolean start(GstBaseTransform* base) {
    return call(base, false, [&] { return element_of(base).start(); });
  }

  static gboolean stop(GstBaseTransform* base) {
    return call(base, false, [&] { return element_of(base).stop(); });
  }

  static GstCaps* transform_caps(GstBaseTransform* base, GstPadDirection direction, GstCaps* caps,
                                 GstCaps* filter) {
    return call(base, static_cast<GstCaps*>(nullptr), [&] {
      CapsPtr result = element_of(base).transform_caps(direction, caps);
      if (filter != nullptr)
        result.reset(gst_caps_intersect_full(filter, result.get(), GST_CAPS_INTERSECT_FIRST));
      return result.release();
    });
  }

  static GstCaps* fixate_caps(GstBaseTransform* base, GstPadDirection direction, GstCaps* caps,
                              GstCaps* other) {
    GstCaps* fixed = gst_caps_make_writable(parent_->fixate_caps(base, direction, caps, other));
    if (direction == GST_PAD_SINK) describe_tensor(fixed);
    return fixed;
  }

  static gboolean set_caps(GstBaseTransform* base, GstCaps* in, GstCaps* out) {
    return call(base, false, [&] { return element_of(base).set_caps(in, out); });
  }

  static gboolean decide_allocation(GstBaseTransform* base, GstQuery* query) {
    const bool decided =
        call(base, false, [&] { return element_of(base).decide_allocation(query); });
    return decided && parent_->decide_allocation(base, query);
  }

  static GstFlowReturn generate_output(GstBaseTransform*, GstBuffer** buffer) {
    *buffer = nullptr;
    return GST_FLOW_OK;
  }

  /// Never called; without it the base class assumes an element that works in place and negotiates
  /// no pool.
  static GstFlowReturn transform(GstBaseTransform*, GstBuffer*, GstBuffer*) {
    return GST_FLOW_NOT_SUPPORTED;
  }

  static gboolean sink_event(GstBaseTransform* base, GstEvent* event) {
    return call(base, false, [&] { return element_of(base).sink_event(EventPtr(event)); });
  }

  static gboolean src_event(GstBaseTransform* base, GstEvent* event) {
    return call(base, false, [&] { return element_of(base).src_event(EventPtr(event)); });
  }

  /// Caps that the pad refuses never reach the event function: the reason is posted from here.
  static GstPadProbeReturn watch_caps(GstPad* pad, GstPadProbeInfo* info, gpointer object) {
    GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
    if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event, &caps);
    if (!gst_pad_query_accept_caps(pad, caps)) {
      call(object, 0, [&] {
        element_of(object).post_refusal(caps);
        return 0;
      });
    }
    return GST_PAD_PROBE_OK;
  }

  static inline GstBaseTransformClass* parent_ = nullptr;
};

}  // namespace npumel
