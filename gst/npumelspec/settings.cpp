// SPDX-License-Identifier: LGPL-2.1-or-later
// Settings as the user made them, turned into a recipe and the shape of output buffers.
#include "gst/npumelspec/settings.h"

#include <stdexcept>

#include "kernels/mel/normalize.h"

namespace npumel {

Shape resolve_shape(const Settings& settings) {
  Shape shape;
  shape.frames = settings.frames;
  if (shape.whole()) {
    if (settings.stride != 0 || settings.first_frames != 0)
      throw std::invalid_argument(
          "frames=0 sends the whole stream in one buffer: stride and first-frames say nothing then "
          "and must be 0");
    return {.frames = 0, .first = 0, .stride = 1};
  }
  shape.first = settings.first_frames == 0 ? settings.frames : settings.first_frames;
  shape.stride = settings.stride == 0 ? settings.frames : settings.stride;
  if (shape.stride > shape.frames)
    throw std::invalid_argument("stride (" + std::to_string(shape.stride) +
                                ") must not exceed frames (" + std::to_string(shape.frames) +
                                "): frames between two buffers would be lost");
  return shape;
}

Recipe resolve_recipe(const Settings& settings, int rate) {
  Recipe recipe = resolve(settings.preset, settings.overrides, rate);
  const bool needs_clamp =
      settings.normalize == NormalizeMode::running || settings.normalize == NormalizeMode::fixed;
  if (needs_clamp && !is_maximum_clamp(recipe.normalization))
    throw std::invalid_argument(
        std::string("normalize=") + nick(settings.normalize) +
        " needs a front end that clamps below a maximum (whisper, granite, voxtral, openwakeword, "
        "librosa with log=db); the normalisation of preset=" +
        npumel::nick(settings.preset) + " with these settings is not one: use none or buffer");
  if (settings.normalize == NormalizeMode::buffer && !recipe.normalization.published())
    throw std::invalid_argument("normalize=buffer applies what a front end publishes, and preset=" +
                                std::string(npumel::nick(settings.preset)) +
                                " with these settings publishes no normalisation: use none");
  if (settings.tail_frames == TailFrames::keep && settings.tail_silence > settings.max_duration)
    throw std::invalid_argument(
        "tail-frames=keep sends the rows of tail-silence, which must not be longer than "
        "max-duration");
  if (settings.format == FormatChoice::f16 && recipe.log == LogType::none)
    throw std::invalid_argument(
        "format=F16LE cannot hold values without a logarithm (log=none): use format=F32LE");
  return recipe;
}

const char* nick(NormalizeMode mode) {
  switch (mode) {
    case NormalizeMode::buffer:
      return "buffer";
    case NormalizeMode::running:
      return "running";
    case NormalizeMode::fixed:
      return "fixed";
    case NormalizeMode::none:
      break;
  }
  return "none";
}

}  // namespace npumel
