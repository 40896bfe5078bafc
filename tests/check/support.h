// SPDX-License-Identifier: LGPL-2.1-or-later
// What every gst-check test here uses: owning handles, buffers made from numbers, and the bus.
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#undef fail  // a macro of gst-check, but also a member of the standard streams

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace npumel::check {

struct Unref {
  void operator()(GstHarness* harness) const { gst_harness_teardown(harness); }
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
  void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
  void operator()(GstEvent* event) const { gst_event_unref(event); }
  void operator()(GstQuery* query) const { gst_query_unref(query); }
  void operator()(GstMessage* message) const { gst_message_unref(message); }
  void operator()(GstBus* bus) const { gst_object_unref(bus); }
  void operator()(GstElement* element) const { gst_object_unref(element); }
  void operator()(GstPad* pad) const { gst_object_unref(pad); }
  void operator()(GstElementFactory* factory) const { gst_object_unref(factory); }
  void operator()(GstStructure* structure) const { gst_structure_free(structure); }
  void operator()(gchar* text) const { g_free(text); }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;

using Harness = Owned<GstHarness>;
using Buffer = Owned<GstBuffer>;
using Caps = Owned<GstCaps>;
using Event = Owned<GstEvent>;
using Message = Owned<GstMessage>;

/// While it lives, a pad takes no buffer and answers `flow`.
class Refusing {
 public:
  Refusing(GstPad* pad, GstFlowReturn flow)
      : pad_(pad), before_(GST_PAD_CHAINFUNC(pad)), flow_(flow) {
    gst_pad_set_chain_function_full(pad, chain, this, nullptr);
  }
  ~Refusing() { gst_pad_set_chain_function(pad_, before_); }
  Refusing(const Refusing&) = delete;
  Refusing& operator=(const Refusing&) = delete;

 private:
  static GstFlowReturn chain(GstPad* pad, GstObject*, GstBuffer* buffer) {
    gst_buffer_unref(buffer);
    return static_cast<const Refusing*>(pad->chaindata)->flow_;
  }

  GstPad* pad_;
  GstPadChainFunction before_;
  GstFlowReturn flow_;
};

/// A buffer that holds a copy of `values`; no timestamps.
template <typename T>
GstBuffer* buffer_of(std::span<const T> values) {
  return gst_buffer_new_memdup(values.data(), values.size_bytes());
}
template <typename T>
GstBuffer* buffer_of(const std::vector<T>& values) {
  return buffer_of(std::span<const T>(values));
}

/// The bytes of a buffer as numbers of type T.
template <typename T>
std::vector<T> values_of(GstBuffer* buffer) {
  std::vector<T> values(gst_buffer_get_size(buffer) / sizeof(T));
  gst_buffer_extract(buffer, 0, values.data(), values.size() * sizeof(T));
  return values;
}

template <typename T>
auto printable(const T& value) {
  if constexpr (std::is_enum_v<T> || std::is_same_v<T, bool>)
    return static_cast<long long>(value);
  else
    return value;
}

/// What ASSERT_EQUAL expands to: whole numbers of any two types, compared by value.
template <typename A, typename B>
void assert_equal(const char* file, int line, const char* text, const A& actual,
                  const B& expected) {
  fail_unless(std::cmp_equal(printable(actual), printable(expected)), "%s:%d: %s: got %s, want %s",
              file, line, text, std::to_string(printable(actual)).c_str(),
              std::to_string(printable(expected)).c_str());
}

/// Listens to the messages of a harness' element, as a pipeline would.
class BusWatch {
 public:
  explicit BusWatch(GstElement* element) : element_(element), bus_(gst_bus_new()) {
    gst_element_set_bus(element, bus_.get());
  }
  explicit BusWatch(const Harness& harness) : BusWatch(harness->element) {}
  ~BusWatch() {
    gst_element_set_bus(element_, nullptr);
    gst_bus_set_flushing(bus_.get(), TRUE);
  }
  BusWatch(const BusWatch&) = delete;
  BusWatch& operator=(const BusWatch&) = delete;

  /// The oldest message of these types, or null; older ones of other types are dropped.
  Message pop(GstMessageType types) { return Message(gst_bus_pop_filtered(bus_.get(), types)); }

  /// How many messages of these types wait; drops all messages.
  int count(GstMessageType types) {
    int found = 0;
    while (pop(types)) ++found;
    return found;
  }

 private:
  GstElement* element_;
  Owned<GstBus> bus_;
};

/// The first error message: code and text ("message | debug"). code -1 = none.
struct PostedError {
  GQuark domain = 0;
  int code = -1;
  std::string text;

  bool is(GQuark expected_domain, int expected_code) const {
    return domain == expected_domain && code == expected_code;
  }
  bool says(const char* words) const { return text.find(words) != std::string::npos; }
};

inline PostedError posted(BusWatch& bus, GstMessageType type = GST_MESSAGE_ERROR) {
  PostedError result;
  const Message message = bus.pop(type);
  if (!message) return result;
  GError* error = nullptr;
  gchar* debug = nullptr;
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error(message.get(), &error, &debug);
  else
    gst_message_parse_warning(message.get(), &error, &debug);
  result = {error->domain, error->code, std::string(error->message) + " | " + (debug ? debug : "")};
  g_error_free(error);
  g_free(debug);
  return result;
}

/// A test of this program, and the tag by which it can be left out (CK_EXCLUDE_TAGS): "" for most,
/// "slow" for what takes minutes under valgrind, "long" for hours of audio.
struct RegisteredTest {
  const char* tag;
  void (*add)(TCase*);
};
/// In the order of the source.
inline std::vector<RegisteredTest>& registered_tests() {
  static std::vector<RegisteredTest> tests;
  return tests;
}
struct TestRegistration {
  explicit TestRegistration(RegisteredTest test) { registered_tests().push_back(test); }
};

}  // namespace npumel::check

#define TAGGED_CHECK_TEST(tag, name)                                             \
  static void name##_body();                                                     \
  GST_START_TEST(name) name##_body();                                            \
  GST_END_TEST static const npumel::check::TestRegistration name##_registration( \
      {tag, [](TCase* group) { tcase_add_test(group, name); }});                 \
  static void name##_body()

/// A gst-check test that registers itself: CHECK_TEST(behaviour_in_words) { ... }
#define CHECK_TEST(name) TAGGED_CHECK_TEST("", name)
/// The same for meson's suite `slow`; a program that has one is in slow_check_programs of
/// meson.build.
#define SLOW_CHECK_TEST(name) TAGGED_CHECK_TEST("slow", name)
#define LONG_CHECK_TEST(name) TAGGED_CHECK_TEST("long", name)

#define ASSERT_EQUAL(actual, expected) \
  npumel::check::assert_equal(__FILE__, __LINE__, #actual " == " #expected, actual, expected)
