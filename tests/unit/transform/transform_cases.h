// SPDX-License-Identifier: LGPL-2.1-or-later
// The vectors of tests/golden/transform: which settings give which original's rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/transform/transform.h"
#include "tests/unit/support/npy.h"

namespace npumel::test {

struct TransformCase {
  std::string name;   ///< folder of the original's rows
  std::string input;  ///< folder of the rows that it was given
  double tolerance = 0;
  TransformPreset preset = TransformPreset::none;
  TransformOverrides overrides = {};
  std::string statistics = {};  ///< file in stats/
  /// Clips, or the clip of which only some columns are kept.
  std::vector<std::string> clips = {"short03"};
  std::vector<int> columns = {};
  bool energy = false;  ///< the input is the mel rows behind the energy of the original's rows
};

inline const std::vector<std::string>& two_clips() {
  static const std::vector<std::string> kClips = {"short03", "tiny5"};
  return kClips;
}
inline const std::vector<std::string>& three_clips() {
  static const std::vector<std::string> kClips = {"short03", "tiny5", "tiny1"};
  return kClips;
}

// Tolerances from given rows: tests/golden/README.md.
inline const std::vector<TransformCase>& transform_cases() {
  using P = TransformPreset;
  static const std::vector<std::string> kLong = {"long16_columns"};
  static const std::vector<TransformCase> kCases = {
      {"kaldi_mfcc13", "kaldi23", 5e-4, P::mfcc13_kaldi, {}, "", three_clips()},
      {"kaldi_mfcc13_htk",
       "kaldi23",
       5e-4,
       P::mfcc13_kaldi,
       {.dct_order = DctOrder::htk},
       "",
       three_clips()},
      {"kaldi_mfcc13_energy", "kaldi23", 5e-4, P::mfcc13_kaldi, {}, "", three_clips(), {}, true},
      {"kaldi_mfcc40_hires", "kaldi40_hires", 5e-4, P::mfcc40_hires, {}, "", two_clips()},
      // The click stands in silence of -100 dB, where float32 sums would be off by 7e-4.
      {"librosa_mfcc20",
       "librosa_db",
       5e-4,
       P::mfcc20_librosa,
       {},
       "",
       {"short03", "tiny5", "click"}},
      {"kaldi_deltas", "kaldi_mfcc13", 1e-4, P::none, {.deltas = 2}, "", three_clips()},
      {"torchaudio_deltas5",
       "kaldi_mfcc13",
       1e-4,
       P::none,
       {.deltas = 2, .delta_rule = DeltaRule::torchaudio},
       "",
       three_clips()},
      {"librosa_delta9",
       "librosa_mfcc20",
       1e-3,
       P::none,
       {.deltas = 2, .delta_rule = DeltaRule::librosa}},
      {"funasr_lfr7x6", "funasr80", 0, P::lfr_funasr, {}, "", two_clips()},
      {"funasr_lfr_cmvn",
       "funasr_lfr7x6",
       1e-4,
       P::none,
       {.cmvn = CmvnType::global},
       "funasr_am.mvn"},
      {"seamless_stack2_raw",
       "seamless80",
       0,
       P::seamless160,
       {.cmvn = CmvnType::none},
       "",
       two_clips()},
      {"seamless160", "seamless80", 2e-4, P::seamless160, {}, "", two_clips()},
      {"kaldi_splice4_4",
       "kaldi_mfcc13",
       0,
       P::none,
       {.stack_stride = 1, .stack_left = 4, .stack_right = 4},
       "",
       two_clips()},
      {"cmvn_global_mean",
       "kaldi80",
       1e-4,
       P::none,
       {.cmvn = CmvnType::global},
       "kaldi80_global_cmvn.ark",
       two_clips()},
      {"cmvn_global_meanvar",
       "kaldi80",
       1e-4,
       P::none,
       {.cmvn = CmvnType::global, .cmvn_variance = true},
       "kaldi80_global_cmvn.ark"},
      {"cmvn_wenet_json",
       "kaldi80",
       1e-4,
       P::none,
       {.cmvn = CmvnType::global},
       "kaldi80_global_cmvn.json",
       {"tiny5"}},
      {"cmvn_utt_mean", "kaldi80", 1e-4, P::none, {.cmvn = CmvnType::clip}, "", two_clips()},
      {"cmvn_utt_meanvar",
       "kaldi80",
       7.1e-4,
       P::none,
       {.cmvn = CmvnType::clip, .cmvn_variance = true},
       "",
       two_clips()},
      {"cmn_sliding600",
       "kaldi_mfcc40_hires",
       2e-4,
       P::none,
       {.cmvn = CmvnType::sliding},
       "",
       kLong,
       {0, 1, 20}},
      {"cmn_sliding600_center",
       "kaldi_mfcc40_hires",
       2e-4,
       P::none,
       {.cmvn = CmvnType::sliding, .cmvn_center = true},
       "",
       kLong,
       {0, 1, 20}},
      {"cmn_sliding300_center_vad13",
       "kaldi_mfcc13",
       2e-4,
       P::none,
       {.cmvn = CmvnType::sliding, .cmvn_window = 300, .cmvn_center = true},
       "",
       kLong,
       {0, 1, 12}},
      {"cmvn_sliding50_10",
       "kaldi_mfcc40_hires",
       2e-4,
       P::none,
       {.cmvn = CmvnType::sliding, .cmvn_variance = true, .cmvn_window = 50, .cmvn_min_window = 10},
       "",
       kLong,
       {0, 1, 20}},
      {"cmn_online600",
       "kaldi_mfcc40_hires",
       1e-4,
       P::none,
       {.cmvn = CmvnType::online},
       "mfcc40_global_cmvn.ark",
       kLong,
       {0, 1, 20}},
  };
  return kCases;
}

/// A clip's rows: of this folder, or of the mel vectors above it.
inline Rows transform_rows(const std::filesystem::path& golden, const std::string& front_end,
                           const std::string& clip) {
  const std::filesystem::path file = std::filesystem::path(front_end) / (clip + ".npy");
  const std::filesystem::path ours = golden / "transform" / file;
  return read_rows(std::filesystem::exists(ours) ? ours : golden / file);
}

inline CmvnStatistics chosen_columns(const CmvnStatistics& all, const std::vector<int>& columns) {
  if (columns.empty()) return all;
  CmvnStatistics chosen{all.form, {}, {}};
  for (const int column : columns) {
    chosen.mean.push_back(all.mean.at(static_cast<size_t>(column)));
    chosen.variance.push_back(all.variance.at(static_cast<size_t>(column)));
  }
  return chosen;
}

inline TransformOverrides overrides_of(const TransformCase& item,
                                       const std::filesystem::path& golden) {
  TransformOverrides overrides = item.overrides;
  if (!item.statistics.empty())
    overrides.cmvn_statistics = chosen_columns(
        read_cmvn_file((golden / "transform" / "stats" / item.statistics).string()), item.columns);
  return overrides;
}

/// One clip of a case: what goes in and what the original made of it.
struct TransformClip {
  Rows input;
  Rows output;
};

inline TransformClip clip_of(const TransformCase& item, const std::filesystem::path& golden,
                             const std::string& clip) {
  TransformClip both{transform_rows(golden, item.input, clip),
                     transform_rows(golden, item.name, clip)};
  if (item.energy) {
    Rows with{both.input.frames, both.input.mels + 1, {}};
    for (int64_t t = 0; t < with.frames; ++t) {
      with.values.push_back(both.output.values[static_cast<size_t>(t * both.output.mels)]);
      const auto row = both.input.values.begin() + t * both.input.mels;
      with.values.insert(with.values.end(), row, row + both.input.mels);
    }
    both.input = with;
  }
  return both;
}

/// Largest difference; infinite where the shapes differ.
inline double worst_difference(const std::vector<float>& got, const Rows& wanted) {
  if (got.size() != wanted.values.size()) return HUGE_VAL;
  double worst = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const double difference =
        std::abs(static_cast<double>(got[i]) - static_cast<double>(wanted.values[i]));
    worst = std::isnan(difference) ? HUGE_VAL : std::max(worst, difference);
  }
  return worst;
}

}  // namespace npumel::test
