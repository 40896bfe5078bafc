// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/npumelspec/device_context.h"

#include <algorithm>
#include <string_view>

#include "gst/npumelspec/element.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {
namespace {

constexpr const char* kDecimal = "0123456789";
constexpr const char* kHexadecimal = "0123456789abcdefABCDEF";

/// Takes 1 to `most` characters of `digits` off the front.
bool take(std::string_view& text, size_t most, const char* digits) {
  const size_t count = std::min(text.find_first_not_of(digits), text.size());
  if (count == 0 || count > most) return false;
  text.remove_prefix(count);
  return true;
}

/// An index or [domain:]bus:device.function.
bool is_device(std::string_view text) {
  if (std::string_view index = text; take(index, 4, kDecimal) && index.empty()) return true;
  const auto colons = std::count(text.begin(), text.end(), ':');
  if (colons == 2 && !(take(text, 4, kHexadecimal) && take(text, 1, ":"))) return false;
  return take(text, 2, kHexadecimal) && take(text, 1, ":") && take(text, 2, kHexadecimal) &&
         take(text, 1, ".") && take(text, 1, "01234567") && text.empty();
}

ContextPtr context_of(GstElement* element) {
  return ContextPtr(gst_element_get_context(element, kDeviceContextType));
}

/// Asks what lies beyond the element's pads in that direction.
ContextPtr ask_neighbour(GstElement* element, GstPad* pad) {
  const QueryPtr query(gst_query_new_context(kDeviceContextType));
  if (gst_pad_peer_query(pad, query.get())) {
    GstContext* answer = nullptr;
    gst_query_parse_context(query.get(), &answer);
    if (answer != nullptr) gst_element_set_context(element, answer);
  }
  return context_of(element);
}

}  // namespace

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
  if (!is_device(device))
    return {"", std::string("device=\"") + device + "\" is neither an index nor a PCI address"};
  return {device, ""};
}

ContextPtr find_device_context(GstElement* element) {
  if (ContextPtr known = context_of(element)) return known;
  GstBaseTransform* base = GST_BASE_TRANSFORM(element);
  for (GstPad* pad : {GST_BASE_TRANSFORM_SRC_PAD(base), GST_BASE_TRANSFORM_SINK_PAD(base)})
    if (ContextPtr answer = ask_neighbour(element, pad)) return answer;
  gst_element_post_message(element,
                           gst_message_new_need_context(GST_OBJECT(element), kDeviceContextType));
  return context_of(element);
}

/// Decides which NPU to use until the element stops: the property, else a context, else the first.
void Element::choose_device(const Settings& settings) {
  std::string device = settings.device;
  bool own_choice = false;
  if (device.empty() && settings.backend != BackendChoice::software) {
    const ContextPtr context = find_device_context(GST_ELEMENT(self_));
    own_choice = context == nullptr;
    if (context) device = read_device_context(context.get()).device;
  }
  const ObjectLock lock(self_);
  device_ = {device, "", own_choice};
}

void Element::forget_device() {
  const ObjectLock lock(self_);
  device_ = {};
}

Element::Device Element::device() const {
  const ObjectLock lock(self_);
  return device_;
}

/// Makes known which NPU has been opened. Who was told which one to use does not tell others.
void Element::announce_device() {
  const BackendStats backend = stream_.supervisor().stats();
  bool own_choice = false;
  {
    const ObjectLock lock(self_);
    if (device_.opened == backend.npu_address) return;
    own_choice = device_.own_choice;
    device_.opened = backend.npu_address;
  }
  if (backend.npu_address.empty()) return;
  const ContextPtr given = context_of(GST_ELEMENT(self_));
  const bool persistent = given && gst_context_is_persistent(given.get()) != FALSE;
  const ContextPtr context = make_device_context(backend.npu_address, backend.npu_name, persistent);
  gst_element_set_context(GST_ELEMENT(self_), context.get());
  if (own_choice)
    gst_element_post_message(
        GST_ELEMENT(self_),
        gst_message_new_have_context(GST_OBJECT(self_), gst_context_ref(context.get())));
}

bool Element::accepts_context(const GstContext* context) const {
  if (gst_context_has_context_type(context, kDeviceContextType) == FALSE) return true;
  const DeviceContext wanted = read_device_context(context);
  if (!wanted.problem.empty()) {
    GST_WARNING_OBJECT(self_, "context %s is ignored: %s", kDeviceContextType,
                       wanted.problem.c_str());
    return false;
  }
  const Device now = device();
  if (started_ && wanted.device != now.wanted && wanted.device != now.opened) {
    GST_WARNING_OBJECT(
        self_, "context %s for device %s is ignored: the element already runs, on %s",
        kDeviceContextType, wanted.device.c_str(),
        !now.opened.empty() ? now.opened.c_str()
                            : (now.wanted.empty() ? "the first NPU, if any" : now.wanted.c_str()));
    return false;
  }
  return true;
}

bool Element::answer_context(GstQuery* query) const {
  const char* type = nullptr;
  if (gst_query_parse_context_type(query, &type) == FALSE ||
      std::string(kDeviceContextType) != type)
    return false;
  ContextPtr context = context_of(GST_ELEMENT(self_));
  const std::string property = settings().device;
  // The property wins over what the element was told; once it runs, its context says what it uses.
  if (!property.empty() && device().opened.empty())
    context = make_device_context(property, "", false);
  if (!context) return false;
  gst_query_set_context(query, context.get());
  return true;
}

}  // namespace npumel
