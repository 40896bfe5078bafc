// SPDX-License-Identifier: LGPL-2.1-or-later
// What is said when the audio that comes is not the audio that is taken.
#include <utility>

#include "gst/npumelspec/element.h"
#include "kernels/mel/filter_bank.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {

void Element::explain_refusal(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  int channels = 0;
  int rate = 0;
  gst_structure_get_int(structure, "channels", &channels);
  gst_structure_get_int(structure, "rate", &rate);
  const Settings settings = this->settings();
  const int published = published_rate(settings.preset);
  if (channels > 1) {
    GST_ELEMENT_ERROR(self_, CORE, NEGOTIATION,
                      ("npumelspec takes one channel, not %d: insert audioconvert ! "
                       "audioresample before it, or deinterleave for one feature stream a channel",
                       channels),
                      ("refused %" GST_PTR_FORMAT, caps));
  } else if (published != 0 && rate != 0 && rate != published) {
    GST_ELEMENT_ERROR(self_, CORE, NEGOTIATION,
                      ("preset=%s is defined for %d Hz, not for %d Hz: insert audioconvert ! "
                       "audioresample before it, or use preset=custom",
                       nick(settings.preset), published, rate),
                      ("refused %" GST_PTR_FORMAT, caps));
  } else {
    GST_ELEMENT_ERROR(self_, CORE, NEGOTIATION,
                      ("npumelspec takes mono S16LE or F32LE audio of 4 to 192 kHz: insert "
                       "audioconvert ! audioresample before it"),
                      ("refused %" GST_PTR_FORMAT, caps));
  }
}

/// Remembers what a question for caps wanted when the answer leaves nothing of it.
void Element::note_answer(const GstCaps* wanted, const GstCaps* left) {
  CapsPtr refused(gst_caps_is_empty(left) && !gst_caps_is_empty(wanted) ? gst_caps_copy(wanted)
                                                                        : nullptr);
  const ObjectLock lock(self_);
  refused_.swap(refused);
}

/// A source that finds nothing in common with the next element ends its stream without caps and
/// says no more than "not negotiated": the reason is here.
void Element::explain_silence() {
  const CapsPtr refused = with_lock(self_, [&] { return std::move(refused_); });
  if (refused && !gst_pad_has_current_caps(GST_BASE_TRANSFORM_SINK_PAD(self_)))
    explain_refusal(refused.get());
}

void Element::explain_missing_caps() {
  if (gst_pad_has_current_caps(GST_BASE_TRANSFORM_SINK_PAD(self_))) return;
  GST_ELEMENT_ERROR(self_, CORE, NEGOTIATION,
                    ("Data came without saying what audio it is: insert a parser or a decoder "
                     "before npumelspec, such as rawaudioparse or decodebin"),
                    (nullptr));
}

/// Published front ends have them, too; in one that somebody made up they may be a mistake.
void Element::warn_of_empty_filters() {
  const Recipe& recipe = config_.backend.recipe;
  if (recipe.preset != Preset::custom || empty_warned_) return;
  const int empty = FilterBank(recipe).empty_filters();
  if (empty == 0) return;
  empty_warned_ = true;
  GST_ELEMENT_WARNING(self_, LIBRARY, SETTINGS,
                      ("%d of %d mels lie between two bins of the FFT and always have the lowest "
                       "value: use fewer mels or a larger n-fft",
                       empty, recipe.mels),
                      (nullptr));
}

}  // namespace npumel
