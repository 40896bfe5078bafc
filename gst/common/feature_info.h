// SPDX-License-Identifier: LGPL-2.1-or-later
// The caps of audio/x-speech-features as a value: what meltransform makes of mel rows.
#pragma once

#include <gst/gst.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gst/common/caps_fields.h"
#include "gst/common/pointers.h"
#include "kernels/mel/rows.h"

namespace npumel {

inline constexpr const char* kFeatureMediaType = "audio/x-speech-features";

/// One kind of feature stream. Buffers hold `frames` rows of `dims` values of `type`; row t begins
/// t * hop_length samples after the stream's base. A value without references: to be copied and
/// compared by any thread.
struct FeatureInfo {
  ElementType type = ElementType::f32;  ///< `format`
  Layout layout = Layout::frame_major;  ///< `layout`; mel-major: the values of a dimension adjoin
  int dims = 0;                         ///< values of a row, >= 1
  std::string kind;                     ///< the steps by name: "dct+deltas"; "mel" without one
  int frames = 0;                       ///< rows of a buffer; 0 = any number
  int rate = 0;                         ///< of the audio in Hz; 0 = not known
  int hop_length = 0;                   ///< samples from one row to the next; 0 = not known
  int buffers_n = 0, buffers_d = 1;     ///< `framerate`: buffers a second; 0/1 = variable
  std::string recipe_id;                ///< of the mel rows that all came from; "" = not known
  /// Of everything that happened to those rows; "" = not known.
  std::string transform_id;
  /// Every other int or string: what a later version adds is kept and compared, too.
  Fields more;

  /// Of fixed caps. Nothing when they are not audio/x-speech-features or when format, layout, dims
  /// or frames is missing or no possible value.
  static std::optional<FeatureInfo> from_caps(const GstCaps* caps);

  /// Fixed caps. from_caps() gives the same value again.
  CapsPtr to_caps() const;

  bool operator==(const FeatureInfo&) const = default;
  /// Equal in all but `frames` and `framerate`: a short first or last buffer comes with caps of its
  /// own and belongs to the same stream.
  bool same_features(const FeatureInfo& other) const;
  /// Every field that is not as wanted, the ids last: they only say that something differs.
  std::vector<FieldDifference> differs(const FeatureInfo& wanted) const;

  /// Whether a value still stands for a mel: by their kind the rows have seen no other steps than
  /// PCEN and normalisation.
  bool rows_of_mels() const;
  /// Bytes of a row.
  size_t row_size() const { return static_cast<size_t>(dims) * size_of(type); }
  /// Rows between the starts of two buffers; 0 when the caps do not tell.
  int64_t stride() const;
};

}  // namespace npumel
