// SPDX-License-Identifier: LGPL-2.1-or-later
// No exception crosses into C: every entry point runs its body under guarded().
#pragma once

#include <gst/gst.h>

#include <exception>
#include <new>
#include <stdexcept>

#include "gst/backend/mel_backend.h"

namespace npumel {

/// Posts the element error that interface and BackendFault call for.
void post_error(GstElement* element, const BackendError& error);
/// A recipe or setting that cannot work: LIBRARY/SETTINGS.
void post_settings_error(GstElement* element, const std::invalid_argument& error);
void post_error(GstElement* element, const std::bad_alloc& error);
void post_error(GstElement* element, const std::exception& error);

/// Runs `body`; an exception becomes an element error and `failed`.
template <typename Result, typename Body>
Result guarded(gpointer element, Result failed, Body&& body) noexcept {
  GstElement* target = GST_ELEMENT_CAST(element);
  try {
    return body();
  } catch (const BackendError& error) {
    post_error(target, error);
  } catch (const std::invalid_argument& error) {
    post_settings_error(target, error);
  } catch (const std::bad_alloc& error) {
    post_error(target, error);
  } catch (const std::exception& error) {
    post_error(target, error);
  }
  return failed;
}

}  // namespace npumel
