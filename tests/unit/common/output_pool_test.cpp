// SPDX-License-Identifier: LGPL-2.1-or-later
// Which pool is chosen, and where buffers come from when it does not help.
#include "gst/common/output_pool.h"

#include <gtest/gtest.h>

#include "gst/common/pool_offer.h"

namespace npumel {
namespace {

using Decision = OutputPool::Decision;

QueryPtr allocation_query() {
  const CapsPtr caps(gst_caps_new_empty_simple("audio/x-mel-spectrogram"));
  return QueryPtr(gst_query_new_allocation(caps.get(), TRUE));
}

PoolPtr pool_of(guint bytes) {
  PoolPtr pool(gst_buffer_pool_new());
  GstStructure* config = gst_buffer_pool_get_config(pool.get());
  gst_buffer_pool_config_set_params(config, nullptr, bytes, 1, 2);
  gst_buffer_pool_set_config(pool.get(), config);
  return pool;
}

TEST(OutputPool, MakesAPoolOfItsOwnWhereThereIsNone) {
  const QueryPtr query = allocation_query();
  EXPECT_EQ(OutputPool::decide(query.get(), 320), Decision::none);
  const PoolOffer chosen = PoolOffer::read(query.get());
  ASSERT_TRUE(chosen.pool);
  EXPECT_EQ(chosen.size, 320U);
  EXPECT_EQ(chosen.least, 2U);
  EXPECT_EQ(chosen.most, 0U);
  ASSERT_EQ(gst_query_get_n_allocation_params(query.get()), 1U);
  GstAllocationParams params;
  gst_query_parse_nth_allocation_param(query.get(), 0, nullptr, &params);
  EXPECT_EQ(params.align, 63U);
}

TEST(OutputPool, TakesDownstreamsPoolAndAllocator) {
  const QueryPtr query = allocation_query();
  const PoolPtr theirs = pool_of(400);
  gst_query_add_allocation_pool(query.get(), theirs.get(), 400, 3, 5);
  GstAllocationParams params;
  gst_allocation_params_init(&params);
  params.align = 127;
  params.prefix = 8;
  gst_query_add_allocation_param(query.get(), nullptr, &params);
  EXPECT_EQ(OutputPool::decide(query.get(), 320), Decision::downstream);
  const PoolOffer chosen = PoolOffer::read(query.get());
  EXPECT_EQ(chosen.pool, theirs);
  EXPECT_EQ(chosen.size, 400U);
  EXPECT_EQ(chosen.least, 3U);
  EXPECT_EQ(chosen.most, 5U);
  gst_query_parse_nth_allocation_param(query.get(), 0, nullptr, &params);
  EXPECT_EQ(params.align, 127U);
  EXPECT_EQ(params.prefix, 8U);
}

TEST(OutputPool, ReplacesAPoolOfSmallBuffers) {
  const QueryPtr query = allocation_query();
  const PoolPtr theirs = pool_of(319);
  gst_query_add_allocation_pool(query.get(), theirs.get(), 319, 3, 5);
  EXPECT_EQ(OutputPool::decide(query.get(), 320), Decision::too_small);
  const PoolOffer chosen = PoolOffer::read(query.get());
  EXPECT_NE(chosen.pool, theirs);
  EXPECT_EQ(chosen.size, 320U);
  EXPECT_EQ(chosen.least, 3U);
  EXPECT_EQ(chosen.most, 0U);
}

TEST(OutputPool, LeavesUnknownSizesToTheBaseClass) {
  const QueryPtr query = allocation_query();
  EXPECT_EQ(OutputPool::decide(query.get(), 0), Decision::later);
  EXPECT_EQ(gst_query_get_n_allocation_pools(query.get()), 0U);
}

class AcquireTest : public testing::Test {
 protected:
  ~AcquireTest() override { gst_buffer_pool_set_active(pool_.get(), FALSE); }
  PoolPtr offered() const { return PoolPtr(GST_BUFFER_POOL(gst_object_ref(pool_.get()))); }

  PoolPtr pool_ = pool_of(400);
  OutputPool output_{[this] { return offered(); }};
};

TEST_F(AcquireTest, ComesFromThePoolWithItsSizeSet) {
  MappedBuffer buffer;
  ASSERT_EQ(output_.acquire(320, buffer), GST_FLOW_OK);
  EXPECT_EQ(buffer.size(), 320U);
  EXPECT_EQ(buffer.buffer()->pool, pool_.get());
}

TEST_F(AcquireTest, IsAllocatedWhereThePoolsAreTooSmallOrUnused) {
  MappedBuffer buffer;
  ASSERT_EQ(output_.acquire(401, buffer), GST_FLOW_OK);
  EXPECT_EQ(buffer.size(), 401U);
  EXPECT_EQ(buffer.buffer()->pool, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 64, 0U);
  output_.use_pool(false);
  ASSERT_EQ(output_.acquire(320, buffer), GST_FLOW_OK);
  EXPECT_EQ(buffer.buffer()->pool, nullptr);
  OutputPool none([] { return PoolPtr(); });
  ASSERT_EQ(none.acquire(7, buffer), GST_FLOW_OK);
  EXPECT_EQ(buffer.size(), 7U);
}

TEST_F(AcquireTest, StopsWhileThePoolIsFlushing) {
  gst_buffer_pool_set_active(pool_.get(), TRUE);
  gst_buffer_pool_set_flushing(pool_.get(), TRUE);
  MappedBuffer buffer;
  EXPECT_EQ(output_.acquire(320, buffer), GST_FLOW_FLUSHING);
  EXPECT_FALSE(buffer);
  gst_buffer_pool_set_flushing(pool_.get(), FALSE);
  EXPECT_EQ(output_.acquire(320, buffer), GST_FLOW_OK);
}

}  // namespace
}  // namespace npumel
