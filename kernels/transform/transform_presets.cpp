// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of the transform's presets.
#include "kernels/transform/transform_presets.h"

#include <array>

namespace npumel {
namespace {

TransformRecipe cepstra(int coefficients, double lifter) {
  TransformRecipe recipe;
  recipe.dct = DctType::ortho;
  recipe.coefficients = coefficients;
  recipe.lifter = lifter;
  return recipe;
}

// wav_frontend.py with lfr_m 7 and lfr_n 6: (7 - 1) / 2 rows before.
TransformRecipe funasr_stack() {
  TransformRecipe recipe;
  recipe.stack_left = 3;
  recipe.stack_right = 3;
  recipe.stack_stride = 6;
  return recipe;
}

// feature_extraction_seamless_m4t.py: the zero row that makes the count even comes after the
// normalisation.
TransformRecipe seamless_pairs() {
  TransformRecipe recipe;
  recipe.cmvn = CmvnType::clip;
  recipe.cmvn_variance = true;
  recipe.cmvn_ddof = 1;
  recipe.cmvn_epsilon = 1e-7;
  recipe.stack_right = 1;
  recipe.stack_stride = 2;
  recipe.stack_edge = StackEdge::zero;
  return recipe;
}

}  // namespace

const TransformRecipe& preset_transform(TransformPreset preset) {
  // In the order of the enumeration.
  static const std::array<TransformRecipe, 7> presets = {
      TransformRecipe(),  // none
      cepstra(13, 22),    // mfcc13-kaldi
      cepstra(40, 22),    // mfcc40-hires
      cepstra(20, 0),     // mfcc20-librosa
      cepstra(40, 0),     // mfcc40-torchaudio
      funasr_stack(),     // lfr-funasr
      seamless_pairs(),   // seamless160
  };
  return presets.at(static_cast<size_t>(preset));
}

}  // namespace npumel
