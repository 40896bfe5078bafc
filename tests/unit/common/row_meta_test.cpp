// SPDX-License-Identifier: LGPL-2.1-or-later
// GstNpuMelMeta: what is attached is what is read, also in buffers that come from a pool again.
#include "gst/common/row_meta.h"

#include <gtest/gtest.h>

#include "gst/common/pointers.h"

namespace npumel {
namespace {

class RowMetaTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_mel_meta();
    register_mel_meta();  // every class that uses it does
  }
};

TEST_F(RowMetaTest, ReadsWhatWasAttached) {
  const BufferPtr buffer(gst_buffer_new());
  EXPECT_FALSE(read_row_meta(buffer.get()));
  attach_row_meta(buffer.get(),
                  {.valid = 7, .offset = 1ULL << 40, .log_max = -1.5, .backend = "npu"});
  const auto meta = read_row_meta(buffer.get());
  ASSERT_TRUE(meta);
  EXPECT_EQ(meta->valid, 7);
  EXPECT_EQ(meta->offset, 1ULL << 40);
  EXPECT_EQ(meta->log_max, -1.5);
  EXPECT_STREQ(meta->backend, "npu");
}

TEST_F(RowMetaTest, FieldsThatAreMissingAreTold) {
  const BufferPtr buffer(gst_buffer_new());
  gst_buffer_add_custom_meta(buffer.get(), kMelMetaName);
  const auto meta = read_row_meta(buffer.get());
  ASSERT_TRUE(meta);
  EXPECT_EQ(meta->valid, -1);
  EXPECT_EQ(meta->offset, 0U);
  EXPECT_STREQ(meta->backend, "");
}

TEST_F(RowMetaTest, ABufferOfAPoolKeepsItsOneMetaAndSaysWhatIsNew) {
  const PoolPtr pool(gst_buffer_pool_new());
  GstStructure* config = gst_buffer_pool_get_config(pool.get());
  gst_buffer_pool_config_set_params(config, nullptr, 16, 1, 1);
  gst_buffer_pool_set_config(pool.get(), config);
  gst_buffer_pool_set_active(pool.get(), TRUE);
  const GstCustomMeta* first = nullptr;
  for (int i = 0; i < 3; ++i) {
    GstBuffer* acquired = nullptr;
    ASSERT_EQ(gst_buffer_pool_acquire_buffer(pool.get(), &acquired, nullptr), GST_FLOW_OK);
    const BufferPtr buffer(acquired);
    attach_row_meta(buffer.get(), {.valid = i, .backend = i == 2 ? "npu" : "software"});
    const GstCustomMeta* meta = gst_buffer_get_custom_meta(buffer.get(), kMelMetaName);
    if (i == 0) first = meta;
    EXPECT_EQ(meta, first);
    EXPECT_EQ(gst_buffer_get_n_meta(buffer.get(), meta->meta.info->api), 1U);
    EXPECT_EQ(read_row_meta(buffer.get())->valid, i);
    EXPECT_STREQ(read_row_meta(buffer.get())->backend, i == 2 ? "npu" : "software");
  }
  gst_buffer_pool_set_active(pool.get(), FALSE);
}

}  // namespace
}  // namespace npumel
