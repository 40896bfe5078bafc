// SPDX-License-Identifier: LGPL-2.1-or-later
// No exception crosses into C: every function that GStreamer or GObject calls runs its body here.
#pragma once

#include <gst/gst.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace npumel {

/// An element error for code that has no element to post it on.
class ElementError : public std::runtime_error {
 public:
  /// `domain` and `code` as in GST_ELEMENT_ERROR (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE).
  ElementError(GQuark domain, int code, const std::string& text)
      : std::runtime_error(text), domain_(domain), code_(code) {}
  GQuark domain() const noexcept { return domain_; }
  int code() const noexcept { return code_; }

 private:
  GQuark domain_;
  int code_;
};

/// Posts the exception being handled as an element error: ElementError as what it says,
/// std::bad_alloc as RESOURCE/NO_SPACE_LEFT, std::invalid_argument (a setting that cannot work) as
/// LIBRARY/SETTINGS, everything else as LIBRARY/FAILED with its text. To be called from a catch
/// block only.
void post_exception(GstElement* element) noexcept;

/// Posts the exception being handled.
using ExceptionReport = void (*)(GstElement* element) noexcept;

/// Returns what `body` returns; an exception becomes an element error on `element` and `failed`.
/// `report` may know more types of exceptions and leave the others to post_exception(). `element`
/// must not be locked by the caller.
template <typename Result, typename Body>
Result guarded(gpointer element, Result failed, Body&& body,
               ExceptionReport report = post_exception) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (...) {
    report(GST_ELEMENT_CAST(element));
  }
  return failed;
}

}  // namespace npumel
