// SPDX-License-Identifier: LGPL-2.1-or-later
// The texts of refused audio caps.
#include "gst/npumelspec/negotiation_report.h"

#include <utility>

namespace npumel {

std::string refusal_text(const Settings& settings, const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  int channels = 0;
  int rate = 0;
  gst_structure_get_int(structure, "channels", &channels);
  gst_structure_get_int(structure, "rate", &rate);
  const int published = published_rate(settings.preset);
  if (channels > 1)
    return "npumelspec takes one channel, not " + std::to_string(channels) +
           ": insert audioconvert ! audioresample before it, or deinterleave for one feature "
           "stream a channel";
  if (published != 0 && rate != 0 && rate != published)
    return std::string("preset=") + nick(settings.preset) + " is defined for " +
           std::to_string(published) + " Hz, not for " + std::to_string(rate) +
           " Hz: insert audioconvert ! audioresample before it, or use preset=custom";
  return "npumelspec takes mono S16LE or F32LE audio of 4 to 192 kHz: insert audioconvert ! "
         "audioresample before it";
}

void NegotiationReport::note_answer(const GstCaps* filter, const GstCaps* answer) {
  const bool in_vain = gst_caps_is_empty(answer) != FALSE && gst_caps_is_empty(filter) == FALSE;
  CapsPtr refused(in_vain ? gst_caps_copy(filter) : nullptr);
  const std::lock_guard lock(mutex_);
  refused_.swap(refused);
}

void NegotiationReport::clear() {
  const std::lock_guard lock(mutex_);
  refused_.reset();
}

CapsPtr NegotiationReport::take_refused() {
  const std::lock_guard lock(mutex_);
  return std::move(refused_);
}

}  // namespace npumel
