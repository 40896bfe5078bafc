// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element says when caps do not fit: to upstream, to downstream, or to a custom recipe.
#pragma once

#include <gst/gst.h>

#include <mutex>
#include <string>

#include "gst/common/pointers.h"
#include "gst/npumelspec/settings.h"

namespace npumel {

/// Why the sink pad refuses fixed caps, and what to do about it.
std::string refusal_text(const Settings& settings, const GstCaps* caps);

/// Posts errors and warnings of caps negotiation on an element, which outlives it. Any thread may
/// call everything, without the element's lock.
class NegotiationReport {
 public:
  explicit NegotiationReport(GstElement* element) : element_(element) {}
  NegotiationReport(const NegotiationReport&) = delete;
  NegotiationReport& operator=(const NegotiationReport&) = delete;

  /// A start: nothing has been asked for, nothing warned of.
  void clear();

  /// A CAPS query with this filter was answered. The filter of the last empty answer is kept until
  /// an answer is not empty.
  void note_caps_query(const GstCaps* filter, const GstCaps* answer);
  /// Posts why that query had an empty answer. A source that finds nothing in common with the next
  /// element sends EOS without caps and says no more than "not negotiated".
  void post_empty_answer(const Settings& settings);

  /// Posts why the sink pad refuses these caps.
  void post_refusal(const Settings& settings, const GstCaps* caps);
  /// Posts that data came before caps.
  void post_missing_caps();
  /// Posts which field of the caps that the source pad offers the next element does not take.
  void post_mismatch(const GstCaps* offered, const GstCaps* wanted);
  /// Warns once of filters between two bins of the FFT. Published front ends have such filters,
  /// too; in a custom recipe they may be a mistake.
  void warn_of_empty_filters(const Recipe& recipe);

 private:
  CapsPtr take_refused();

  GstElement* element_;
  std::mutex mutex_;
  CapsPtr refused_;
  bool warned_ = false;
};

}  // namespace npumel
