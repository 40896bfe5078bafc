// SPDX-License-Identifier: LGPL-2.1-or-later
// One error an element until it begins anew, from whichever thread, and an EOS that says so.
#include "gst/common/element_error.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gst/common/guarded.h"

namespace npumel {
namespace {

class ElementErrorTest : public testing::Test {
 protected:
  ElementErrorTest() { gst_element_set_bus(element_, bus_); }
  ~ElementErrorTest() override {
    gst_element_set_bus(element_, nullptr);
    gst_object_unref(bus_);
    gst_object_unref(element_);
  }

  std::vector<std::string> errors() {
    std::vector<std::string> texts;
    while (const MessagePtr message{gst_bus_pop_filtered(bus_, GST_MESSAGE_ERROR)}) {
      GError* error = nullptr;
      gst_message_parse_error(message.get(), &error, nullptr);
      texts.emplace_back(error->message);
      g_error_free(error);
    }
    return texts;
  }

  GstElement* element_ = GST_ELEMENT(gst_object_ref_sink(gst_bin_new("bin")));
  GstBus* bus_ = gst_bus_new();
};

using Texts = std::vector<std::string>;

TEST_F(ElementErrorTest, TheFirstIsPostedUntilTheElementBeginsAnew) {
  for (int start = 0; start < 2; ++start) {
    EXPECT_FALSE(has_posted_error(element_));
    for (int i = 0; i < 3; ++i)
      NPUMEL_ELEMENT_ERROR(element_, STREAM, FORMAT, ("%d%% wrong", i), (nullptr));
    NPUMEL_ELEMENT_ERROR(element_, RESOURCE, READ, ("follows"), ("from it"));
    EXPECT_EQ(errors(), Texts{"0% wrong"});
    EXPECT_TRUE(has_posted_error(element_));
    reset_errors(element_);
  }
}

TEST_F(ElementErrorTest, ExceptionsAreErrorsLikeOthers) {
  const auto fail = [&](auto exception) {
    guarded(element_, 0, [&]() -> int { throw exception; });
  };
  fail(std::invalid_argument("fmin"));
  fail(std::invalid_argument("fmin"));
  fail(std::bad_alloc());
  fail(ElementError(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, "pool"));
  fail(42);
  EXPECT_EQ(errors(), Texts{"fmin"});
  reset_errors(element_);
  fail(ElementError(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, "pool"));
  EXPECT_EQ(errors(), Texts{"pool"});
}

TEST_F(ElementErrorTest, OneOfManyThreadsPosts) {
  std::atomic<int> claimed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { claimed += claim_error(element_) ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(claimed, 1);
}

TEST_F(ElementErrorTest, EosSaysWhetherItFollowsAnError) {
  EventPtr eos(gst_event_new_eos());
  const guint32 seqnum = gst_event_get_seqnum(eos.get());
  eos = mark_eos(element_, std::move(eos));
  EXPECT_FALSE(follows_error(eos.get()));
  claim_error(element_);
  // Somebody else may hold the event, too.
  const EventPtr shared = share(eos.get());
  eos = mark_eos(element_, std::move(eos));
  EXPECT_TRUE(follows_error(eos.get()));
  EXPECT_FALSE(follows_error(shared.get()));
  EXPECT_EQ(GST_EVENT_TYPE(eos.get()), GST_EVENT_EOS);
  EXPECT_EQ(gst_event_get_seqnum(eos.get()), seqnum);
}

}  // namespace
}  // namespace npumel
