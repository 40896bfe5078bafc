// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads and writes GstReferenceTimestampMeta.
#include "gst/common/capture_times.h"

#include <utility>

namespace npumel {

void CaptureTimes::note(GstBuffer* input, int64_t position) {
  const GType api = GST_REFERENCE_TIMESTAMP_META_API_TYPE;
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(input, &state, api)) {
    const auto* reference = reinterpret_cast<const GstReferenceTimestampMeta*>(meta);
    captures_.push_back({share(reference->reference), reference->timestamp, position});
  }
}

void CaptureTimes::append(CaptureTimes& other, int64_t offset) {
  for (Capture& capture : other.captures_) {
    capture.position += offset;
    captures_.push_back(std::move(capture));
  }
  other.clear();
}

void CaptureTimes::attach(GstBuffer* output, int64_t position, const Timeline& timeline) {
  if (captures_.empty()) return;
  int64_t latest = -1;
  for (const Capture& capture : captures_)
    if (capture.position <= position) latest = capture.position;
  std::erase_if(captures_, [&](const Capture& capture) { return capture.position < latest; });
  for (const Capture& capture : captures_) {
    if (capture.position != latest) continue;
    const GstClockTime since = timeline.duration(position - capture.position);
    gst_buffer_add_reference_timestamp_meta(output, capture.clock.get(), capture.time + since,
                                            GST_CLOCK_TIME_NONE);
  }
}

}  // namespace npumel
