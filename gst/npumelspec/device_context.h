// SPDX-License-Identifier: LGPL-2.1-or-later
// The GstContext by which an application tells elements which NPU to use, and reads which one they
// do use.
//
// Type "gst.npu.device". Fields of its structure:
//   device  string, required: index ("0") or PCI address ("0000:c5:00.1"), as the property of that
//           name. An element that has opened an NPU writes its address.
//   name    string, written by elements only: XRT's name of the NPU, such as "RyzenAI-npu1".
#pragma once

#include <gst/gst.h>

#include <string>

#include "gst/common/pointers.h"

namespace npumel {

inline constexpr const char* kDeviceContextType = "gst.npu.device";

/// `name` may be empty. A persistent context survives the state NULL of the element that holds it.
ContextPtr make_device_context(const std::string& device, const std::string& name, bool persistent);

/// What it says about the device. `problem` is "" and `device` filled, or the other way round.
struct DeviceContext {
  std::string device;
  std::string problem;
};
DeviceContext read_device_context(const GstContext* context);

/// The one that has been set on the element, if any.
ContextPtr device_context_of(GstElement* element);

/// A context of our type from a neighbour, else from the bins and the application that listen to a
/// NEED_CONTEXT message, else none. What is found has been set on the element.
ContextPtr find_device_context(GstElement* element);

}  // namespace npumel
