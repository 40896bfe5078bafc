// SPDX-License-Identifier: LGPL-2.1-or-later
// The vectors must be able to say no: settings with one typical mistake each, and the test that at
// least one clip catches it. The output lists which clips do.
#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <numbers>

#include "tests/unit/transform/transform_cases.h"
#include "tests/unit/transform/transform_support.h"

namespace npumel {
namespace {

using test::TransformCase;
using test::TransformClip;

using Rows = std::vector<float>;

struct TransformMistake {
  const char* front_end;
  const char* what;
  std::function<void(TransformRecipe&)> settings = {};
  /// On the rows that came out; the second argument is their width.
  std::function<void(Rows&, int)> rows = {};
};

/// Undoes the factor of Kaldi's lifter (22) where it is negative.
void clamp_lifter(Rows& rows, int dims) {
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto k = static_cast<double>(i % static_cast<size_t>(dims));
    if (1 + 11 * std::sin(std::numbers::pi * k / 22) < 0) rows[i] = 0;
  }
}

const std::vector<TransformMistake>& transform_mistakes() {
  using R = TransformRecipe;
  static const std::vector<TransformMistake> kMistakes = {
      {"kaldi_mfcc13", "no lifter", [](R& r) { r.lifter = 0; }},
      {"kaldi_mfcc13", "lifter of one more", [](R& r) { r.lifter = 23; }},
      {"kaldi_mfcc13", "lifter counts from k + 1",
       [](R& r) { r.lifter_rule = LifterRule::librosa; }},
      {"kaldi_mfcc13", "order of HTK", [](R& r) { r.dct_order = DctOrder::htk; }},
      {"kaldi_mfcc13",
       "c0 without its own factor",
       {},
       [](Rows& rows, int dims) {
         for (size_t i = 0; i < rows.size(); i += static_cast<size_t>(dims))
           rows[i] *= std::numbers::sqrt2_v<float>;
       }},
      {"kaldi_mfcc13_htk", "natural order", [](R& r) { r.dct_order = DctOrder::natural; }},
      {"kaldi_mfcc13_htk",
       "c0 without sqrt(2)",
       {},
       [](Rows& rows, int dims) {
         for (size_t i = 12; i < rows.size(); i += static_cast<size_t>(dims))
           rows[i] /= std::numbers::sqrt2_v<float>;
       }},
      {"kaldi_mfcc40_hires", "negative factors of the lifter clamped", {}, clamp_lifter},
      {"kaldi_mfcc40_hires",
       "absolute factors of the lifter",
       {},
       [](Rows& rows, int dims) {
         for (size_t i = 0; i < rows.size(); ++i)
           if (i % static_cast<size_t>(dims) > 22) rows[i] = -rows[i];
       }},
      {"librosa_mfcc20", "Kaldi's lifter", [](R& r) { r.lifter = 22; }},
      {"kaldi_deltas", "edges of torchaudio",
       [](R& r) {
         r.delta_rule = DeltaRule::torchaudio;
         r.delta_window = 5;
       }},
      {"kaldi_deltas", "window of one more", [](R& r) { r.delta_window = 3; }},
      {"kaldi_deltas", "window of one less", [](R& r) { r.delta_window = 1; }},
      {"torchaudio_deltas5", "edges of Kaldi",
       [](R& r) {
         r.delta_rule = DeltaRule::kaldi;
         r.delta_window = 2;
       }},
      {"torchaudio_deltas5",
       "sign of the slope",
       {},
       [](Rows& rows, int) {
         for (size_t i = 0; i < rows.size(); ++i)
           if (i % 39 >= 13 && i % 39 < 26) rows[i] = -rows[i];
       }},
      {"librosa_delta9", "regression with repeated edges",
       [](R& r) {
         r.delta_rule = DeltaRule::kaldi;
         r.delta_window = 4;
       }},
      {"librosa_delta9", "width of 7", [](R& r) { r.delta_window = 7; }},
      {"funasr_lfr7x6", "one row less on the left",
       [](R& r) {
         r.stack_left = 2;
         r.stack_right = 4;
       }},
      {"funasr_lfr7x6", "one row more on the left",
       [](R& r) {
         r.stack_left = 4;
         r.stack_right = 2;
       }},
      {"funasr_lfr7x6", "zeros at the edges", [](R& r) { r.stack_edge = StackEdge::zero; }},
      {"funasr_lfr7x6", "stride of 7", [](R& r) { r.stack_stride = 7; }},
      {"funasr_lfr_cmvn", "sign of AddShift",
       [](R& r) {
         for (double& mean : r.cmvn_statistics.mean) mean = -mean;
       }},
      {"funasr_lfr_cmvn", "Rescale taken as a deviation",
       [](R& r) {
         for (double& variance : r.cmvn_statistics.variance) variance = 1 / variance;
       }},
      {"funasr_lfr_cmvn", "no Rescale", [](R& r) { r.cmvn_variance = false; }},
      {"seamless_stack2_raw", "last row repeated", [](R& r) { r.stack_edge = StackEdge::repeat; }},
      {"seamless160", "deviation by n", [](R& r) { r.cmvn_ddof = 0; }},
      {"seamless160", "epsilon of 1e-5", [](R& r) { r.cmvn_epsilon = 1e-5; }},
      {"seamless160", "padding normalised as well", [](R& r) { r.stack_edge = StackEdge::repeat; }},
      {"kaldi_splice4_4", "zeros at the edges", [](R& r) { r.stack_edge = StackEdge::zero; }},
      {"kaldi_splice4_4", "context of 5 and 3",
       [](R& r) {
         r.stack_left = 5;
         r.stack_right = 3;
       }},
      {"cmvn_global_mean", "no mean",
       [](R& r) {
         for (double& mean : r.cmvn_statistics.mean) mean = 0;
       }},
      {"cmvn_global_meanvar", "variance and not deviation",
       [](R& r) {
         for (double& variance : r.cmvn_statistics.variance) variance *= variance;
       }},
      {"cmvn_wenet_json", "mean alone", [](R& r) { r.cmvn_variance = false; }},
      {"cmvn_utt_meanvar", "deviation by n - 1", [](R& r) { r.cmvn_ddof = 1; }},
      {"cmn_sliding600", "W rows for W + 1", [](R& r) { r.cmvn_window = 599; }},
      {"cmn_sliding600", "first rows without a common window", [](R& r) { r.cmvn_min_window = 0; }},
      {"cmn_sliding600", "window centred", [](R& r) { r.cmvn_center = true; }},
      {"cmn_sliding600_center", "window of one more", [](R& r) { r.cmvn_window = 601; }},
      {"cmn_sliding300_center_vad13", "window of one less", [](R& r) { r.cmvn_window = 299; }},
      {"cmn_sliding300_center_vad13", "window not centred", [](R& r) { r.cmvn_center = false; }},
      {"cmvn_sliding50_10", "W rows for W + 1", [](R& r) { r.cmvn_window = 49; }},
      {"cmvn_sliding50_10", "no variance", [](R& r) { r.cmvn_variance = false; }},
      {"cmvn_sliding50_10", "floor of 10 for 1e-10", [](R& r) { r.cmvn_floor = 10; }},
      {"cmn_online600", "W + 1 rows for W", [](R& r) { r.cmvn_window = 601; }},
      {"cmn_online600", "the file counts for one row more",
       [](R& r) { r.cmvn_global_frames = 201; }},
      {"cmn_online600", "no file", [](R& r) { r.cmvn_global_frames = 0; }},
  };
  return kMistakes;
}

class TransformWrongOnPurpose : public ::testing::TestWithParam<size_t> {};

TEST_P(TransformWrongOnPurpose, IsCaughtByAVector) {
  const TransformMistake& mistake = transform_mistakes()[GetParam()];
  std::string caught_by;
  for (const TransformCase& item : test::transform_cases()) {
    if (item.name != mistake.front_end) continue;
    TransformRecipe recipe =
        resolve_transform(item.preset, test::overrides_of(item, GOLDEN_FOLDER));
    if (mistake.settings) mistake.settings(recipe);
    for (const std::string& name : item.clips) {
      const TransformClip clip = test::clip_of(item, GOLDEN_FOLDER, name);
      TransformInput input;
      input.dims = clip.input.mels;
      input.energy = item.energy;
      Rows rows = test::transformed(recipe, input, clip.input.values);
      if (mistake.rows) mistake.rows(rows, clip.output.mels);
      if (test::worst_difference(rows, clip.output) > item.tolerance) caught_by += " " + name;
    }
  }
  std::cout << mistake.front_end << ", " << mistake.what << ":"
            << (caught_by.empty() ? " nobody" : caught_by) << "\n";
  EXPECT_FALSE(caught_by.empty());
}

INSTANTIATE_TEST_SUITE_P(Mistakes, TransformWrongOnPurpose,
                         ::testing::Range(size_t{0}, transform_mistakes().size()));

}  // namespace
}  // namespace npumel
