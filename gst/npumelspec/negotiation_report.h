// SPDX-License-Identifier: LGPL-2.1-or-later
// Why audio caps are refused, in words that say what to insert, and what to say when a source gives
// up without sending caps at all.
#pragma once

#include <gst/gst.h>

#include <mutex>
#include <string>

#include "gst/common/pointers.h"
#include "gst/npumelspec/settings.h"

namespace npumel {

/// Why the sink pad refuses fixed caps, and what to do about it.
std::string refusal_text(const Settings& settings, const GstCaps* caps);

/// Keeps what upstream asked for in vain. Any thread may call everything.
class NegotiationReport {
 public:
  /// A CAPS query with this filter was answered. What is kept is the filter of the last answer that
  /// was empty, until one is not.
  void note_answer(const GstCaps* filter, const GstCaps* answer);
  void clear();
  /// What the last query asked for in vain, once; null when it was answered.
  CapsPtr take_refused();

 private:
  std::mutex mutex_;
  CapsPtr refused_;
};

}  // namespace npumel
