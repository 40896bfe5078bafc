// SPDX-License-Identifier: LGPL-2.1-or-later
// Owning pointers give back exactly the reference that they own.
#include "gst/common/pointers.h"

#include <gtest/gtest.h>

namespace npumel {
namespace {

/// Counts objects that have been freed.
void count_freed(gpointer count, GstMiniObject* /*freed*/) { ++*static_cast<int*>(count); }
void count_freed_object(gpointer count, GObject* /*freed*/) { ++*static_cast<int*>(count); }

template <typename Pointer>
int freed_with(Pointer pointer) {
  int freed = 0;
  gst_mini_object_weak_ref(GST_MINI_OBJECT_CAST(pointer.get()), count_freed, &freed);
  pointer.reset();
  return freed;
}

template <typename Pointer>
int freed_with_object(Pointer pointer) {
  int freed = 0;
  g_object_weak_ref(G_OBJECT(pointer.get()), count_freed_object, &freed);
  pointer.reset();
  return freed;
}

TEST(Pointers, OfMiniObjectsFreeTheLastReference) {
  EXPECT_EQ(freed_with(BufferPtr(gst_buffer_new())), 1);
  EXPECT_EQ(freed_with(CapsPtr(gst_caps_new_empty())), 1);
  EXPECT_EQ(freed_with(ContextPtr(gst_context_new("test", FALSE))), 1);
  EXPECT_EQ(freed_with(EventPtr(gst_event_new_eos())), 1);
  EXPECT_EQ(freed_with(MessagePtr(gst_message_new_eos(nullptr))), 1);
  EXPECT_EQ(freed_with(QueryPtr(gst_query_new_latency())), 1);
}

TEST(Pointers, OfObjectsFreeTheLastReference) {
  EXPECT_EQ(freed_with_object(PoolPtr(gst_buffer_pool_new())), 1);
  auto* pad = GST_PAD(gst_object_ref_sink(gst_pad_new("test", GST_PAD_SRC)));
  EXPECT_EQ(freed_with_object(PadPtr(pad)), 1);
}

TEST(Pointers, ShareAddsAReferenceAndKeepsTheOwners) {
  const CapsPtr owner(gst_caps_new_empty_simple("audio/x-raw"));
  {
    const CapsPtr second = share(owner.get());
    EXPECT_EQ(second.get(), owner.get());
    EXPECT_EQ(GST_CAPS_REFCOUNT_VALUE(owner.get()), 2);
  }
  EXPECT_EQ(GST_CAPS_REFCOUNT_VALUE(owner.get()), 1);
  EXPECT_EQ(share(static_cast<GstCaps*>(nullptr)), nullptr);
}

}  // namespace
}  // namespace npumel
