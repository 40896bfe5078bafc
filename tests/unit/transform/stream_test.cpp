// SPDX-License-Identifier: LGPL-2.1-or-later
// Streams: any cut gives the same bits, counts are kept, nothing is allocated once warm.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "kernels/simd/targets.h"
#include "tests/unit/transform/random_transform.h"
#include "tests/unit/transform/transform_support.h"

// malloc itself is counted. Sanitizers bring their own: there is no such test with them.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MALLOC_IS_THE_SANITIZERS
#endif
#endif
#if !defined(MALLOC_IS_THE_SANITIZERS) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define MALLOC_IS_OURS
namespace {
std::atomic<int64_t> transform_allocations{0};
}  // namespace
extern "C" void* __libc_malloc(size_t size);
extern "C" void* malloc(size_t size) {
  transform_allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}
extern "C" void* __libc_memalign(size_t alignment, size_t size);
extern "C" void* aligned_alloc(size_t alignment, size_t size) {  // what aligned operator new calls
  transform_allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, size);
}
#endif

namespace npumel {
namespace {

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

std::vector<int64_t> random_cuts(std::mt19937& random) {
  std::vector<int64_t> cuts;
  const int64_t most = std::uniform_int_distribution<int64_t>(1, 40)(random);
  for (int i = 0; i < 7; ++i)
    cuts.push_back(std::uniform_int_distribution<int64_t>(i == 0 ? 1 : 0, most)(random));
  return cuts;
}

TEST(TransformStream, AnyCutGivesTheSameBits) {
  std::mt19937 random(5);
  test::TransformChooser chooser(random);
  for (int trial = 0; trial < 300; ++trial) {
    const test::RandomTransform chosen = chooser.choose();
    const TransformRecipe recipe = resolve_transform(TransformPreset::none, chosen.overrides);
    const int64_t count = std::uniform_int_distribution<int64_t>(1, 150)(random);
    const std::vector<float> rows = test::rows_for(random, chosen, count);
    Transformer transformer(recipe, chosen.input);
    const std::vector<float> whole = test::transformed(transformer, chosen.input.dims, rows);
    EXPECT_EQ(static_cast<int64_t>(whole.size()),
              transformed_rows(recipe, count) * transformer.output().dims)
        << canonical_text(recipe);
    // The same object again: drain() has reset it.
    for (const std::vector<int64_t>& cuts : {std::vector<int64_t>{1}, random_cuts(random)})
      ASSERT_TRUE(same_bits(test::transformed(transformer, chosen.input.dims, rows, cuts), whole))
          << trial << ": " << canonical_text(recipe);
  }
}

// Presets and long windows, over rows enough for steps to work in slices and to move their memory.
TEST(TransformStream, AnyCutOfALongStreamGivesTheSameBits) {
  std::mt19937 random(6);
  for (const auto& preset : enum_names<TransformPreset>()) {
    TransformOverrides overrides;
    overrides.deltas = 2;
    overrides.cmvn = CmvnType::sliding;
    overrides.cmvn_variance = true;
    overrides.cmvn_center = preset.value == TransformPreset::mfcc13_kaldi;
    const TransformRecipe recipe = resolve_transform(preset.value, overrides);
    TransformInput input;
    input.dims = 41;
    const std::vector<float> rows = test::random_rows(random, 1500, input.dims);
    const std::vector<float> whole = test::transformed(recipe, input, rows);
    for (const std::vector<int64_t>& cuts : {std::vector<int64_t>{7}, random_cuts(random)})
      ASSERT_TRUE(same_bits(test::transformed(recipe, input, rows, cuts), whole)) << preset.nick;
  }
}

// Rows come as soon as the rows they need are there, and reach says how many those are.
TEST(TransformStream, RowsWaitForTheirReachAndNotLonger) {
  std::mt19937 random(7);
  test::TransformChooser chooser(random);
  for (int trial = 0; trial < 80; ++trial) {
    const test::RandomTransform chosen = chooser.choose();
    const TransformRecipe recipe = resolve_transform(TransformPreset::none, chosen.overrides);
    Transformer transformer(recipe, chosen.input);
    const std::vector<float> rows = test::rows_for(random, chosen, 150);
    const auto dims = static_cast<size_t>(chosen.input.dims);
    std::vector<float> out;
    int64_t longest = 0;
    for (int64_t t = 0; t < 150; ++t) {
      const int64_t before = transformer.rows_out();
      const int64_t ready = transformer.rows_after(1);
      EXPECT_EQ(ready > 0, transformer.rows_for(1) == 1);
      out.resize(static_cast<size_t>(ready) * static_cast<size_t>(transformer.output().dims));
      const auto row = std::span<const float>(rows).subspan(static_cast<size_t>(t) * dims, dims);
      EXPECT_EQ(transformer.push(row, out), ready);
      for (int64_t i = before; i < before + ready; ++i)
        longest = std::max(longest, t - i * recipe.stride());
    }
    EXPECT_EQ(transformer.rows_in(), 150);
    if (recipe.needs_clip()) {
      EXPECT_EQ(transformer.rows_out(), 0);
      EXPECT_EQ(transformer.rows_for(1), std::numeric_limits<int64_t>::max());
    } else {
      EXPECT_EQ(longest, transformer.output().reach) << canonical_text(recipe);
    }
  }
}

TEST(TransformStream, ResetForgetsEverything) {
  std::mt19937 random(8);
  test::TransformChooser chooser(random);
  for (int trial = 0; trial < 100; ++trial) {
    const test::RandomTransform chosen = chooser.choose();
    const TransformRecipe recipe = resolve_transform(TransformPreset::none, chosen.overrides);
    Transformer transformer(recipe, chosen.input);
    std::vector<float> before = test::rows_for(random, chosen, 77);
    before[5] = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> out(static_cast<size_t>(transformer.rows_after(77)) *
                           static_cast<size_t>(transformer.output().dims));
    transformer.push(before, out);
    transformer.reset();
    EXPECT_EQ(transformer.rows_in(), 0);
    EXPECT_EQ(transformer.rows_out(), 0);
    const std::vector<float> rows = test::rows_for(random, chosen, 50);
    EXPECT_TRUE(same_bits(test::transformed(transformer, chosen.input.dims, rows),
                          test::transformed(recipe, chosen.input, rows)))
        << canonical_text(recipe);
  }
}

TEST(TransformStream, ClipsOneAfterTheOtherDoNotKnowEachOther) {
  std::mt19937 random(12);
  test::TransformChooser chooser(random);
  for (int trial = 0; trial < 60; ++trial) {
    const test::RandomTransform chosen = chooser.choose();
    const TransformRecipe recipe = resolve_transform(TransformPreset::none, chosen.overrides);
    Transformer transformer(recipe, chosen.input);
    for (const int64_t count : {40, 23, 40}) {
      const std::vector<float> rows = test::rows_for(random, chosen, count);
      EXPECT_TRUE(same_bits(test::transformed(transformer, chosen.input.dims, rows),
                            test::transformed(recipe, chosen.input, rows)))
          << canonical_text(recipe);
    }
  }
}

// A value that is no number spoils what is computed from it and nothing later.
TEST(TransformStream, OutlivesValuesThatAreNoNumbers) {
  std::mt19937 random(9);
  test::TransformChooser chooser(random);
  for (int trial = 0; trial < 100; ++trial) {
    const test::RandomTransform chosen = chooser.choose();
    const TransformRecipe recipe = resolve_transform(TransformPreset::none, chosen.overrides);
    if (recipe.needs_clip()) continue;
    std::vector<float> rows = test::rows_for(random, chosen, 300);
    rows[static_cast<size_t>(20 * chosen.input.dims)] = std::numeric_limits<float>::infinity();
    rows[static_cast<size_t>(21 * chosen.input.dims)] = std::numeric_limits<float>::quiet_NaN();
    const std::vector<float> out = test::transformed(recipe, chosen.input, rows);
    const auto tail = out.size() - out.size() / 3;
    for (size_t i = tail; i < out.size(); ++i)
      ASSERT_TRUE(std::isfinite(out[i])) << canonical_text(recipe);
  }
}

/// body() with each instruction set that this machine has.
template <class Body>
void with_each_target(const Body& body) {
  int64_t remaining = supported_targets();
  for (; remaining != 0; remaining &= remaining - 1) {
    set_supported_targets_for_test(remaining);
    body();
  }
  set_supported_targets_for_test(0);
}

TEST(TransformStream, DoesNotDependOnTheInstructionSet) {
  std::mt19937 random(10);
  for (const int dims : {1, 2, 13, 23, 40, 80, 128, 201})
    for (const int coefficients : {1, 13, 20, 40}) {
      if (coefficients > dims) continue;
      TransformOverrides overrides;
      overrides.dct = DctType::ortho;
      overrides.coefficients = coefficients;
      overrides.lifter = 22;
      overrides.deltas = 2;
      overrides.cmvn = coefficients == 20 ? CmvnType::clip : CmvnType::sliding;
      overrides.cmvn_variance = coefficients > 1;
      overrides.cmvn_window = 10;
      overrides.cmvn_min_window = 5;
      TransformInput input;
      input.dims = dims;
      const TransformRecipe recipe = resolve_transform(TransformPreset::none, overrides);
      const std::vector<float> rows = test::random_rows(random, 70, dims);
      const std::vector<float> wanted = test::transformed(recipe, input, rows);
      with_each_target([&] {
        EXPECT_TRUE(same_bits(test::transformed(recipe, input, rows), wanted))
            << dims << " " << coefficients;
      });
    }
}

TEST(TransformStream, KnowsWhatIsNoNumber) {
  using Limits = std::numeric_limits<float>;
  with_each_target([] {
    for (size_t count = 0; count < 40; ++count) {
      std::vector<float> values(count, Limits::max());
      for (size_t i = 1; i < count; i += 3) values[i] = -Limits::denorm_min();
      for (size_t i = 2; i < count; i += 3) values[i] = Limits::lowest();
      EXPECT_TRUE(all_finite(values)) << count;
      for (size_t at = 0; at < count; ++at)
        for (const float wrong :
             {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), -Limits::quiet_NaN()}) {
          std::vector<float> spoiled = values;
          spoiled[at] = wrong;
          EXPECT_FALSE(all_finite(spoiled)) << at << " of " << count;
        }
    }
  });
}

#ifdef MALLOC_IS_OURS
TEST(TransformStream, DoesNotAllocateOnceWarm) {
  const int64_t before = transform_allocations;
  const std::vector<float> probe(1000);
  ASSERT_GT(transform_allocations, before);
  std::mt19937 random(11);
  test::TransformChooser chooser(random);
  for (int trial = 0; trial < 50; ++trial) {
    const test::RandomTransform chosen = chooser.choose();
    const TransformRecipe recipe = resolve_transform(TransformPreset::none, chosen.overrides);
    if (recipe.needs_clip()) continue;
    Transformer transformer(recipe, chosen.input);
    const std::vector<float> rows = test::rows_for(random, chosen, 20);
    std::vector<float> out(static_cast<size_t>(100 * transformer.output().dims));
    for (int push = 0; push < 20; ++push) transformer.push(rows, out);
    const int64_t warm = transform_allocations;
    for (int push = 0; push < 100; ++push) transformer.push(rows, out);
    EXPECT_EQ(transform_allocations, warm) << canonical_text(recipe);
  }
}
#endif

TEST(TransformStream, RefusesMemoryThatIsTooSmall) {
  Transformer transformer(resolve_transform(TransformPreset::lfr_funasr, {}), {});
  const std::vector<float> rows(80 * 12);
  std::vector<float> out(560 * 2 - 1);
  EXPECT_EQ(transformer.rows_after(12), 2);
  EXPECT_THROW(transformer.push(rows, out), std::length_error);
  EXPECT_THROW(transformer.push(std::span(rows).first(81), out), std::length_error);
  EXPECT_EQ(transformer.rows_in(), 0);
  out.resize(560 * 2);
  EXPECT_EQ(transformer.push(rows, out), 2);
  EXPECT_EQ(transformer.rows_at_end(), 0);
}

}  // namespace
}  // namespace npumel
