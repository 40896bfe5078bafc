// SPDX-License-Identifier: LGPL-2.1-or-later
// Streams of one recipe take turns with the scratch memory.
#include "gst/backend/workspace_pool.h"

#include <gtest/gtest.h>

#include "gst/backend/software_backend.h"

namespace npumel {
namespace {

Recipe recipe_of(Preset preset) { return resolve(preset, {}, 16000); }

TEST(WorkspacePool, AThousandStreamsHaveOneWorkspaceWhileTheyTakeTurns) {
  const Recipe recipe = recipe_of(Preset::whisper80);
  const auto pool = WorkspacePool::get(MelKernel::get(recipe));
  std::vector<SoftwareBackend> streams;
  for (int i = 0; i < 1000; ++i) streams.emplace_back(recipe);
  const std::vector<float> samples(400, 0.25F);
  std::vector<float> row(80);
  for (SoftwareBackend& stream : streams)
    stream.compute(samples.data(), SampleType::f32, 1, {row.data(), ElementType::f32, 80, 1});
  EXPECT_EQ(pool->size(), 1U);
}

TEST(WorkspacePool, AsManyExistAsAreUsedAtOnceAndTheLastOneUsedComesFirst) {
  WorkspacePool pool(MelKernel::get(recipe_of(Preset::whisper80)));
  const MelWorkspace* second = nullptr;
  {
    const WorkspacePool::Lease one(pool);
    const WorkspacePool::Lease two(pool);
    EXPECT_NE(&*one, &*two);
    second = &*one;  // leases end in reverse order
  }
  EXPECT_EQ(pool.size(), 2U);
  const WorkspacePool::Lease again(pool);
  EXPECT_EQ(&*again, second);
  EXPECT_EQ(pool.size(), 2U);
}

TEST(WorkspacePool, IsSharedWithinARecipeWhileSomebodyHoldsIt) {
  const auto kernel = MelKernel::get(recipe_of(Preset::whisper80));
  auto pool = WorkspacePool::get(kernel);
  EXPECT_EQ(pool, WorkspacePool::get(kernel));
  EXPECT_NE(pool, WorkspacePool::get(MelKernel::get(recipe_of(Preset::kaldi80))));
  const std::weak_ptr<WorkspacePool> weak = pool;
  pool.reset();
  EXPECT_TRUE(weak.expired());
}

}  // namespace
}  // namespace npumel
