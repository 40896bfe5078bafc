// SPDX-License-Identifier: LGPL-2.1-or-later
// What is shared, what is allocated, and that threads do not disturb each other.
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>

#include "tests/unit/cpu/kernel_fixture.h"

namespace {

std::atomic<int64_t> allocations{0};

}  // namespace

// malloc itself is counted, so that a hidden C allocation does not escape. glibc allows to replace
// it; sanitizers bring their own and start only with that, so the test below skips under them.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MALLOC_IS_THE_SANITIZERS
#endif
#endif
#if !defined(MALLOC_IS_THE_SANITIZERS) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
extern "C" void* __libc_malloc(size_t size);
extern "C" void* malloc(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}
extern "C" void* __libc_memalign(size_t alignment, size_t size);
extern "C" void* aligned_alloc(size_t alignment, size_t size) {  // what aligned operator new calls
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, size);
}
#endif

namespace npumel::test {
namespace {

TEST(Sharing, compute_allocates_nothing) {
  const auto before_probe = allocations.load();
  const std::unique_ptr<int, decltype(&std::free)> probe(static_cast<int*>(std::malloc(4)),
                                                         &std::free);
  ASSERT_NE(probe, nullptr);
  if (allocations.load() == before_probe) GTEST_SKIP() << "malloc is not ours (sanitizer)";

  Random random(43);
  for (const Preset preset : {Preset::whisper80, Preset::kaldi80, Preset::vggish64}) {
    for (const int n_fft : {0, 1103}) {
      Recipe recipe = kernel_recipe(preset);
      if (n_fft != 0) recipe.n_fft = n_fft;
      const auto signal = test_signal(random, samples_for(recipe, 100));
      const auto kernel = MelKernel::get(recipe);
      const auto workspace = kernel->make_workspace();
      std::vector<float> rows(static_cast<size_t>(100 * recipe.width()));
      const auto before = allocations.load();
      for (const int frames : {1, 100, 37})
        for (const ElementType type : {ElementType::f32, ElementType::f16})
          kernel->compute(signal.data(), SampleType::f32, frames,
                          {rows.data(), type, recipe.width(), 1}, *workspace);
      EXPECT_EQ(allocations.load(), before) << nick(preset);
    }
  }
}

TEST(Sharing, equal_recipes_get_one_kernel_while_somebody_holds_it) {
  const Recipe recipe = kernel_recipe(Preset::whisper80);
  auto first = MelKernel::get(recipe);
  EXPECT_EQ(first, MelKernel::get(recipe));
  Recipe other = recipe;
  other.mels = 81;
  EXPECT_NE(first, MelKernel::get(other));
  EXPECT_EQ(first->recipe(), recipe);
  const std::weak_ptr<const MelKernel> weak = first;
  first.reset();
  EXPECT_TRUE(weak.expired());
}

TEST(Sharing, an_impossible_recipe_is_refused) {
  Recipe recipe = kernel_recipe(Preset::whisper80);
  recipe.fmin = 9000;
  EXPECT_THROW(MelKernel::get(recipe), std::invalid_argument);
}

TEST(Sharing, threads_with_their_own_workspace_get_the_same_rows) {
  constexpr int kFrames = 100;
  const Recipe recipe = kernel_recipe(Preset::kaldi80);
  Random random(47);
  const auto signal = test_signal(random, samples_for(recipe, kFrames));
  const auto expected = compute_rows(recipe, signal, kFrames);
  std::atomic<int> different{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round)
        if (compute_rows(recipe, signal, kFrames) != expected) ++different;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(different, 0);
}

}  // namespace
}  // namespace npumel::test
