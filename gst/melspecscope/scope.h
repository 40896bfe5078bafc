// SPDX-License-Identifier: LGPL-2.1-or-later
// melspecscope's state, apart from GObject: what the user set, the stream that is shown, and what
// downstream says about lateness.
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>

#include <atomic>
#include <optional>

#include "gst/common/pointers.h"
#include "gst/melspecscope/scope_buffers.h"
#include "gst/melspecscope/scope_caps.h"
#include "gst/melspecscope/scope_quality.h"
#include "gst/melspecscope/scope_settings.h"
#include "gst/melspecscope/scroller.h"

namespace npumel {

/// Unless said otherwise for the streaming thread, or while no data flows. Everything may throw.
class Scope {
 public:
  explicit Scope(GstBaseTransform* base) : base_(base) {}

  // Any thread: under the object lock.
  /// False for an unknown property.
  bool set_property(guint id, const GValue* value);
  bool get_property(guint id, GValue* value) const;
  bool scrolls() const { return view_settings().scroll; }
  /// Until then `mode` may still change, in any order with linking.
  bool started() const { return started_; }
  void quality_event(GstEvent* event);

  void start();
  void stop();
  bool set_caps(const GstCaps* mel, const GstCaps* video);
  /// A mel buffer arrives: sends the pictures that it completes. What downstream answered.
  GstFlowReturn take(BufferPtr buffer, bool discont);
  /// mode=scroll: sends pictures for a time without data. What downstream answered; nothing: the
  /// event itself must go on.
  std::optional<GstFlowReturn> show_gap(GstEvent* gap);
  /// Posts why no caps were agreed on, when it is known.
  void explain_refusal(const GstCaps* mel);
  void new_segment() {
    scroller_.stop();
    discont_ = true;
  }
  void flush();

 private:
  ViewSettings view_settings() const;
  void reset_quality();
  void make_view();

  // scope_pictures.cpp
  std::optional<GstClockTime> late_until(GstClockTime time) const;
  void drop(GstClockTime time, GstClockTime duration, guint64 pictures);
  template <typename Draw>
  GstFlowReturn make_picture(GstClockTime time, GstClockTime duration, GstBuffer** picture,
                             Draw draw);
  GstFlowReturn next(GstBuffer** picture);
  GstFlowReturn push_pictures();
  GstFlowReturn next_page(GstBuffer** picture);
  GstFlowReturn next_of_scroll(GstBuffer** picture);

  GstBaseTransform* base_;
  ScopeSettings settings_;  ///< object lock
  Quality quality_;         ///< object lock

  ScopeInput input_;
  GstVideoInfo video_ = {};
  ViewSettings shown_;  ///< the settings that the view was made with; scroll is fixed with the caps
  std::optional<View> view_;
  std::optional<MappedMel> mel_;  ///< the buffer in hand
  Scroller scroller_;             ///< mode=scroll
  bool discont_ = true;           ///< the next picture does not follow the one before
  std::atomic<bool> started_{false};
};

}  // namespace npumel
