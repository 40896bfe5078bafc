// SPDX-License-Identifier: LGPL-2.1-or-later
// meltransform in time: stamps, jumps, gaps, flushes, the end, latency.
#include <algorithm>

#include "tests/check/feature_stream.h"

using namespace npumel;
using namespace npumel::check;

namespace {

TransformRecipe deltas_of(int order) {
  TransformOverrides overrides;
  overrides.deltas = order;
  return resolve_transform(TransformPreset::none, overrides);
}

const Received& nth(const FeatureStream& stream, size_t index) {
  return *stream.buffers().at(index);
}

GstClockTime asked_latency(FeatureStream& stream) {
  gst_harness_set_upstream_latency(stream.harness(), 0);
  return gst_harness_query_latency(stream.harness());
}

}  // namespace

CHECK_TEST(times_and_offsets_are_those_of_the_rows) {
  // Hops that are no whole nanoseconds, and a base far from 0.
  const RowsIn rows{.frames = 7, .rate = 44100, .hop = 441 + 1};
  const struct {
    const char* properties;
    int stride;
  } cases[] = {{"deltas=2", 1}, {"preset=lfr-funasr", 6}, {"stack-stride=2 stack-right=1", 2}};
  for (const auto& each : cases) {
    FeatureStream stream(each.properties, rows);
    const int64_t first = 5 * 44100;
    stream.push_all(rows, first, first + 7 * 12);
    fail_unless(stream.eos());
    const GstClockTime base = rows.time(first);
    int64_t row = 0;
    for (const Received* buffer : stream.buffers()) {
      const auto at = [&](int64_t t) {
        return base + gst_util_uint64_scale(static_cast<guint64>(t * each.stride * rows.hop),
                                            GST_SECOND, 44100);
      };
      ASSERT_EQUAL(buffer->pts, at(row));
      ASSERT_EQUAL(buffer->offset, row);
      ASSERT_EQUAL(buffer->frame_offset, row);
      const int count = rows_of(*buffer);
      ASSERT_EQUAL(buffer->duration, at(row + count) - at(row));
      ASSERT_EQUAL(buffer->offset_end, row + count);
      ASSERT_EQUAL(buffer->has(GST_BUFFER_FLAG_DISCONT), row == 0);
      row += count;
    }
    ASSERT_EQUAL(row, (7 * 12 + each.stride - 1) / each.stride);
  }
}

CHECK_TEST(a_short_last_buffer_has_caps_of_its_own) {
  const RowsIn rows{.frames = 10};
  FeatureStream stream("deltas=1", rows);
  stream.push_all(rows, 0, 23);
  stream.eos();
  ASSERT_EQUAL(stream.buffers().size(), 3);
  ASSERT_EQUAL(nth(stream, 0).integer("frames"), 10);
  ASSERT_EQUAL(nth(stream, 2).integer("frames"), 3);
  ASSERT_EQUAL(rows_of(nth(stream, 2)), 3);
}

CHECK_TEST(a_peer_that_wants_one_size_gets_zeros_at_the_end) {
  const RowsIn rows{.frames = 10};
  FeatureStream stream("deltas=1");
  stream.set_peer_caps("audio/x-speech-features,frames=10");
  stream.set_caps(rows.caps());
  stream.push_all(rows, 0, 23);
  stream.eos();
  ASSERT_EQUAL(stream.buffers().size(), 3);
  ASSERT_EQUAL(rows_of(nth(stream, 2)), 10);
  ASSERT_EQUAL(nth(stream, 2).valid_frames, 3);
  fail_unless(stream.rows() == one_shot(deltas_of(1), rows, 0, 23));
  ASSERT_EQUAL(stream.error().code, -1);
}

CHECK_TEST(a_first_buffer_of_another_length_moves_no_block) {
  const RowsIn rows{.frames = 8};
  FeatureStream stream("deltas=1", rows);
  stream.set_caps(rows.caps(5));
  stream.push(rows, 0, 5, GST_BUFFER_FLAG_DISCONT);
  stream.set_caps(rows.caps());
  for (int64_t first = 5; first < 37; first += 8) stream.push(rows, first, 8);
  stream.eos();
  fail_unless(stream.rows() == one_shot(deltas_of(1), rows, 0, 37));
  for (size_t i = 0; i + 1 < stream.buffers().size(); ++i) ASSERT_EQUAL(rows_of(nth(stream, i)), 8);
}

CHECK_TEST(a_discont_flag_on_every_buffer_changes_nothing) {
  const RowsIn rows{.frames = 10};
  FeatureStream stream("deltas=2", rows);
  for (int64_t first = 0; first < 50; first += 10)
    stream.push(rows, first, 10, GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_RESYNC);
  stream.eos();
  fail_unless(stream.rows() == one_shot(deltas_of(2), rows, 0, 50));
}

CHECK_TEST(the_buffer_after_one_that_downstream_did_not_take_is_a_discont) {
  const RowsIn rows{.frames = 10};
  FeatureStream stream("deltas=1", rows);
  ASSERT_EQUAL(stream.push(rows, 0, 10), GST_FLOW_OK);
  {
    const Refusing refusing(stream.harness()->sinkpad, GST_FLOW_NOT_LINKED);
    ASSERT_EQUAL(stream.push(rows, 10, 10), GST_FLOW_NOT_LINKED);
  }
  stream.forget();
  ASSERT_EQUAL(stream.push_all(rows, 20, 50), GST_FLOW_OK);
  fail_unless(stream.buffers()[0]->has(GST_BUFFER_FLAG_DISCONT));
  fail_if(stream.buffers()[1]->has(GST_BUFFER_FLAG_DISCONT));
}

CHECK_TEST(missing_rows_end_a_stream_and_begin_another) {
  const RowsIn rows{.frames = 10};
  for (const bool offsets : {true, false}) {
    FeatureStream stream("deltas=2", rows);
    const auto push = [&](int64_t first, guint flags) {
      GstBuffer* buffer = buffer_of(rows.rows(first, 10));
      GST_BUFFER_PTS(buffer) = rows.time(first);
      if (offsets) {
        GST_BUFFER_OFFSET(buffer) = static_cast<guint64>(first);
        GST_BUFFER_OFFSET_END(buffer) = static_cast<guint64>(first + 10);
      }
      GST_BUFFER_FLAGS(buffer) |= flags;
      ASSERT_EQUAL(stream.push(buffer), GST_FLOW_OK);
    };
    push(0, 0);
    push(10, 0);
    push(30, 0);  // without a flag
    push(40, 0);
    stream.eos();
    std::vector<float> expected = one_shot(deltas_of(2), rows, 0, 20);
    const std::vector<float> second = one_shot(deltas_of(2), rows, 30, 20);
    expected.insert(expected.end(), second.begin(), second.end());
    fail_unless(stream.rows() == expected);
    ASSERT_EQUAL(nth(stream, 2).pts, rows.time(30));
    fail_unless(nth(stream, 2).has(GST_BUFFER_FLAG_DISCONT));
    fail_if(nth(stream, 1).has(GST_BUFFER_FLAG_DISCONT));
    ASSERT_EQUAL(nth(stream, 1).pts + nth(stream, 1).duration, rows.time(20));
  }
}

CHECK_TEST(stacked_rows_end_where_the_rows_do_if_others_may_follow) {
  const RowsIn rows{.frames = 10};
  FeatureStream stream("preset=lfr-funasr", rows);
  stream.push_all(rows, 0, 20);
  stream.push(rows, 40, 10, 0, 40);
  ASSERT_EQUAL(nth(stream, 3).pts, rows.time(18));
  ASSERT_EQUAL(nth(stream, 3).duration, rows.time(20) - rows.time(18));
  stream.eos();
  ASSERT_EQUAL(nth(stream, 5).pts, rows.time(46));
  ASSERT_EQUAL(nth(stream, 5).duration, rows.time(52) - rows.time(46));
}

CHECK_TEST(a_resync_of_npumelspec_restarts_and_is_flagged) {
  const RowsIn rows{.frames = 10};
  FeatureStream stream("deltas=2", rows);
  stream.push_all(rows, 0, 20);
  // As npumelspec sends it: offsets count anew.
  stream.push(rows, 20, 10, GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_RESYNC, 20);
  stream.eos();
  std::vector<float> expected = one_shot(deltas_of(2), rows, 0, 20);
  const std::vector<float> second = one_shot(deltas_of(2), rows, 20, 10);
  expected.insert(expected.end(), second.begin(), second.end());
  fail_unless(stream.rows() == expected);
  fail_unless(nth(stream, 2).has(GST_BUFFER_FLAG_RESYNC));
  ASSERT_EQUAL(nth(stream, 2).offset, 0);
}

CHECK_TEST(a_moved_time_base_moves_times_and_no_row) {
  const RowsIn rows{.frames = 10};
  FeatureStream stream("deltas=2", rows);
  const GstClockTime step = 60 * GST_MSECOND;
  stream.push_all(rows, 0, 20);
  for (int64_t first = 20; first < 40; first += 10) {
    GstBuffer* buffer = buffer_of(rows.rows(first, 10));
    GST_BUFFER_PTS(buffer) = rows.time(first) - step;
    GST_BUFFER_OFFSET(buffer) = static_cast<guint64>(first);
    GST_BUFFER_OFFSET_END(buffer) = static_cast<guint64>(first + 10);
    if (first == 20) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    stream.push(buffer);
  }
  stream.eos();
  fail_unless(stream.rows() == one_shot(deltas_of(2), rows, 0, 40));
  ASSERT_EQUAL(nth(stream, 1).pts, rows.time(10));
  ASSERT_EQUAL(nth(stream, 2).pts, rows.time(20) - step);
  fail_unless(nth(stream, 2).has(GST_BUFFER_FLAG_DISCONT));
  ASSERT_EQUAL(nth(stream, 3).pts, rows.time(30) - step);
  fail_if(nth(stream, 3).has(GST_BUFFER_FLAG_DISCONT));
  ASSERT_EQUAL(nth(stream, 3).offset, 30);
}

CHECK_TEST(buffers_without_times_follow_each_other) {
  const RowsIn rows{.frames = 10};
  FeatureStream stream("deltas=2", rows);
  for (int64_t first = 0; first < 40; first += 10)
    ASSERT_EQUAL(stream.push(buffer_of(rows.rows(first, 10))), GST_FLOW_OK);
  stream.eos();
  fail_unless(stream.rows() == one_shot(deltas_of(2), rows, 0, 40));
  for (size_t i = 0; i < 4; ++i)
    ASSERT_EQUAL(nth(stream, i).pts, rows.time(static_cast<int64_t>(i) * 10));
}

CHECK_TEST(a_gap_event_ends_what_is_held_before_it) {
  const RowsIn rows{.frames = 10};
  FeatureStream stream("deltas=2", rows);
  stream.push_all(rows, 0, 20);
  stream.forget();
  // Its time is covered already: nothing ends.
  stream.event(gst_event_new_gap(rows.time(5), rows.time(3)));
  fail_unless(stream.buffers().empty());
  stream.forget();
  stream.event(gst_event_new_gap(rows.time(20), GST_SECOND));
  ASSERT_EQUAL(stream.buffers().size(), 1);
  fail_unless(stream.items().back().is(GST_EVENT_GAP));
  const std::vector<float> whole = one_shot(deltas_of(2), rows, 0, 20);
  fail_unless(std::equal(whole.end() - 10 * 12, whole.end(), nth(stream, 0).rows().begin()));
  stream.forget();
  stream.push_all(rows, 120, 140);
  stream.eos();
  fail_unless(stream.rows() == one_shot(deltas_of(2), rows, 120, 20));
}

CHECK_TEST(buffers_of_pure_gap_are_flagged) {
  const RowsIn rows{.frames = 10};
  FeatureStream stream("deltas=1", rows);
  for (int64_t first = 0; first < 50; first += 10)
    stream.push(rows, first, 10, first < 30 ? GST_BUFFER_FLAG_GAP : 0);
  stream.eos();
  fail_unless(nth(stream, 0).has(GST_BUFFER_FLAG_GAP));
  fail_unless(nth(stream, 1).has(GST_BUFFER_FLAG_GAP));
  fail_if(nth(stream, 2).has(GST_BUFFER_FLAG_GAP));  // its deltas see sound
  fail_if(nth(stream, 3).has(GST_BUFFER_FLAG_GAP));
}

CHECK_TEST(a_flush_forgets_the_past) {
  const RowsIn rows{.frames = 10};
  FeatureStream stream("cmvn=sliding cmvn-window=20 cmvn-center=true", rows);
  stream.push_all(rows, 0, 50);
  stream.forget();
  fail_unless(stream.flush());
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  stream.segment(segment);
  stream.push_all(rows, 80, 100);
  stream.eos();
  TransformOverrides centered;
  centered.cmvn = CmvnType::sliding;
  centered.cmvn_window = 20;
  centered.cmvn_center = true;
  fail_unless(stream.rows() ==
              one_shot(resolve_transform(TransformPreset::none, centered), rows, 80, 20));
  ASSERT_EQUAL(nth(stream, 0).pts, rows.time(80));
}

CHECK_TEST(eos_comes_last_once_and_keeps_its_seqnum) {
  const RowsIn rows{.frames = 10};
  FeatureStream stream("deltas=2", rows);
  stream.push_all(rows, 0, 20);
  GstEvent* eos = gst_event_new_eos();
  const guint32 seqnum = gst_event_get_seqnum(eos);
  stream.event(eos);
  ASSERT_EQUAL(std::count_if(stream.items().begin(), stream.items().end(),
                             [](const Item& item) { return item.is(GST_EVENT_EOS); }),
               1);
  fail_unless(stream.items().back().is(GST_EVENT_EOS));
  ASSERT_EQUAL(gst_event_get_seqnum(stream.items().back().event.get()), seqnum);
  fail_unless(stream.rows() == one_shot(deltas_of(2), rows, 0, 20));
}

CHECK_TEST(segments_that_go_on_cut_nothing_and_others_do) {
  const RowsIn rows{.frames = 10};
  for (const bool cuts : {false, true}) {
    FeatureStream stream("deltas=2", rows);
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    stream.segment(segment);
    stream.push_all(rows, 0, 20);
    segment.position = GST_SECOND;
    if (cuts) segment.base = GST_SECOND;
    stream.segment(segment);
    for (int64_t first = 20; first < 40; first += 10)
      stream.push(rows, first, 10, 0, cuts ? 20 : 0);
    stream.eos();
    std::vector<float> expected = one_shot(deltas_of(2), rows, 0, cuts ? 20 : 40);
    if (cuts) {
      const std::vector<float> second = one_shot(deltas_of(2), rows, 20, 20);
      expected.insert(expected.end(), second.begin(), second.end());
    }
    fail_unless(stream.rows() == expected);
  }
}

CHECK_TEST(a_drain_query_and_segment_done_send_what_is_held) {
  const RowsIn rows{.frames = 10};
  for (const bool query : {false, true}) {
    FeatureStream stream("deltas=2", rows);
    stream.push_all(rows, 0, 20);
    ASSERT_EQUAL(stream.buffers().size(), 1);
    if (query) {
      const Owned<GstQuery> drain(gst_query_new_drain());
      gst_pad_peer_query(stream.harness()->srcpad, drain.get());
    } else {
      stream.event(gst_event_new_segment_done(GST_FORMAT_TIME, 0));
    }
    ASSERT_EQUAL(stream.buffers().size(), 2);
    fail_unless(stream.rows() == one_shot(deltas_of(2), rows, 0, 20));
  }
}

CHECK_TEST(other_caps_end_what_is_held_with_the_old_ones) {
  RowsIn rows{.frames = 10};
  FeatureStream stream("deltas=1", rows);
  stream.push_all(rows, 0, 20);
  const RowsIn wide{.mels = 6, .frames = 5};
  stream.set_caps(wide.caps());
  stream.push_all(wide, 0, 10);
  stream.eos();
  ASSERT_EQUAL(stream.buffers().size(), 4);
  ASSERT_EQUAL(nth(stream, 1).integer("dims"), 8);
  ASSERT_EQUAL(nth(stream, 2).integer("dims"), 12);
  ASSERT_EQUAL(nth(stream, 2).integer("frames"), 5);
  std::vector<float> expected = one_shot(deltas_of(1), rows, 0, 20);
  const std::vector<float> second = one_shot(deltas_of(1), wide, 0, 10);
  expected.insert(expected.end(), second.begin(), second.end());
  fail_unless(stream.rows() == expected);
}

CHECK_TEST(backwards_there_are_no_rows_and_one_warning) {
  const RowsIn rows{.frames = 10};
  FeatureStream stream("deltas=1", rows);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.rate = -1;
  segment.stop = 10 * GST_SECOND;
  stream.segment(segment);
  ASSERT_EQUAL(stream.push(rows, 0, 10), GST_FLOW_OK);
  fail_unless(stream.buffers().empty());
  ASSERT_EQUAL(stream.bus().count(GST_MESSAGE_WARNING), 1);
  fail_if(gst_harness_push_upstream_event(
      stream.harness(), gst_event_new_seek(-1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                           GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_SET, GST_SECOND)));
}

CHECK_TEST(the_latency_reported_is_the_one_measured) {
  for (const Transform& transform : streaming_transforms()) {
    for (const int frames : {1, 4, 10}) {
      const RowsIn rows{.frames = frames};
      FeatureStream stream(transform.properties, rows);
      const GstClockTime own = asked_latency(stream);
      GstClockTimeDiff latest = 0;
      for (int64_t first = 0; first < 200; first += frames) {
        // Upstream's latency is 0: a buffer arrives at its own time.
        stream.push(rows, first, frames);
        for (const Received* buffer : stream.buffers())
          latest = std::max(latest, GST_CLOCK_DIFF(buffer->pts, rows.time(first)));
        stream.forget();
      }
      ASSERT_EQUAL(own, latest);
      TransformInput input;
      input.dims = 4;
      const int64_t reach = check_transform(transform.recipe(), input).reach;
      if (frames == 1) ASSERT_EQUAL(own, rows.time(reach));
    }
  }
}

CHECK_TEST(clips_and_rows_that_stand_alone_add_no_latency) {
  RowsIn rows;
  FeatureStream alone("dct=ortho", rows);
  ASSERT_EQUAL(asked_latency(alone), 0);
  rows.frames = 0;
  FeatureStream clips("deltas=2", rows);
  ASSERT_EQUAL(asked_latency(clips), 0);
}

CHECK_TEST(latency_is_added_to_upstream_s_and_announced) {
  const RowsIn rows{.frames = 1};
  FeatureStream stream("deltas=2", rows);
  fail_unless(stream.bus().count(GST_MESSAGE_LATENCY) >= 1);
  gst_harness_set_upstream_latency(stream.harness(), 123 * GST_MSECOND);
  ASSERT_EQUAL(gst_harness_query_latency(stream.harness()), 123 * GST_MSECOND + rows.time(4));
  stream.set_caps(rows.caps());
  ASSERT_EQUAL(stream.bus().count(GST_MESSAGE_LATENCY), 0);
}

CHECK_TEST(what_downstream_answers_is_what_upstream_hears) {
  const RowsIn rows{.frames = 10};
  for (const GstFlowReturn answer : {GST_FLOW_EOS, GST_FLOW_FLUSHING, GST_FLOW_ERROR}) {
    FeatureStream stream("deltas=1", rows);
    stream.push(rows, 0, 10);
    g_object_set_data(G_OBJECT(stream.harness()->sinkpad), "answer", GINT_TO_POINTER(answer));
    gst_pad_set_chain_function(stream.harness()->sinkpad,
                               [](GstPad* pad, GstObject*, GstBuffer* buffer) {
                                 gst_buffer_unref(buffer);
                                 return static_cast<GstFlowReturn>(
                                     GPOINTER_TO_INT(g_object_get_data(G_OBJECT(pad), "answer")));
                               });
    ASSERT_EQUAL(stream.push(rows, 10, 10), answer);
  }
}

CHECK_TEST(the_capture_time_of_the_first_row_travels_along) {
  const RowsIn rows{.frames = 10};
  for (const char* properties : {"deltas=1", "dct=ortho"}) {
    FeatureStream stream(properties, rows);
    GstClockTime found = GST_CLOCK_TIME_NONE;
    gst_pad_add_probe(
        stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
          const auto* meta =
              gst_buffer_get_reference_timestamp_meta(GST_PAD_PROBE_INFO_BUFFER(info), nullptr);
          if (meta != nullptr) *static_cast<GstClockTime*>(data) = meta->timestamp;
          return GST_PAD_PROBE_OK;
        },
        &found, nullptr);
    const Caps clock(gst_caps_from_string("timestamp/x-unix"));
    for (int64_t first = 0; first < 30; first += 10) {
      GstBuffer* buffer = buffer_of(rows.rows(first, 10));
      GST_BUFFER_PTS(buffer) = rows.time(first);
      gst_buffer_add_reference_timestamp_meta(buffer, clock.get(), GST_SECOND + rows.time(first),
                                              GST_CLOCK_TIME_NONE);
      stream.push(buffer);
    }
    stream.eos();
    ASSERT_EQUAL(found, GST_SECOND + rows.time(20));
  }
}

CHECK_TEST(a_stream_allocates_no_buffer_after_the_first_ones) {
  const RowsIn rows{.frames = 10};
  for (const char* properties : {"deltas=2", "preset=lfr-funasr", "dct=ortho", "cmvn=sliding"}) {
    FeatureStream stream(properties, rows);
    std::vector<void*> seen;
    gst_pad_add_probe(
        stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
          auto& memories = *static_cast<std::vector<void*>*>(data);
          void* memory = gst_buffer_peek_memory(GST_PAD_PROBE_INFO_BUFFER(info), 0);
          if (std::find(memories.begin(), memories.end(), memory) == memories.end())
            memories.push_back(memory);
          return GST_PAD_PROBE_OK;
        },
        &seen, nullptr);
    for (int64_t first = 0; first < 2000; first += 10) stream.push(rows, first, 10);
    fail_unless(stream.buffers().size() > 100);
    fail_unless(seen.size() <= 3, "%s: %zu", properties, seen.size());
  }
}
