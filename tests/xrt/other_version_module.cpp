// SPDX-License-Identifier: LGPL-2.1-or-later
// A module as another version of the plugin would install it.
#include "gst/backend/xrt/xrt_api.h"

extern "C" __attribute__((visibility("default"))) const NpumelXrtApi* npumelspec_xrt_api() {
  static const NpumelXrtApi kOther = [] {
    NpumelXrtApi api{};
    api.version = kNpumelXrtApiVersion + 1;
    api.size = sizeof api;
    return api;
  }();
  return &kOther;
}
