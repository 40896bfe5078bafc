// SPDX-License-Identifier: LGPL-2.1-or-later
// What the user set, and what follows from it for one sample rate.
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>

#include "gst/backend/supervisor.h"
#include "gst/npumelspec/assembler.h"
#include "gst/npumelspec/shape.h"
#include "kernels/mel/recipe.h"

namespace npumel {

/// What becomes of frames that do not fill a buffer when the stream ends.
enum class EosMode { automatic, pad, shorten, drop };
/// What becomes of frames that begin in tail silence.
enum class TailFrames { drop, keep };
enum class LayoutChoice { automatic, frame_major, mel_major };
enum class FormatChoice { automatic, f32, f16 };

constexpr GstClockTime kDefaultMaxGap = GST_SECOND;

/// The properties. Guarded by the object lock; copied when caps are set.
struct Settings {
  Preset preset = Preset::whisper80;
  RecipeOverrides overrides;

  int frames = 100;
  int first_frames = 0;
  int stride = 0;
  NormalizeMode normalize = NormalizeMode::none;
  double fixed_max = 1.5;
  GstClockTime tail_silence = 0;
  TailFrames tail_frames = TailFrames::drop;
  EosMode eos_mode = EosMode::automatic;
  LayoutChoice layout = LayoutChoice::automatic;
  FormatChoice format = FormatChoice::automatic;
  bool level_meta = false;
  GstClockTime max_duration = 3600 * GST_SECOND;

  BackendChoice backend = BackendChoice::automatic;
  std::string device;
  std::string kernel_path;
  guint npu_timeout = 2000;
  gint in_flight = 2;
  guint verify_interval = 64;
  GstClockTime retry_interval = 5 * GST_SECOND;

  std::optional<GstClockTime> max_gap;  ///< unset: 1 s, forward with frames=0 max_duration
  GstClockTime alignment_threshold = 40 * GST_MSECOND;
  GstClockTime discont_wait = GST_SECOND;
  GstClockTime processing_latency = 20 * GST_MSECOND;
};

/// The shape of output buffers. Throws std::invalid_argument with the reason.
Shape resolve_shape(const Settings& settings);

/// The recipe at a sample rate, checked against everything else that was set. Throws
/// std::invalid_argument with the reason.
Recipe resolve_recipe(const Settings& settings, int rate);

const char* nick(NormalizeMode mode);

}  // namespace npumel
