// SPDX-License-Identifier: LGPL-2.1-or-later
// The texts of refused caps.
#include "gst/npumelspec/negotiation_report.h"

#include <utility>

#include "gst/common/element_error.h"
#include "gst/common/mel_info.h"
#include "gst/common/row_caps.h"
#include "gst/npumelspec/log.h"
#include "kernels/mel/filter_bank.h"

#define GST_CAT_DEFAULT npumelspec_debug

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

void NegotiationReport::clear() {
  const std::lock_guard lock(mutex_);
  refused_.reset();
  warned_ = false;
}

void NegotiationReport::note_caps_query(const GstCaps* filter, const GstCaps* answer) {
  const bool in_vain = gst_caps_is_empty(answer) != FALSE && gst_caps_is_empty(filter) == FALSE;
  CapsPtr refused(in_vain ? gst_caps_copy(filter) : nullptr);
  const std::lock_guard lock(mutex_);
  refused_.swap(refused);
}

CapsPtr NegotiationReport::take_refused() {
  const std::lock_guard lock(mutex_);
  return std::move(refused_);
}

void NegotiationReport::post_empty_answer(const Settings& settings) {
  if (const CapsPtr refused = take_refused()) post_refusal(settings, refused.get());
}

void NegotiationReport::post_refusal(const Settings& settings, const GstCaps* caps) {
  const std::string text = refusal_text(settings, caps);
  NPUMEL_ELEMENT_ERROR(element_, CORE, NEGOTIATION, ("%s", text.c_str()),
                       ("refused %" GST_PTR_FORMAT, caps));
}

void NegotiationReport::post_missing_caps() {
  NPUMEL_ELEMENT_ERROR(element_, CORE, NEGOTIATION,
                       ("Data came without saying what audio it is: insert a parser or a decoder "
                        "before npumelspec, such as rawaudioparse or decodebin"),
                       (nullptr));
}

void NegotiationReport::post_mismatch(const GstCaps* offered, const GstCaps* wanted) {
  const std::string why = explain_mismatch(offered, wanted, "npumelspec", kMelMediaType);
  NPUMEL_ELEMENT_ERROR(element_, CORE, NEGOTIATION,
                       ("The next element does not take these features: %s", why.c_str()),
                       ("have %" GST_PTR_FORMAT ", wanted %" GST_PTR_FORMAT, offered, wanted));
}

void NegotiationReport::warn_of_empty_filters(const Recipe& recipe) {
  if (recipe.preset != Preset::custom) return;
  const int empty = FilterBank(recipe).empty_filters();
  if (empty == 0) return;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(warned_, true)) return;
  }
  GST_ELEMENT_WARNING(element_, LIBRARY, SETTINGS,
                      ("%d of %d mels lie between two bins of the FFT and always have the lowest "
                       "value: use fewer mels or a larger n-fft",
                       empty, recipe.mels),
                      (nullptr));
}

}  // namespace npumel
