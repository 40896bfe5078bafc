// SPDX-License-Identifier: LGPL-2.1-or-later
// Every step from given rows against the original's rows, and the same by the double reference.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/mel/reference.h"
#include "kernels/transform/transform_reference.h"
#include "tests/unit/support/wav.h"
#include "tests/unit/transform/transform_cases.h"
#include "tests/unit/transform/transform_support.h"

namespace npumel {
namespace {

using test::TransformCase;
using test::TransformClip;

TransformInput input_of(const TransformCase& item, const TransformClip& clip) {
  TransformInput input;
  input.dims = clip.input.mels;
  input.energy = item.energy;
  return input;
}

TEST(TransformVectors, AreMetFromGivenRows) {
  for (const TransformCase& item : test::transform_cases()) {
    const TransformRecipe recipe =
        resolve_transform(item.preset, test::overrides_of(item, GOLDEN_FOLDER));
    for (const std::string& name : item.clips) {
      const TransformClip clip = test::clip_of(item, GOLDEN_FOLDER, name);
      const TransformInput input = input_of(item, clip);
      const std::vector<float> rows = test::transformed(recipe, input, clip.input.values);
      EXPECT_LE(test::worst_difference(rows, clip.output), item.tolerance)
          << item.name << " " << name;
    }
  }
}

TEST(TransformVectors, AreMetByTheReference) {
  for (const TransformCase& item : test::transform_cases()) {
    const TransformRecipe recipe =
        resolve_transform(item.preset, test::overrides_of(item, GOLDEN_FOLDER));
    for (const std::string& name : item.clips) {
      const TransformClip clip = test::clip_of(item, GOLDEN_FOLDER, name);
      const std::vector<double> given(clip.input.values.begin(), clip.input.values.end());
      const std::vector<double> rows = reference_transform(recipe, input_of(item, clip), given);
      const std::vector<float> rounded(rows.begin(), rows.end());
      EXPECT_LE(test::worst_difference(rounded, clip.output), item.tolerance)
          << item.name << " " << name;
    }
  }
}

// Its rows are magnitudes, which librosa's vectors do not hold: they come from the mel reference.
TEST(TransformVectors, PcenIsMet) {
  RecipeOverrides magnitudes;
  magnitudes.spectrum = Spectrum::magnitude;
  const Recipe mel = resolve(Preset::librosa, magnitudes, 16000);
  const std::filesystem::path golden = GOLDEN_FOLDER;
  const std::vector<double> samples =
      test::unit_samples(test::read_wav(golden / "audio" / "short03.wav"));
  const std::vector<double> spectrum = reference_rows(mel, samples);
  const std::vector<float> rows(spectrum.begin(), spectrum.end());

  TransformInput input;
  input.dims = mel.mels;
  input.hop_length = mel.hop_length;
  input.logarithm = false;
  TransformOverrides overrides;
  overrides.pcen = PcenType::librosa;
  const TransformRecipe recipe = resolve_transform(TransformPreset::none, overrides);
  const test::Rows wanted = test::transform_rows(golden, "librosa_pcen", "short03");
  EXPECT_LE(test::worst_difference(test::transformed(recipe, input, rows), wanted), 1e-5);
  const std::vector<double> exact = reference_transform(recipe, input, spectrum);
  EXPECT_LE(test::worst_difference({exact.begin(), exact.end()}, wanted), 1e-5);
}

}  // namespace
}  // namespace npumel
