// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls of few frames and the ends of longer ones: which groups compute them, and that no bit shows
// it.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "kernels/cpu/engine.h"
#include "kernels/cpu/groups.h"
#include "tests/unit/cpu/kernel_fixture.h"

namespace npumel::test {
namespace {

int lanes() { return best_engine().vectors.lanes; }
/// Frames of full groups, more than the longest call below.
int whole_groups() { return lanes() == 1 ? 6 : 3 * lanes(); }

/// A third each of sound, of a tone so loud that weak filters are computed once more, and of
/// silence.
std::vector<float> sound_tone_silence(const Recipe& recipe, int frames) {
  Random random(73);
  auto signal = test_signal(random, samples_for(recipe, frames));
  const size_t third = signal.size() / 3;
  for (size_t i = third; i < signal.size(); ++i)
    signal[i] = i < 2 * third
                    ? static_cast<float>(
                          std::round(0.8 * std::sin(3.05 * static_cast<double>(i)) * 32768) / 32768)
                    : 0.0F;
  return signal;
}

template <typename Element, typename Sample>
std::vector<Element> rows_on(const MelKernel& kernel, MelWorkspace& workspace,
                             const std::vector<Sample>& signal, int first, int frames,
                             bool mel_major) {
  const int width = kernel.recipe().width();
  std::vector<Element> rows(static_cast<size_t>(frames) * static_cast<size_t>(width));
  RowSink out;
  out.data = rows.data();
  out.type = sizeof(Element) == 2 ? ElementType::f16 : ElementType::f32;
  out.frame_stride = mel_major ? 1 : width;
  out.mel_stride = mel_major ? frames : 1;
  kernel.compute(signal.data() + static_cast<ptrdiff_t>(first) * kernel.recipe().hop_length,
                 sizeof(Sample) == 2 ? SampleType::s16 : SampleType::f32, frames, out, workspace);
  return rows;
}

/// Calls of 1 to 2 * lanes + 3 frames against one call that consists of full groups.
template <typename Sample>
void expect_equal_rows(const Recipe& recipe, const std::vector<Sample>& signal) {
  const auto kernel = MelKernel::get(recipe);
  const auto workspace = kernel->make_workspace();
  const auto width = static_cast<size_t>(recipe.width());
  const int all = whole_groups();
  const auto expected = rows_on<float>(*kernel, *workspace, signal, 0, all, false);
  const auto halves = rows_on<uint16_t>(*kernel, *workspace, signal, 0, all, false);
  for (int frames = 1; frames <= 2 * lanes() + 3; ++frames) {
    const int first = frames * 7 % (all - frames + 1);  // anywhere in sound, tone and silence
    const size_t start = static_cast<size_t>(first) * width;
    const auto rows = rows_on<float>(*kernel, *workspace, signal, first, frames, false);
    ASSERT_EQ(std::memcmp(rows.data(), expected.data() + start, rows.size() * sizeof(float)), 0)
        << frames << " frames from " << first;
    const auto columns = rows_on<uint16_t>(*kernel, *workspace, signal, first, frames, true);
    for (size_t frame = 0; frame < static_cast<size_t>(frames); ++frame)
      for (size_t mel = 0; mel < width; ++mel)
        ASSERT_EQ(columns[mel * static_cast<size_t>(frames) + frame],
                  halves[start + frame * width + mel])
            << frames << " frames from " << first;
  }
}

TEST(ShortCalls, give_the_bits_of_full_groups_for_every_preset_and_length) {
  for (const auto& preset : enum_names<Preset>()) {
    if (preset.value == Preset::custom) continue;
    SCOPED_TRACE(preset.nick);
    const Recipe recipe = kernel_recipe(preset.value);
    for_each_target([&] {
      const auto signal = sound_tone_silence(recipe, whole_groups());
      expect_equal_rows(recipe, signal);
      expect_equal_rows(recipe, to_s16(signal));
    });
    if (HasFailure()) break;
  }
}

TEST(ShortCalls, give_the_bits_of_full_groups_for_any_recipe) {
  Random random(79);
  for (int i = 0; i < 15; ++i) {
    const Recipe recipe = random_recipe(random);
    SCOPED_TRACE(describe(recipe));
    for_each_target([&] { expect_equal_rows(recipe, sound_tone_silence(recipe, whole_groups())); });
    if (HasFailure()) break;
  }
}

TEST(ShortCalls, maximum_is_the_largest_of_all_groups) {
  const Recipe recipe = kernel_recipe(Preset::whisper80);
  for_each_target([&] {
    const auto kernel = MelKernel::get(recipe);
    const auto workspace = kernel->make_workspace();
    for (int frames = 1; frames <= 2 * lanes() + 3; ++frames)
      for (const bool loud_end : {false, true}) {
        Random random(83);
        auto signal = test_signal(random, samples_for(recipe, frames));
        for (size_t i = 0; i < signal.size(); ++i)
          signal[i] *= (i >= signal.size() - 200) == loud_end ? 1.0F : 0.01F;
        std::vector<float> rows(static_cast<size_t>(frames * recipe.width()));
        const float highest =
            kernel->compute(signal.data(), SampleType::f32, frames,
                            {rows.data(), ElementType::f32, recipe.width(), 1}, *workspace);
        ASSERT_EQ(highest, *std::max_element(rows.begin(), rows.end())) << frames;
      }
  });
}

TEST(ShortCalls, reach_behind_no_sample_that_their_frames_need) {
  const Recipe recipe = kernel_recipe(Preset::kaldi80);
  Random random(89);
  for_each_target([&] {
    const auto kernel = MelKernel::get(recipe);
    const auto workspace = kernel->make_workspace();
    for (int frames = 1; frames <= 2 * lanes() + 3; ++frames) {
      // In a vector of its own: reads behind it show under AddressSanitizer.
      const auto signal = test_signal(random, samples_for(recipe, frames));
      auto longer = signal;
      longer.resize(signal.size() + samples_for(recipe, 2 * lanes()), 1e30F);
      ASSERT_EQ(rows_on<float>(*kernel, *workspace, signal, 0, frames, false),
                rows_on<float>(*kernel, *workspace, longer, 0, frames, false))
          << frames;
    }
  });
}

// Half groups use the beginning of areas that full groups have left full of infinite powers, and
// the other way round.
TEST(ShortCalls, do_not_remember_a_call_of_the_other_width) {
  for (const auto& preset : enum_names<Preset>()) {
    if (preset.value == Preset::custom) continue;
    SCOPED_TRACE(preset.nick);
    const Recipe recipe = kernel_recipe(preset.value);
    for_each_target([&] {
      const auto signal = sound_tone_silence(recipe, 2 * lanes());
      auto huge = signal;
      for (float& sample : huge) sample *= 1e30F;
      const auto kernel = MelKernel::get(recipe);
      const auto workspace = kernel->make_workspace();
      const int few = std::max(1, lanes() / 4);
      for (const auto& [before, frames] : {std::pair{2 * lanes(), few}, {few, 2 * lanes()}}) {
        rows_on<float>(*kernel, *workspace, huge, 0, before, false);
        ASSERT_EQ(rows_on<float>(*kernel, *workspace, signal, 0, frames, false),
                  compute_rows(recipe, signal, frames));
      }
    });
  }
}

// Lanes of full and of half groups. What Highway calls the least that a processor has differs from
// version to version: SCALAR, SSE2.
std::pair<int, int> lanes_of(const std::string& target) {
  if (target == "SCALAR") return {1, 0};
  if (target.starts_with("AVX3")) return {16, 8};
  if (target == "AVX2") return {8, 4};
  return {4, 0};
}

TEST(ShortCalls, use_half_groups_exactly_where_the_frames_that_are_left_fit) {
  const Recipe recipe = kernel_recipe(Preset::whisper80);
  Random random(97);
  for_each_target([&] {
    const Engine& engine = best_engine();
    const auto [full, half] = lanes_of(MelKernel::target());
    ASSERT_EQ(engine.vectors.lanes, full);
    ASSERT_EQ(engine.vectors.half_lanes, half);
    const GroupTables tables(recipe, engine.vectors, 0);
    const MelWorkspace workspace(tables.full);
    const auto signal = test_signal(random, samples_for(recipe, 100));
    std::vector<float> rows(static_cast<size_t>(100 * recipe.width()));
    for (int frames = 0; frames <= 100; ++frames) {
      workspace.counts = {};
      engine.compute(tables,
                     {signal.data(),
                      SampleType::f32,
                      frames,
                      {rows.data(), ElementType::f32, recipe.width(), 1}},
                     workspace);
      const int left = frames % full;
      const bool fits = left != 0 && left <= half;
      EXPECT_EQ(workspace.counts.half, fits ? 1U : 0U) << frames;
      EXPECT_EQ(static_cast<int>(workspace.counts.full),
                frames / full + (left != 0 && !fits ? 1 : 0))
          << frames;
    }
  });
}

TEST(ShortCalls, transform_a_frame_alone_with_its_columns_in_the_lanes) {
  const Recipe recipe = kernel_recipe(Preset::whisper80);
  Random random(101);
  const auto signal = test_signal(random, samples_for(recipe, 40));
  std::vector<float> rows(static_cast<size_t>(40 * recipe.width()));
  for_each_target([&] {
    const Engine& engine = best_engine();
    const GroupTables tables(recipe, engine.vectors, 0);
    const MelWorkspace workspace(tables.full);
    ASSERT_NE(workspace.columns, nullptr);
    for (int frames = 1; frames <= 40; ++frames) {
      workspace.columns[0] = 777;
      engine.compute(tables,
                     {signal.data(),
                      SampleType::f32,
                      frames,
                      {rows.data(), ElementType::f32, recipe.width(), 1}},
                     workspace);
      EXPECT_EQ(workspace.columns[0] != 777, lanes() > 1 && frames % lanes() == 1) << frames;
    }
  });
}

TEST(Groups, are_divided_at_half_the_lanes) {
  const struct {
    size_t frames, lanes, half_lanes;
    Groups groups;
  } cases[] = {
      {0, 16, 8, {0, 0, 0}},     {1, 16, 8, {0, 0, 1}},       {8, 16, 8, {0, 0, 8}},
      {9, 16, 8, {1, 9, 0}},     {15, 16, 8, {1, 15, 0}},     {16, 16, 8, {1, 16, 0}},
      {17, 16, 8, {1, 16, 1}},   {24, 16, 8, {1, 16, 8}},     {25, 16, 8, {2, 25, 0}},
      {100, 16, 8, {6, 96, 4}},  {1000, 16, 8, {62, 992, 8}}, {4, 8, 4, {0, 0, 4}},
      {5, 8, 4, {1, 5, 0}},      {100, 8, 4, {12, 96, 4}},    {3, 4, 0, {1, 3, 0}},
      {100, 4, 0, {25, 100, 0}}, {7, 1, 0, {7, 7, 0}},
  };
  for (const auto& it : cases) {
    const Groups groups = divide(it.frames, it.lanes, it.half_lanes);
    EXPECT_EQ(groups.full, it.groups.full) << it.frames << " " << it.lanes;
    EXPECT_EQ(groups.full_frames, it.groups.full_frames) << it.frames << " " << it.lanes;
    EXPECT_EQ(groups.half_frames, it.groups.half_frames) << it.frames << " " << it.lanes;
  }
}

}  // namespace
}  // namespace npumel::test
