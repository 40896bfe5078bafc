// SPDX-License-Identifier: LGPL-2.1-or-later
// Every exception becomes one element error with the code that its type stands for.
#include "gst/common/guarded.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <string>

#include "gst/common/pointers.h"

namespace npumel {
namespace {

struct Posted {
  int errors = 0;
  GQuark domain = 0;
  int code = 0;
  std::string text;
};

class GuardedTest : public testing::Test {
 protected:
  GuardedTest() { gst_element_set_bus(element_, bus_); }
  ~GuardedTest() override {
    gst_element_set_bus(element_, nullptr);
    gst_object_unref(bus_);
    gst_object_unref(element_);
  }

  Posted posted() {
    Posted result;
    while (const MessagePtr message{gst_bus_pop_filtered(bus_, GST_MESSAGE_ERROR)}) {
      GError* error = nullptr;
      gst_message_parse_error(message.get(), &error, nullptr);
      ++result.errors;
      result.domain = error->domain;
      result.code = error->code;
      result.text = error->message;
      g_error_free(error);
    }
    return result;
  }

  template <typename Exception>
  Posted posted_for(const Exception& exception) {
    EXPECT_EQ(guarded(element_, -7, [&]() -> int { throw exception; }), -7);
    return posted();
  }

  GstElement* element() { return element_; }

 private:
  GstElement* element_ = GST_ELEMENT(gst_object_ref_sink(gst_bin_new("bin")));
  GstBus* bus_ = gst_bus_new();
};

TEST_F(GuardedTest, ReturnsWhatTheBodyReturns) {
  EXPECT_EQ(guarded(element(), -7, [] { return 3; }), 3);
  EXPECT_EQ(posted().errors, 0);
}

TEST_F(GuardedTest, ASettingThatCannotWork) {
  const Posted error = posted_for(std::invalid_argument("stride (3) must not exceed frames (2)"));
  EXPECT_EQ(error.errors, 1);
  EXPECT_EQ(error.domain, GST_LIBRARY_ERROR);
  EXPECT_EQ(error.code, GST_LIBRARY_ERROR_SETTINGS);
  EXPECT_EQ(error.text, "stride (3) must not exceed frames (2)");
}

TEST_F(GuardedTest, AnElementErrorSaysItsCode) {
  const Posted error =
      posted_for(ElementError(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, "50% written"));
  EXPECT_EQ(error.errors, 1);
  EXPECT_EQ(error.domain, GST_RESOURCE_ERROR);
  EXPECT_EQ(error.code, GST_RESOURCE_ERROR_WRITE);
  EXPECT_EQ(error.text, "50% written");
}

TEST_F(GuardedTest, OutOfMemory) {
  const Posted error = posted_for(std::bad_alloc());
  EXPECT_EQ(error.errors, 1);
  EXPECT_EQ(error.domain, GST_RESOURCE_ERROR);
  EXPECT_EQ(error.code, GST_RESOURCE_ERROR_NO_SPACE_LEFT);
}

TEST_F(GuardedTest, AnyOtherException) {
  const Posted error = posted_for(std::runtime_error("100% wrong"));
  EXPECT_EQ(error.errors, 1);
  EXPECT_EQ(error.domain, GST_LIBRARY_ERROR);
  EXPECT_EQ(error.code, GST_LIBRARY_ERROR_FAILED);
  EXPECT_EQ(error.text, "100% wrong");
}

TEST_F(GuardedTest, WhatIsNoException) {
  const Posted error = posted_for(42);
  EXPECT_EQ(error.errors, 1);
  EXPECT_EQ(error.domain, GST_LIBRARY_ERROR);
  EXPECT_EQ(error.code, GST_LIBRARY_ERROR_FAILED);
}

TEST_F(GuardedTest, AReportOfTheCallersComesFirst) {
  const auto report = [](GstElement* target) noexcept {
    try {
      throw;
    } catch (const std::out_of_range&) {
      GST_ELEMENT_ERROR(target, STREAM, DECODE, ("own"), (nullptr));
    } catch (...) {
      post_exception(target);
    }
  };
  EXPECT_FALSE(guarded(
      element(), false, []() -> bool { throw std::out_of_range("x"); }, report));
  const Posted own = posted();
  EXPECT_EQ(own.errors, 1);
  EXPECT_EQ(own.domain, GST_STREAM_ERROR);
  EXPECT_FALSE(guarded(
      element(), false, []() -> bool { throw std::bad_alloc(); }, report));
  EXPECT_EQ(posted().code, GST_RESOURCE_ERROR_NO_SPACE_LEFT);
}

}  // namespace
}  // namespace npumel
