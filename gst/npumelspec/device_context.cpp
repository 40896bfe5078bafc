// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes, reads and looks for contexts of type gst.npu.device.
#include "gst/npumelspec/device_context.h"

#include <gst/base/gstbasetransform.h>

#include "gst/npumelspec/device_choice.h"

namespace npumel {
namespace {

/// Sends a CONTEXT query through a pad.
ContextPtr ask_neighbour(GstElement* element, GstPad* pad) {
  const QueryPtr query(gst_query_new_context(kDeviceContextType));
  if (gst_pad_peer_query(pad, query.get())) {
    GstContext* answer = nullptr;
    gst_query_parse_context(query.get(), &answer);
    if (answer != nullptr) gst_element_set_context(element, answer);
  }
  return device_context_of(element);
}

}  // namespace

ContextPtr device_context_of(GstElement* element) {
  return ContextPtr(gst_element_get_context(element, kDeviceContextType));
}

ContextPtr make_device_context(const std::string& device, const std::string& name,
                               bool persistent) {
  ContextPtr context(gst_context_new(kDeviceContextType, persistent ? TRUE : FALSE));
  GstStructure* fields = gst_context_writable_structure(context.get());
  gst_structure_set(fields, "device", G_TYPE_STRING, device.c_str(), nullptr);
  if (!name.empty()) gst_structure_set(fields, "name", G_TYPE_STRING, name.c_str(), nullptr);
  return context;
}

DeviceContext read_device_context(const GstContext* context) {
  const GstStructure* fields = gst_context_get_structure(context);
  if (gst_structure_has_field(fields, "device") == FALSE) return {"", "it has no field device"};
  const char* device = gst_structure_get_string(fields, "device");
  if (device == nullptr) return {"", "its field device is not a string"};
  if (!is_device_name(device))
    return {"", std::string("device=\"") + device + "\" is neither an index nor a PCI address"};
  return {device, ""};
}

ContextPtr find_device_context(GstElement* element) {
  if (ContextPtr known = device_context_of(element)) return known;
  GstBaseTransform* base = GST_BASE_TRANSFORM(element);
  for (GstPad* pad : {GST_BASE_TRANSFORM_SRC_PAD(base), GST_BASE_TRANSFORM_SINK_PAD(base)})
    if (ContextPtr answer = ask_neighbour(element, pad)) return answer;
  gst_element_post_message(element,
                           gst_message_new_need_context(GST_OBJECT(element), kDeviceContextType));
  return device_context_of(element);
}

}  // namespace npumel
