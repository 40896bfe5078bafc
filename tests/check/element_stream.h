// SPDX-License-Identifier: LGPL-2.1-or-later
// An element between two pads, and everything that leaves it in order.
#pragma once

#include <algorithm>
#include <deque>

#include "tests/check/support.h"

namespace npumel::check {

/// One buffer as it left the element.
struct Received {
  GstClockTime pts, duration;
  guint64 offset, offset_end;
  guint flags;
  std::vector<uint8_t> bytes;
  Caps caps;
  bool has_meta = false;
  int valid_frames = -1;
  guint64 frame_offset = 0;
  double log_max = 0;
  std::string backend;

  Received(GstBuffer* buffer, GstCaps* current);

  bool has(GstBufferFlags flag) const { return (flags & flag) != 0; }
  int integer(const char* field) const {
    int value = -1;
    gst_structure_get_int(gst_caps_get_structure(caps.get(), 0), field, &value);
    return value;
  }
  std::string text(const char* field) const {
    const char* value = gst_structure_get_string(gst_caps_get_structure(caps.get(), 0), field);
    return value ? value : "";
  }
  int mels() const { return integer("mels"); }
  int frames() const {
    return static_cast<int>(bytes.size() / (text("format") == "F16LE" ? 2 : 4)) / mels();
  }
  std::vector<float> rows() const {
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
    return values;
  }
};

inline Received::Received(GstBuffer* buffer, GstCaps* current)
    : pts(GST_BUFFER_PTS(buffer)),
      duration(GST_BUFFER_DURATION(buffer)),
      offset(GST_BUFFER_OFFSET(buffer)),
      offset_end(GST_BUFFER_OFFSET_END(buffer)),
      flags(GST_BUFFER_FLAGS(buffer)),
      bytes(values_of<uint8_t>(buffer)),
      caps(current) {
  GstCustomMeta* meta = gst_buffer_get_custom_meta(buffer, "GstNpuMelMeta");
  if (!meta) return;
  has_meta = true;
  const GstStructure* fields = gst_custom_meta_get_structure(meta);
  gst_structure_get_int(fields, "valid-frames", &valid_frames);
  gst_structure_get_uint64(fields, "frame-offset", &frame_offset);
  gst_structure_get_double(fields, "log-max", &log_max);
  const char* name = gst_structure_get_string(fields, "backend");
  backend = name ? name : "";
}

/// A buffer or an event, in the order in which they came.
struct Item {
  std::unique_ptr<Received> buffer;
  Event event;

  bool is(GstEventType type) const { return event && GST_EVENT_TYPE(event.get()) == type; }
};

/// One element between two pads. NAME and PROPERTIES as in a launch line.
class ElementStream {
 public:
  ~ElementStream() {
    if (!element_) return;
    bus_.reset();
    harness_.reset();
    gst_element_set_state(element_.get(), GST_STATE_NULL);
  }
  ElementStream(const ElementStream&) = delete;
  ElementStream& operator=(const ElementStream&) = delete;

  /// What the peer takes; before the first caps.
  void set_peer_caps(const char* caps) { gst_harness_set_sink_caps_str(harness_.get(), caps); }

  GstFlowReturn push(GstBuffer* buffer) { return gst_harness_push(harness_.get(), buffer); }
  bool event(GstEvent* event) { return gst_harness_push_event(harness_.get(), event); }
  bool eos() { return event(gst_event_new_eos()); }
  bool segment(const GstSegment& segment) { return event(gst_event_new_segment(&segment)); }
  bool flush() {
    return event(gst_event_new_flush_start()) && event(gst_event_new_flush_stop(TRUE));
  }

  /// Everything so far that left the element, flushes excepted.
  const std::deque<Item>& items() const { return items_; }
  void forget() { items_.clear(); }
  std::vector<const Received*> buffers() const {
    std::vector<const Received*> result;
    for (const Item& item : items_)
      if (item.buffer) result.push_back(item.buffer.get());
    return result;
  }

  PostedError error() { return posted(*bus_); }
  BusWatch& bus() { return *bus_; }
  GstHarness* harness() const { return harness_.get(); }
  GstElement* element() const { return element_.get(); }
  /// False when the element refused to start: nothing but the bus and element() can be used then.
  bool started() const { return harness_ != nullptr; }
  Caps output_caps() const { return Caps(gst_pad_get_current_caps(harness_->sinkpad)); }

 protected:
  ElementStream(const std::string& name, const std::string& properties) {
    GError* error = nullptr;
    element_.reset(gst_parse_launch((name + " " + properties).c_str(), &error));
    // Not an assertion of gst-check: fuzz targets come here, too.
    if (!element_ || error)
      g_error("%s %s: %s", name.c_str(), properties.c_str(), error ? error->message : "no element");
    gst_object_ref_sink(element_.get());
    bus_ = std::make_unique<BusWatch>(element_.get());
    // Only backend=npu can refuse to start, and a harness cannot be made of an element that does.
    if (properties.find("backend=npu") != std::string::npos &&
        gst_element_set_state(element_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
      return;
    harness_.reset(gst_harness_new_with_element(element_.get(), "sink", "src"));
    gst_harness_set_drop_buffers(harness_.get(), TRUE);
    gst_pad_add_probe(harness_->sinkpad,
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER |
                                                   GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                      record, this, nullptr);
  }

 private:
  static GstPadProbeReturn record(GstPad* pad, GstPadProbeInfo* info, gpointer user_data) {
    auto& items = static_cast<ElementStream*>(user_data)->items_;
    Item item;
    if (GST_IS_EVENT(info->data))
      item.event.reset(gst_event_ref(GST_PAD_PROBE_INFO_EVENT(info)));
    else
      item.buffer = std::make_unique<Received>(GST_PAD_PROBE_INFO_BUFFER(info),
                                               gst_pad_get_current_caps(pad));
    items.push_back(std::move(item));
    return GST_PAD_PROBE_OK;
  }

  Owned<GstElement> element_;
  std::unique_ptr<BusWatch> bus_;
  Harness harness_;
  std::deque<Item> items_;
};

}  // namespace npumel::check
