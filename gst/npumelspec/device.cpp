// SPDX-License-Identifier: LGPL-2.1-or-later
// The element's side of choosing an NPU: property and contexts in, context and message out.
#include <sstream>
#include <string>

#include "gst/backend/printable.h"
#include "gst/npumelspec/device_context.h"
#include "gst/npumelspec/element.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {

/// The property decides, else a context, else it is the first NPU.
void Element::choose_device(const Settings& settings) {
  std::string device = settings.device;
  bool own_choice = false;
  if (device.empty() && settings.backend != BackendChoice::software) {
    const ContextPtr context = find_device_context(GST_ELEMENT(self_));
    own_choice = context == nullptr;
    if (context) device = read_device_context(context.get()).device;
  }
  device_.choose(device, own_choice);
}

/// Names the folders of kernel-path that are none, whatever else keeps the NPU from being used.
void Element::warn_of_missing_folders(const Settings& settings) {
  if (settings.backend == BackendChoice::software) return;
  std::string missing;
  std::istringstream folders(settings.kernel_path);
  for (std::string folder; std::getline(folders, folder, ':');)
    if (!folder.empty() && g_file_test(folder.c_str(), G_FILE_TEST_IS_DIR) == FALSE)
      missing += (missing.empty() ? "" : ", ") + printable(folder);
  if (missing.empty()) return;
  GST_ELEMENT_WARNING(
      self_, RESOURCE, NOT_FOUND,
      ("kernel-path: not a folder, no kernel package is looked for there: %s", missing.c_str()),
      (nullptr));
}

/// The element's own context says which NPU has been opened. HAVE_CONTEXT is posted only for our
/// own choice: what the property or a context said needs no repetition.
void Element::announce_device() {
  const BackendStats backend = stream_.supervisor().stats();
  if (!device_.opened(backend.npu_address)) return;
  const ContextPtr given = device_context_of(GST_ELEMENT(self_));
  const bool persistent = given && gst_context_is_persistent(given.get()) != FALSE;
  const ContextPtr context = make_device_context(backend.npu_address, backend.npu_name, persistent);
  gst_element_set_context(GST_ELEMENT(self_), context.get());
  if (device_.state().own_choice)
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
  const std::string refusal = device_.refusal(wanted.device);
  if (!refusal.empty())
    GST_WARNING_OBJECT(self_, "context %s for device %s is ignored: %s", kDeviceContextType,
                       wanted.device.c_str(), refusal.c_str());
  return refusal.empty();
}

bool Element::answer_context(GstQuery* query) const {
  const char* type = nullptr;
  if (gst_query_parse_context_type(query, &type) == FALSE ||
      std::string(kDeviceContextType) != type)
    return false;
  ContextPtr context = device_context_of(GST_ELEMENT(self_));
  const std::string property = settings().device;
  // The property takes precedence over a context; once an NPU is open, the context names that one.
  if (!property.empty() && device_.state().opened.empty())
    context = make_device_context(property, "", false);
  if (!context) return false;
  gst_query_set_context(query, context.get());
  return true;
}

}  // namespace npumel
