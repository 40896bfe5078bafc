// SPDX-License-Identifier: LGPL-2.1-or-later
// Frame counts and padding against hand-worked tables.
#include "kernels/mel/framing.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace npumel {
namespace {

Recipe preset(Preset name) {
  const int rate = published_rate(name);
  return resolve(name, {}, rate != 0 ? rate : 16000);
}

TEST(Reach, IsWhatThePublishedFrontEndsNeed) {
  const std::map<Preset, int> reaches = {
      {Preset::whisper80, 200},      {Preset::whisper128, 200},    {Preset::nemo80, 200},
      {Preset::nemo128, 200},        {Preset::kaldi80, 400},       {Preset::icefall80, 280},
      {Preset::openwakeword, 512},   {Preset::librosa, 1024},      {Preset::torchaudio, 200},
      {Preset::funasr80, 400},       {Preset::wespeaker80, 400},   {Preset::seamless80, 400},
      {Preset::s2t80, 400},          {Preset::ast128, 400},        {Preset::granite80, 200},
      {Preset::vggish64, 400},       {Preset::voxtral_rt128, 200}, {Preset::yamnet64, 400},
      {Preset::gemma3n128, 513},     {Preset::gemma4_128, 161},    {Preset::lasr128, 400},
      {Preset::phi4mm80, 400},       {Preset::clap64, 512},        {Preset::hifigan80, 640},
      {Preset::bigvgan100, 640},     {Preset::bigvgan128, 1280},   {Preset::cosyvoice80, 1200},
      {Preset::cosyvoice3_80, 1200}, {Preset::vocos100, 512},      {Preset::f5tts100, 512},
      {Preset::tacotron2_80, 512},   {Preset::speecht5_80, 512},   {Preset::custom, 200},
  };
  for (const auto& name : enum_names<Preset>())
    EXPECT_EQ(framing(preset(name.value)).reach, reaches.at(name.value)) << name.nick;
}

TEST(Reach, CountsTheMirroredSampleUnlessItsWeightIsZero) {
  const auto reach = [](const RecipeOverrides& overrides) {
    return framing(resolve(Preset::whisper80, overrides, 16000)).reach;
  };
  EXPECT_EQ(reach({.window = WindowFunction::hamming}), 201);
  EXPECT_EQ(reach({.remove_dc = true}), 201);
  EXPECT_EQ(reach({.preemphasis = 0.97, .preemphasis_mode = PreemphasisMode::frame}), 201);
  EXPECT_EQ(reach({.preemphasis = 0.97, .preemphasis_mode = PreemphasisMode::waveform}), 200);
}

TEST(Reach, CoversTheCountRule) {
  // Frame t of drop-last exists when its whole hop does.
  EXPECT_EQ(framing(resolve(Preset::whisper80, {.hop_length = 400}, 16000)).reach, 400);
}

TEST(Origin, IsWhereTheOriginalsStartTheirFrames) {
  EXPECT_EQ(framing(preset(Preset::whisper80)).origin, -200);
  EXPECT_EQ(framing(preset(Preset::nemo80)).origin, -200);
  EXPECT_EQ(framing(preset(Preset::icefall80)).origin, -120);
  EXPECT_EQ(framing(preset(Preset::kaldi80)).origin, 0);
  EXPECT_EQ(framing(preset(Preset::openwakeword)).origin, 56);
  EXPECT_EQ(framing(preset(Preset::gemma4_128)).origin, -160);
  EXPECT_EQ(framing(preset(Preset::librosa)).origin, -1024);
}

struct CountCase {
  Preset preset;
  int64_t samples;
  int64_t frames;
};

TEST(FrameCount, FollowsThePublishedRules) {
  const std::vector<CountCase> cases = {
      {Preset::whisper80, 0, 0},         {Preset::whisper80, 159, 0},
      {Preset::whisper80, 160, 1},       {Preset::whisper80, 319, 1},
      {Preset::whisper80, 480000, 3000}, {Preset::kaldi80, 399, 0},
      {Preset::kaldi80, 400, 1},         {Preset::kaldi80, 559, 1},
      {Preset::kaldi80, 560, 2},         {Preset::icefall80, 79, 0},
      {Preset::icefall80, 80, 1},        {Preset::icefall80, 239, 1},
      {Preset::icefall80, 240, 2},       {Preset::openwakeword, 511, 0},
      {Preset::openwakeword, 512, 1},    {Preset::openwakeword, 1760, 8},
      {Preset::librosa, 0, 0},           {Preset::librosa, 1, 1},
      {Preset::librosa, 511, 1},         {Preset::librosa, 512, 2},
      {Preset::granite80, 159, 1},       {Preset::gemma3n128, 512, 0},
      {Preset::gemma3n128, 513, 1},      {Preset::gemma3n128, 672, 1},
      {Preset::gemma3n128, 673, 2},      {Preset::gemma4_128, 0, 0},
      {Preset::gemma4_128, 160, 0},      {Preset::gemma4_128, 161, 1},
      {Preset::gemma4_128, 320, 1},      {Preset::gemma4_128, 321, 2},
  };
  for (const CountCase& c : cases)
    EXPECT_EQ(frame_count(preset(c.preset), c.samples), c.frames)
        << nick(c.preset) << " with " << c.samples << " samples";
}

TEST(FrameCount, OfAnOddFftCountsAsTheFormulaSays) {
  const Recipe recipe = resolve(Preset::torchaudio, {.n_fft = 401}, 16000);
  EXPECT_EQ(frame_count(recipe, 200), 1);
  EXPECT_EQ(frame_count(recipe, 201), 2);
}

TEST(ClipShape, AppliesTheTailRules) {
  const auto shape = [](Preset name, int64_t n, bool normalized) {
    return clip_shape(preset(name), n, normalized);
  };
  EXPECT_EQ(shape(Preset::nemo80, 16000, false).kept, 100);
  EXPECT_EQ(shape(Preset::nemo80, 16000, false).zero_rows, 1);
  EXPECT_EQ(shape(Preset::seamless80, 400, true).zero_rows, 1);
  EXPECT_EQ(shape(Preset::seamless80, 400, false).zero_rows, 0);
  EXPECT_EQ(shape(Preset::seamless80, 560, true).zero_rows, 0);
  EXPECT_EQ(shape(Preset::granite80, 320, false).computed, 3);
  EXPECT_EQ(shape(Preset::granite80, 320, false).kept, 2);
  EXPECT_EQ(shape(Preset::granite80, 160, false).kept, 2);
  EXPECT_EQ(shape(Preset::gemma3n128, 513, false).samples, 640);
  EXPECT_EQ(shape(Preset::gemma3n128, 641, false).kept, 2);
  // 300 samples are padded to 384: the second frame reads up to sample 320.
  EXPECT_EQ(shape(Preset::gemma4_128, 300, false).kept, 1);
  EXPECT_EQ(shape(Preset::gemma4_128, 300, false).zero_rows, 1);
  EXPECT_EQ(shape(Preset::gemma4_128, 321, false).kept, 2);
  EXPECT_EQ(shape(Preset::gemma4_128, 321, false).zero_rows, 0);
}

TEST(ClipShape, OfNothingIsNothing) {
  for (const auto& name : enum_names<Preset>()) {
    const ClipShape shape = clip_shape(preset(name.value), 0, true);
    EXPECT_EQ(shape.kept + shape.zero_rows + shape.samples, 0) << name.nick;
  }
}

std::vector<int64_t> indices(Padding padding, int64_t from, int64_t to, int64_t n) {
  std::vector<int64_t> result;
  for (int64_t i = from; i < to; ++i) result.push_back(padded_index(padding, i, n));
  return result;
}

using Indices = std::vector<int64_t>;

TEST(PaddedIndex, ReflectsAsNumpy) {
  // numpy.pad(arange(4), 6, mode="reflect")
  EXPECT_EQ(indices(Padding::reflect, -6, 10, 4),
            (Indices{0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2, 3}));
  EXPECT_EQ(indices(Padding::reflect, -3, 5, 2), (Indices{1, 0, 1, 0, 1, 0, 1, 0}));
  EXPECT_EQ(indices(Padding::reflect, -2, 3, 1), (Indices{0, 0, 0, 0, 0}));
}

TEST(PaddedIndex, MirrorsWithTheEdgeSample) {
  EXPECT_EQ(indices(Padding::mirror, -4, 7, 3), (Indices{2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0}));
}

TEST(PaddedIndex, IsZeroOutsideElsewhere) {
  for (const Padding padding : {Padding::none, Padding::zero, Padding::semi_causal})
    EXPECT_EQ(indices(padding, -1, 3, 2), (Indices{-1, 0, 1, -1}));
}

}  // namespace
}  // namespace npumel
