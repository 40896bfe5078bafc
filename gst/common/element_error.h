// SPDX-License-Identifier: LGPL-2.1-or-later
// Element errors that are posted once: an error ends the stream, and what fails after it (the same
// caps sent again with every buffer, an end of stream without caps) only follows from it.
#pragma once

#include <gst/gst.h>

#include "gst/common/pointers.h"

namespace npumel {

/// True for the first call on an element since it was made or since reset_errors(): the caller
/// posts its error. Any thread; no lock needs to be held, the object lock may be.
bool claim_error(GstElement* element) noexcept;

/// Whether claim_error() was called since reset_errors().
bool has_posted_error(GstElement* element) noexcept;

/// Marks the EOS of a stream that failed, for elements downstream: one that writes a file must not
/// complete it, nor post an error because no data came. Gives EOS back, marked when `element`
/// has posted an error.
EventPtr mark_eos(GstElement* element, EventPtr eos) noexcept;
/// Whether an element of this plugin upstream has marked it.
bool follows_error(GstEvent* eos) noexcept;

/// The next error is posted again. To be called on a start, a flush,
/// caps that are accepted, a property that is set.
void reset_errors(GstElement* element) noexcept;

}  // namespace npumel

/// GST_ELEMENT_ERROR, once: later errors go to the log at level DEBUG. tests/house.py sees to it
/// that elements post no error in another way.
#define NPUMEL_ELEMENT_ERROR(element, domain, code, text, debug)                       \
  do {                                                                                 \
    if (npumel::claim_error(GST_ELEMENT_CAST(element))) {                              \
      GST_ELEMENT_ERROR(element, domain, code, text, debug);                           \
    } else {                                                                           \
      const npumel::TextPtr unposted_text(_gst_element_error_printf text);             \
      GST_DEBUG_OBJECT(element, "not posted after an error: %s", unposted_text.get()); \
    }                                                                                  \
  } while (false)
