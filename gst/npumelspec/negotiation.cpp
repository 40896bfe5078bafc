// SPDX-License-Identifier: LGPL-2.1-or-later
// Errors and warnings of caps negotiation.
#include "gst/npumelspec/element.h"
#include "kernels/mel/filter_bank.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {

void Element::post_refusal(const GstCaps* caps) {
  NPUMEL_ELEMENT_ERROR(self_, CORE, NEGOTIATION, ("%s", refusal_text(settings(), caps).c_str()),
                       ("refused %" GST_PTR_FORMAT, caps));
}

/// A source that finds nothing in common with the next element sends EOS without caps and posts no
/// more than "not negotiated": what it asked for in vain tells the reason.
void Element::post_pending_refusal() {
  const CapsPtr refused = negotiation_.take_refused();
  if (refused && !gst_pad_has_current_caps(GST_BASE_TRANSFORM_SINK_PAD(self_)))
    post_refusal(refused.get());
}

void Element::post_missing_caps() {
  if (gst_pad_has_current_caps(GST_BASE_TRANSFORM_SINK_PAD(self_))) return;
  NPUMEL_ELEMENT_ERROR(self_, CORE, NEGOTIATION,
                       ("Data came without saying what audio it is: insert a parser or a decoder "
                        "before npumelspec, such as rawaudioparse or decodebin"),
                       (nullptr));
}

/// Published front ends have empty filters, too; in a custom recipe they may be a mistake.
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
