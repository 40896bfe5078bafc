// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames for any cut of the input against the definition.
#include "gst/npumelspec/framer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tests/unit/npumelspec/framer_harness.h"
#include "tests/unit/support/random_recipe.h"

namespace npumel::test {
namespace {

using Cuts = FramerHarness::Cuts;

std::vector<int16_t> noise(int64_t n, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> any(-32768, 32767);
  std::vector<int16_t> samples(static_cast<size_t>(n));
  for (int16_t& sample : samples) sample = static_cast<int16_t>(any(random));
  return samples;
}

/// The signal that padding applies to: int16 values, or floats after waveform pre-emphasis.
std::vector<float> prepared(const Recipe& recipe, const std::vector<int16_t>& samples) {
  std::vector<float> signal(samples.begin(), samples.end());
  if (recipe.preemphasis == 0 || recipe.preemphasis_mode != PreemphasisMode::waveform)
    return signal;
  for (float& value : signal) value /= 32768;
  for (size_t i = signal.size() - 1; i > 0; --i)
    signal[i] -= static_cast<float>(recipe.preemphasis) * signal[i - 1];
  return signal;
}

/// Frames are taken as soon as `reach` allows. Where a first sample lies under a window value of 0
/// the left reflection may then still lack its source: that sample does not matter.
bool first_sample_is_idle(const Recipe& recipe) {
  const Framing frame = framing(recipe);
  return recipe.padding == Padding::reflect && frame.reach <= -frame.origin;
}

void expect_frames(const Recipe& recipe, const std::vector<FrameSamples>& actual,
                   const std::vector<FrameSamples>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  const auto skip = first_sample_is_idle(recipe) ? 1 : 0;
  for (size_t t = 0; t < actual.size(); ++t)
    ASSERT_TRUE(std::equal(actual[t].begin() + skip, actual[t].end(), expected[t].begin() + skip))
        << "frame " << t;
}

std::vector<FrameSamples> frames_of(const Recipe& recipe, const std::vector<int16_t>& samples,
                                    const Cuts& cuts = {}) {
  FramerHarness harness(recipe, SampleType::s16);
  harness.push(samples, cuts);
  harness.finish(cuts);
  return harness.frames();
}

Recipe preset(Preset name) {
  const int rate = published_rate(name);
  return resolve(name, {}, rate == 0 ? 16000 : rate);
}

class EveryPreset : public testing::TestWithParam<Preset> {};

TEST_P(EveryPreset, any_length_gives_the_frames_of_the_definition) {
  const Recipe recipe = preset(GetParam());
  for (const int64_t n : {1,    2,    3,    100,   159,   160,   161,   199,   200,   201,
                          279,  280,  399,  400,   401,   511,   512,   513,   560,   1024,
                          1600, 1601, 4800, 12345, 16000, 16039, 16040, 16041, 16240, 40000}) {
    SCOPED_TRACE(n);
    const auto samples = noise(n);
    expect_frames(recipe, frames_of(recipe, samples),
                  expected_frames(recipe, prepared(recipe, samples)));
  }
}

TEST_P(EveryPreset, any_cut_gives_the_same_frames) {
  const Recipe recipe = preset(GetParam());
  // A whole number of hops puts a last frame's centre on the end: its padding mirrors furthest.
  for (const int64_t n : {int64_t{9000}, int64_t{20} * recipe.hop_length}) {
    const auto samples = noise(n);
    const auto expected = expected_frames(recipe, prepared(recipe, samples));
    std::mt19937 random(7);
    for (const int longest : {1, 7, 161, 1000, 20000}) {
      SCOPED_TRACE(longest);
      Cuts cuts;
      cuts.piece = [&] { return std::uniform_int_distribution<int64_t>(1, longest)(random); };
      cuts.limit = [&] {
        return std::uniform_int_distribution<int>(1, std::min(longest, 30))(random);
      };
      cuts.early = [&](int ready) { return std::uniform_int_distribution<int>(0, ready)(random); };
      expect_frames(recipe, frames_of(recipe, samples, cuts), expected);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Presets, EveryPreset, testing::ValuesIn([] {
                           std::vector<Preset> presets;
                           for (const auto& name : enum_names<Preset>())
                             presets.push_back(name.value);
                           return presets;
                         }()),
                         [](const auto& tested) {
                           std::string text = nick(tested.param);
                           std::replace(text.begin(), text.end(), '-', '_');
                           return text;
                         });

TEST(Framer, random_recipes_lengths_and_cuts_follow_the_definition) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    const Recipe recipe = random_recipe(seed);
    SCOPED_TRACE(testing::Message() << "seed " << seed << "\n" << canonical_text(recipe));
    std::mt19937 random(seed);
    const auto between = [&](int low, int high) {
      return std::uniform_int_distribution<int>(low, high)(random);
    };
    const int longest = 5 * (recipe.hop_length + recipe.n_fft);
    int n = between(1, between(1, longest));
    if (between(0, 1) == 0) n = (n / recipe.hop_length + 1) * recipe.hop_length;
    const auto samples = noise(n, seed);
    Cuts cuts;
    const int piece = between(1, 1000);
    const int limit = between(1, between(1, kBatchFrames));
    cuts.piece = [&] { return between(1, piece); };
    cuts.limit = [&] { return between(1, limit); };
    cuts.early = [&](int ready) { return between(0, 3) == 0 ? between(0, ready) : 0; };
    expect_frames(recipe, frames_of(recipe, samples, cuts),
                  expected_frames(recipe, prepared(recipe, samples)));
    if (HasFatalFailure()) return;
  }
}

TEST(Framer, a_frame_is_ready_exactly_when_its_reach_has_come) {
  for (const auto& name : enum_names<Preset>()) {
    SCOPED_TRACE(name.nick);
    const Recipe recipe = preset(name.value);
    const Framing frame = framing(recipe);
    FramerHarness harness(recipe, SampleType::s16);
    Cuts one;
    one.piece = [] { return 1; };
    one.early = [](int ready) { return ready; };
    harness.push(noise(5 * frame.hop + 3 * frame.win), one);
    ASSERT_GE(harness.known().size(), 3U);
    for (size_t t = 0; t < harness.known().size(); ++t)
      ASSERT_EQ(harness.known()[t], static_cast<int64_t>(t) * frame.hop + frame.reach);
  }
}

TEST(Framer, float_samples_pass_untouched_and_int16_scales_only_for_preemphasis) {
  const auto samples = noise(5000);
  std::vector<float> floats(samples.begin(), samples.end());
  for (float& value : floats) value /= 32768;
  FramerHarness plain(preset(Preset::whisper80), SampleType::f32);
  plain.push(floats, {});
  plain.finish({});
  expect_frames(preset(Preset::whisper80), plain.frames(),
                expected_frames(preset(Preset::whisper80), floats));

  FramerHarness from_float(preset(Preset::nemo80), SampleType::f32);
  from_float.push(floats, {});
  from_float.finish({});
  EXPECT_EQ(from_float.frames(), frames_of(preset(Preset::nemo80), samples));
}

TEST(Framer, batches_that_reach_beyond_the_end_are_told) {
  for (const Preset name : {Preset::nemo80, Preset::kaldi80}) {
    FramerHarness harness(preset(name), SampleType::s16);
    harness.push(noise(16000 * 2), {});
    EXPECT_FALSE(harness.framer().beyond_end()) << nick(name);
    harness.finish({});
    EXPECT_EQ(harness.framer().beyond_end(), name == Preset::nemo80);
    harness.framer().reset();
    EXPECT_FALSE(harness.framer().beyond_end());
  }
}

TEST(Framer, nonfinite_floats_read_as_zero_and_are_counted) {
  std::vector<float> samples(3000);
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<float>(i) / 3000;
  auto zeroed = samples;
  const std::pair<size_t, float> bad[] = {{0, std::numeric_limits<float>::quiet_NaN()},
                                          {511, std::numeric_limits<float>::infinity()},
                                          {512, -std::numeric_limits<float>::infinity()},
                                          {1700, -std::numeric_limits<float>::quiet_NaN()}};
  for (const auto& [index, value] : bad) {
    samples[index] = value;
    zeroed[index] = 0;
  }
  samples[600] = zeroed[600] = std::numeric_limits<float>::max();
  samples[601] = zeroed[601] = std::numeric_limits<float>::denorm_min();
  for (const Preset name : {Preset::whisper80, Preset::nemo80}) {
    FramerHarness harness(preset(name), SampleType::f32);
    harness.push(samples, {});
    harness.finish({});
    EXPECT_EQ(harness.framer().nonfinite(), std::size(bad));
    FramerHarness clean(preset(name), SampleType::f32);
    clean.push(zeroed, {});
    clean.finish({});
    EXPECT_EQ(clean.framer().nonfinite(), 0U);
    EXPECT_EQ(harness.frames(), clean.frames());
  }
}

TEST(Framer, silence_equals_pushed_zeros_whatever_came_before) {
  for (const Preset name : {Preset::whisper80, Preset::nemo80, Preset::kaldi80}) {
    const auto loud = noise(1234);
    auto joined = loud;
    joined.resize(joined.size() + 3210);
    joined.insert(joined.end(), loud.begin(), loud.end());
    FramerHarness harness(preset(name), SampleType::s16);
    harness.push(loud, {});
    harness.push_silence(3210, {});
    harness.push(loud, {});
    harness.finish({});
    EXPECT_EQ(harness.frames(), frames_of(preset(name), joined));
  }
}

TEST(Framer, only_frames_that_see_nothing_but_silence_are_called_silent) {
  const Recipe recipe = preset(Preset::whisper80);
  FramerHarness harness(recipe, SampleType::s16);
  Cuts cuts;
  std::mt19937 random(3);
  cuts.limit = [&] { return std::uniform_int_distribution<int>(1, 9)(random); };
  harness.push(noise(2000), cuts);
  harness.push_silence(1500, cuts);  // 2000 to 5000, in two calls
  harness.push_silence(1500, cuts);
  harness.push(noise(2000), cuts);
  harness.finish(cuts);
  for (size_t t = 0; t < harness.silent().size(); ++t) {
    const int64_t start = static_cast<int64_t>(t) * 160 - 200;
    EXPECT_EQ(harness.silent()[t], start >= 2000 && start + 400 <= 5000) << t;
  }
}

TEST(Framer, a_frame_whose_padding_mirrors_sound_is_not_silent) {
  // Granite centres its last frame on the end: the padding reaches one sample further back than
  // the frame itself.
  for (const int64_t silence : {200, 201}) {
    FramerHarness harness(preset(Preset::granite80), SampleType::s16);
    harness.push(noise(1600 - silence), {});
    harness.push_silence(silence, {});
    harness.finish({});
    EXPECT_EQ(harness.silent().back(), silence == 201);
  }
}

TEST(Framer, samples_that_only_the_count_rule_sees_are_not_lost_when_frames_leave_early) {
  // snip-fft wants 112 samples after the last one that a frame reads, more than a hop.
  RecipeOverrides overrides;
  overrides.n_fft = 512;
  overrides.hop_length = 50;
  overrides.padding = Padding::none;
  overrides.window_place = WindowPlace::start;
  overrides.frame_count = FrameCount::snip_fft;
  const Recipe recipe = resolve(Preset::whisper80, overrides, 16000);
  const auto samples = noise(20000);
  Cuts cuts;
  cuts.piece = [] { return 61; };
  cuts.early = [](int ready) { return ready > 97 ? 1 : 0; };
  expect_frames(recipe, frames_of(recipe, samples, cuts),
                expected_frames(recipe, prepared(recipe, samples)));
}

TEST(Framer, a_stream_of_silence_is_silent_to_both_edges) {
  for (const Preset name : {Preset::whisper80, Preset::icefall80, Preset::nemo80}) {
    FramerHarness harness(preset(name), SampleType::s16);
    harness.push_silence(8000, {});
    harness.finish({});
    EXPECT_EQ(std::count(harness.silent().begin(), harness.silent().end(), false), 0);
    EXPECT_EQ(harness.silent().size(), 50U);
  }
}

TEST(Framer, reset_starts_a_new_stream_without_a_trace_of_the_old_one) {
  for (const Preset name : {Preset::nemo80, Preset::icefall80}) {
    FramerHarness harness(preset(name), SampleType::s16);
    harness.push(noise(7000, 5), {});
    const size_t before = harness.frames().size();
    harness.framer().reset();
    EXPECT_EQ(harness.framer().samples(), 0);
    EXPECT_EQ(harness.framer().first_frame(), 0);
    harness.push(noise(3000, 6), {});
    harness.finish({});
    const std::vector<FrameSamples> after(harness.frames().begin() + static_cast<long>(before),
                                          harness.frames().end());
    EXPECT_EQ(after, frames_of(preset(name), noise(3000, 6)));
  }
}

}  // namespace
}  // namespace npumel::test
