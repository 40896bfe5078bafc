// SPDX-License-Identifier: LGPL-2.1-or-later
// Heap allocations of the plugin and its module while batches go through the NPU.
#include "tests/xrt/npu_stream.h"
#include "tests/xrt/own_allocations.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

constexpr const char* kFloat = "audio/x-raw,format=F32LE,rate=16000";
constexpr size_t kWarm = 48;  // batches: every slot has been used, twice
constexpr size_t kCounted = 60;

template <typename T>
void assert_none(const char* package, const std::vector<T>& samples, const Feed& feed) {
  MelStream stream =
      MelStream::idle("backend=npu preset=whisper80 verify-interval=8" + kernel_path(package));
  if (!feed.live) not_live(stream);
  stream.set_caps(feed.caps);
  // The harness keeps what leaves the element: none of that is ours.
  size_t pushed = 0;
  const auto push = [&](size_t batches) {
    for (const size_t end = pushed + batches * kBatchSamples; pushed < end; pushed += feed.chunk)
      ASSERT_EQUAL(
          stream.push(std::span(samples).subspan(pushed % (kWarm * kBatchSamples), feed.chunk),
                      check::time_of(pushed)),
          GST_FLOW_OK);
  };
  // Live streams have two slots: from the third batch on, nothing is new to them. Lists are made in
  // the background.
  const guint64 chains = Emulation::counters().chains;
  push(feed.live ? 2 : kWarm);
  for (int more = 0; more < 50 && !feed.live && Emulation::counters().chains == chains; ++more)
    push(kWarm);
  const int made = count_own_allocations([&] { push(kCounted); });
  if (made > 0) print_first();
  fail_unless(made == 0, "%s, %s: %d allocations in %zu batches", package,
              feed.live ? "single batches" : "lists", made, kCounted);
  fail_unless(stream.stat("npu-batches") >= kCounted);
}

CHECK_TEST(nothing_is_allocated_per_batch) {
  const auto samples = check::audio((kWarm + kCounted) * kBatchSamples);
  for (const char* package : {"v2-80", "v1-80", "v3-80"}) {
    assert_none(package, samples, {});
    assert_none(package, check::as_float(samples), {.caps = kFloat});
    assert_none(package, samples, {.live = false, .chunk = 12 * kBatchSamples});
  }
}

CHECK_TEST(the_count_sees_an_allocation_of_the_plugin) {
  MelStream stream("backend=npu preset=whisper80" + kernel_path("v2-80"));
  gchar* recipe = nullptr;
  const int made =
      count_own_allocations([&] { g_object_get(stream.element(), "recipe", &recipe, nullptr); });
  g_free(recipe);
  fail_unless(made > 0, "the plugin writes a text, which should have been counted");
}

}  // namespace
