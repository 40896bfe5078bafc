// SPDX-License-Identifier: LGPL-2.1-or-later
// Where output memory comes from, and that nobody's memory is written twice.
#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel::check;

namespace {

/// Answers ALLOCATION with a pool of SIZE and remembers it.
struct DownstreamPool {
  gsize size;
  GstBufferPool* pool = nullptr;
  int asked = 0;

  void attach(MelStream& stream) {
    GstPad* pad = stream.harness()->sinkpad;
    gst_pad_add_probe(
        pad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM,
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
          auto* self = static_cast<DownstreamPool*>(data);
          GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
          if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION) return GST_PAD_PROBE_OK;
          self->answer(query);
          return GST_PAD_PROBE_HANDLED;
        },
        this, nullptr);
  }
  void answer(GstQuery* query) {
    ++asked;
    GstCaps* caps = nullptr;
    gst_query_parse_allocation(query, &caps, nullptr);
    if (!pool) {
      pool = gst_buffer_pool_new();
      GstStructure* config = gst_buffer_pool_get_config(pool);
      gst_buffer_pool_config_set_params(config, caps, static_cast<guint>(size), 2, 0);
      gst_buffer_pool_set_config(pool, config);
    }
    gst_query_add_allocation_pool(query, pool, static_cast<guint>(size), 2, 0);
  }
  ~DownstreamPool() {
    if (pool) gst_object_unref(pool);
  }
};

/// The pool that each buffer came from.
std::vector<GstBufferPool*> pools_of(MelStream& stream) {
  std::vector<GstBufferPool*> pools;
  const gulong probe = gst_pad_add_probe(
      stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer data) {
        static_cast<std::vector<GstBufferPool*>*>(data)->push_back(
            GST_PAD_PROBE_INFO_BUFFER(info)->pool);
        return GST_PAD_PROBE_OK;
      },
      &pools, nullptr);
  stream.push(audio(32000), 0);
  gst_pad_remove_probe(stream.harness()->sinkpad, probe);
  return pools;
}

}  // namespace

CHECK_TEST(a_pool_of_downstream_is_used) {
  MelStream stream = MelStream::idle("frames=10");
  DownstreamPool downstream{.size = 10 * 80 * 4};
  downstream.attach(stream);
  stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
  const auto pools = pools_of(stream);
  fail_unless(pools.size() >= 18);
  fail_unless(downstream.asked >= 1);
  for (const GstBufferPool* pool : pools) fail_unless(pool == downstream.pool);
}

CHECK_TEST(a_pool_of_smaller_buffers_is_not_used_but_one_of_our_own) {
  MelStream stream = MelStream::idle("frames=10");
  DownstreamPool downstream{.size = 10 * 80 * 4 - 1};
  downstream.attach(stream);
  stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
  const auto pools = pools_of(stream);
  fail_unless(pools.size() >= 18);
  for (const GstBufferPool* pool : pools)
    fail_unless(pool != nullptr && pool == pools[0] && pool != downstream.pool);
  fail_if(gst_buffer_pool_is_active(downstream.pool));
}

CHECK_TEST(a_first_buffer_longer_than_the_others_fits_into_those_of_the_pool) {
  MelStream stream = MelStream::idle("frames=10 first-frames=25");
  DownstreamPool downstream{.size = 10 * 80 * 4};
  downstream.attach(stream);
  stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
  const auto pools = pools_of(stream);
  ASSERT_EQUAL(stream.buffers()[0]->frames(), 25);
  for (const GstBufferPool* pool : pools) fail_unless(pool && pool != downstream.pool);
}

CHECK_TEST(a_pool_of_the_wrong_size_does_no_harm) {
  for (const gsize size : {gsize{1}, gsize{10 * 80 * 4 - 1}, gsize{1 << 20}}) {
    MelStream stream = MelStream::idle("frames=10 eos-mode=short");
    DownstreamPool downstream{.size = size};
    downstream.attach(stream);
    stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
    run(stream, audio(16000));
    MelStream plain("frames=10 eos-mode=short");
    run(plain, audio(16000));
    fail_unless(stream.rows() == plain.rows());
    for (const Received* buffer : stream.buffers()) ASSERT_EQUAL(buffer->bytes.size(), 10 * 80 * 4);
  }
}

CHECK_TEST(buffers_held_downstream_are_not_written_again) {
  MelStream stream("frames=10");
  std::vector<Buffer> held;
  gst_pad_add_probe(
      stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer data) {
        static_cast<std::vector<Buffer>*>(data)->emplace_back(
            gst_buffer_ref(GST_PAD_PROBE_INFO_BUFFER(info)));
        return GST_PAD_PROBE_OK;
      },
      &held, nullptr);
  for (guint64 i = 0; i < 70; ++i)
    stream.push(audio(1600, static_cast<uint32_t>(i)), time_of(i * 1600));
  fail_unless(held.size() >= 64);
  const auto then = stream.buffers();
  ASSERT_EQUAL(then.size(), held.size());
  for (size_t i = 0; i < held.size(); ++i)
    fail_unless(values_of<uint8_t>(held[i].get()) == then[i]->bytes);
}

CHECK_TEST(buffers_are_writable_and_sized_exactly) {
  MelStream stream("frames=10");
  gst_pad_add_probe(
      stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer) {
        GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
        fail_unless(gst_buffer_is_writable(buffer));
        fail_unless(gst_buffer_is_all_memory_writable(buffer));
        ASSERT_EQUAL(gst_buffer_get_size(buffer), 10 * 80 * 4);
        return GST_PAD_PROBE_OK;
      },
      nullptr, nullptr);
  ASSERT_EQUAL(stream.push(audio(32000), 0), GST_FLOW_OK);
  fail_unless(stream.buffers().size() >= 18);
}

CHECK_TEST(buffers_of_our_own_start_on_a_cache_line) {
  // Whole clips come from no pool. Several, because chance aligns one of four.
  for (const char* properties : {"frames=10", "frames=0", "frames=0 layout=mel-major"}) {
    for (int stream_count = 0; stream_count < 8; ++stream_count) {
      MelStream stream(properties);
      gst_pad_add_probe(
          stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
          [](GstPad*, GstPadProbeInfo* info, gpointer) {
            GstMapInfo map;
            fail_unless(gst_buffer_map(GST_PAD_PROBE_INFO_BUFFER(info), &map, GST_MAP_READ));
            ASSERT_EQUAL(reinterpret_cast<uintptr_t>(map.data) % 64, 0);
            gst_buffer_unmap(GST_PAD_PROBE_INFO_BUFFER(info), &map);
            return GST_PAD_PROBE_OK;
          },
          nullptr, nullptr);
      run(stream, audio(16000));
      fail_unless(!stream.buffers().empty());
    }
  }
}

CHECK_TEST(a_larger_alignment_that_downstream_asks_for_is_kept) {
  MelStream stream = MelStream::idle("frames=10");
  gst_pad_add_probe(
      stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM,
      [](GstPad*, GstPadProbeInfo* info, gpointer) {
        GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
        if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION) return GST_PAD_PROBE_OK;
        GstAllocationParams params;
        gst_allocation_params_init(&params);
        params.align = 1023;
        gst_query_add_allocation_param(query, nullptr, &params);
        return GST_PAD_PROBE_HANDLED;
      },
      nullptr, nullptr);
  gst_pad_add_probe(
      stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer) {
        GstMapInfo map;
        fail_unless(gst_buffer_map(GST_PAD_PROBE_INFO_BUFFER(info), &map, GST_MAP_READ));
        ASSERT_EQUAL(reinterpret_cast<uintptr_t>(map.data) % 1024, 0);
        gst_buffer_unmap(GST_PAD_PROBE_INFO_BUFFER(info), &map);
        return GST_PAD_PROBE_OK;
      },
      nullptr, nullptr);
  stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
  stream.push(audio(32000), 0);
  fail_unless(stream.buffers().size() >= 18);
}

CHECK_TEST(the_audio_buffer_is_left_alone) {
  MelStream stream("frames=10 preset=nemo80");
  const auto samples = audio(16000);
  const Buffer buffer(buffer_of(samples));
  GST_BUFFER_PTS(buffer.get()) = 0;
  stream.push(gst_buffer_ref(buffer.get()));
  fail_unless(values_of<int16_t>(buffer.get()) == samples);
}
