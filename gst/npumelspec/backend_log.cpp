// SPDX-License-Identifier: LGPL-2.1-or-later
// Routes what the backend logs to the debug category npumelspec-backend.
#include "gst/npumelspec/backend_log.h"

GST_DEBUG_CATEGORY_STATIC(npumelspec_backend_debug);

namespace npumel {
namespace {

GstDebugLevel gst_level(LogLevel level) {
  switch (level) {
    case LogLevel::warning:
      return GST_LEVEL_WARNING;
    case LogLevel::info:
      return GST_LEVEL_INFO;
    case LogLevel::log:
      break;
  }
  return GST_LEVEL_LOG;
}

}  // namespace

BackendLog::BackendLog(gpointer object) : object_(object) {
  static gsize once = 0;
  if (g_once_init_enter(&once)) {
    GST_DEBUG_CATEGORY_INIT(npumelspec_backend_debug, "npumelspec-backend", 0,
                            "mel spectrogram: NPU and software");
    g_once_init_leave(&once, 1);
  }
}

bool BackendLog::enabled(LogLevel level) const noexcept {
  return npumelspec_backend_debug != nullptr &&
         gst_debug_category_get_threshold(npumelspec_backend_debug) >= gst_level(level);
}

void BackendLog::write(LogLevel level, const char* text) noexcept {
  GST_CAT_LEVEL_LOG(npumelspec_backend_debug, gst_level(level), static_cast<GObject*>(object_),
                    "%s", text);
}

}  // namespace npumel
