// SPDX-License-Identifier: LGPL-2.1-or-later
// The object lock is given back however its scope is left.
#include "gst/common/object_lock.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "gst/common/pointers.h"

namespace npumel {
namespace {

class ObjectLockTest : public testing::Test {
 protected:
  bool is_free() const {
    if (g_mutex_trylock(GST_OBJECT_GET_LOCK(object_.get())) == FALSE) return false;
    GST_OBJECT_UNLOCK(object_.get());
    return true;
  }
  gpointer object() const { return object_.get(); }

 private:
  PoolPtr object_{gst_buffer_pool_new()};
};

TEST_F(ObjectLockTest, IsHeldInItsScopeOnly) {
  {
    const ObjectLock lock(object());
    EXPECT_FALSE(is_free());
  }
  EXPECT_TRUE(is_free());
}

TEST_F(ObjectLockTest, IsGivenBackByAnException) {
  EXPECT_THROW(
      {
        const ObjectLock lock(object());
        throw std::bad_alloc();
      },
      std::bad_alloc);
  EXPECT_TRUE(is_free());
}

TEST_F(ObjectLockTest, WithLockReadsUnderTheLock) {
  EXPECT_EQ(with_lock(object(), [&] { return is_free() ? 0 : 17; }), 17);
  EXPECT_TRUE(is_free());
  EXPECT_THROW(with_lock(object(), []() -> int { throw std::runtime_error("read"); }),
               std::runtime_error);
  EXPECT_TRUE(is_free());
}

}  // namespace
}  // namespace npumel
