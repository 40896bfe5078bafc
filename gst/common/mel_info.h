// SPDX-License-Identifier: LGPL-2.1-or-later
// The caps of audio/x-mel-spectrogram as a value, as GstAudioInfo is for audio/x-raw.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gst/common/caps_fields.h"
#include "gst/common/pointers.h"
#include "kernels/mel/recipe.h"
#include "kernels/mel/rows.h"

namespace npumel {

inline constexpr const char* kMelMediaType = "audio/x-mel-spectrogram";

/// One kind of mel-spectrogram stream. Buffers hold `frames` rows of `mels` values of `type`; frame
/// t begins t * hop-length samples after the stream's base. A value without references: to be
/// copied and compared by any thread.
struct MelInfo {
  ElementType type = ElementType::f32;  ///< `format`
  Layout layout = Layout::frame_major;  ///< `layout`
  int channels = 1;                     ///< of the audio
  int mels = 0;                         ///< values of a frame, >= 1
  int frames = 0;                       ///< of a buffer; 0 = any number
  int rate = 0;                         ///< of the audio in Hz; 0 = not known
  int buffers_n = 0, buffers_d = 1;     ///< `framerate`: buffers a second; 0/1 = variable
  /// Every other int or string: the definition of the features (preset, recipe-id, n-fft, log ...),
  /// by the names of caps fields. What a later version adds is kept and compared, too. Fields of
  /// other types (the `tensors` of GStreamer 1.28) repeat what is said here and are left out.
  Fields definition;

  /// Of fixed caps. Nothing when they are not audio/x-mel-spectrogram or when format, layout, mels
  /// or frames is missing or no possible value.
  static std::optional<MelInfo> from_caps(const GstCaps* caps);
  /// What a producer makes of a recipe. `normalize`: the mode's name, "none" for raw values.
  /// `frames` 0 = any number; else buffers begin `stride` >= 1 frames apart.
  static MelInfo from_recipe(const Recipe& recipe, const char* normalize, int frames, int stride);

  /// Fixed caps. from_caps() gives the same value again.
  CapsPtr to_caps() const;

  bool operator==(const MelInfo&) const = default;
  /// Equal in all but `frames` and `framerate`: a short first or last buffer comes with caps of its
  /// own and belongs to the same stream.
  bool same_features(const MelInfo& other) const;
  /// Every field that is not as wanted, recipe-id last: it only says that another one differs.
  std::vector<FieldDifference> differs(const MelInfo& wanted) const;

  /// A field of the definition; nothing when it is absent or of the other type.
  std::optional<int> integer(std::string_view field) const;
  std::optional<std::string_view> text(std::string_view field) const;
  /// An enumeration of the recipe; nothing also for a name that this version does not know.
  template <typename E>
  std::optional<E> choice(std::string_view field) const {
    const std::optional<std::string_view> name = text(field);
    return name ? from_nick<E>(*name) : std::nullopt;
  }

  /// Bytes of a frame.
  size_t frame_size() const { return static_cast<size_t>(mels) * size_of(type); }
  /// Frames between the starts of two buffers; 0 when the caps do not say.
  int64_t stride() const;
  /// Whether a frame may come in two buffers.
  bool overlaps() const { return stride() > 0 && stride() < frames; }
};

}  // namespace npumel
