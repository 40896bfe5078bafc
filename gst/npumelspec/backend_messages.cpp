// SPDX-License-Identifier: LGPL-2.1-or-later
// Posts notices of the backend.
#include "gst/npumelspec/backend_messages.h"

#include <utility>

#include "gst/npumelspec/log.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {

bool BackendMessages::post(const std::vector<BackendNotice>& notices) {
  bool npu = false;
  for (const BackendNotice& notice : notices) {
    GST_INFO_OBJECT(element_, "backend %s%s%s from batch %" G_GUINT64_FORMAT " on: %s",
                    notice.previous.c_str(), notice.previous.empty() ? "" : " -> ",
                    notice.backend.c_str(), static_cast<guint64>(notice.batch),
                    notice.reason.c_str());
    gst_element_post_message(
        element_,
        gst_message_new_element(
            GST_OBJECT(element_),
            gst_structure_new(
                "npumelspec-backend", "backend", G_TYPE_STRING, notice.backend.c_str(), "previous",
                G_TYPE_STRING, notice.previous.c_str(), "reason", G_TYPE_STRING,
                notice.reason.c_str(), "batch", G_TYPE_UINT64, static_cast<guint64>(notice.batch),
                "retry-in", G_TYPE_INT64, static_cast<gint64>(notice.retry_in), nullptr)));
    npu = npu || notice.backend == "npu";
    if (notice.warn)
      GST_ELEMENT_WARNING(
          element_, RESOURCE, FAILED,
          ("Now computing on: %s. %s", notice.backend.c_str(), notice.reason.c_str()), (nullptr));
  }
  return npu;
}

void BackendMessages::notify(const char* backend) {
  last_ = backend;
  if (active_ == backend) return;
  active_ = backend;
  g_object_notify(G_OBJECT(element_), "active-backend");
}

void BackendMessages::warn() {
  if (std::exchange(nonfinite_warned_, true)) return;
  GST_ELEMENT_WARNING(element_, STREAM, FORMAT, ("Samples that are NaN or infinite are read as 0"),
                      ("the count is nonfinite-samples in the stats property"));
}

}  // namespace npumel
