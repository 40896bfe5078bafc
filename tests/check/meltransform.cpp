// SPDX-License-Identifier: LGPL-2.1-or-later
// meltransform: the rows of the arithmetic to the bit, however they come and go.
#include <gst/audio/audio.h>

#include <cmath>

#include "tests/check/feature_stream.h"

using namespace npumel;
using namespace npumel::check;

CHECK_TEST(any_cut_gives_the_rows_of_the_clip) {
  for (const Transform& transform : streaming_transforms()) {
    for (const int frames : {1, 7, 10, 64}) {
      const RowsIn rows{.frames = frames};
      FeatureStream stream(transform.properties, rows);
      ASSERT_EQUAL(stream.push_all(rows, 0, 101), GST_FLOW_OK);
      fail_unless(stream.eos());
      fail_unless(stream.rows() == one_shot(transform.recipe(), rows, 0, 101), "%s, frames=%d",
                  transform.properties, frames);
      ASSERT_EQUAL(
          stream.bus().count(static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)),
          0);
    }
  }
}

CHECK_TEST(edges_of_streams_of_every_length) {
  for (const Transform& transform : streaming_transforms()) {
    const TransformRecipe recipe = transform.recipe();
    const RowsIn rows{.frames = 4};
    FeatureStream stream(transform.properties, rows);
    for (int64_t length = 1; length <= 27; ++length) {
      stream.push_all(rows, 0, length);
      GstEvent* gap = gst_event_new_gap(rows.time(length), GST_CLOCK_TIME_NONE);
      fail_unless(stream.event(gap));
      fail_unless(stream.rows() == one_shot(recipe, rows, 0, length), "%s, %d rows",
                  transform.properties, static_cast<int>(length));
      stream.forget();
      stream.set_caps(rows.caps());
    }
  }
}

CHECK_TEST(clips_pass_whole) {
  std::vector<Transform> transforms = streaming_transforms();
  transforms.push_back({"preset=seamless160", {}, TransformPreset::seamless160});
  for (const Transform& transform : transforms) {
    const RowsIn rows{.frames = 0};
    FeatureStream stream(transform.properties, rows);
    for (const int64_t length : {101, 30, 10}) {
      ASSERT_EQUAL(stream.push(rows, 0, length), GST_FLOW_OK);
      ASSERT_EQUAL(stream.buffers().size(), 1);
      const Received& buffer = *stream.buffers()[0];
      fail_unless(stream.rows() == one_shot(transform.recipe(), rows, 0, length), "%s",
                  transform.properties);
      ASSERT_EQUAL(buffer.integer("frames"), 0);
      ASSERT_EQUAL(rows_of(buffer), transformed_rows(transform.recipe(), length));
      ASSERT_EQUAL(buffer.offset, 0);
      ASSERT_EQUAL(buffer.offset_end, rows_of(buffer));
      ASSERT_EQUAL(buffer.pts, 0);
      ASSERT_EQUAL(buffer.duration, rows.time(length));
      stream.forget();
    }
  }
}

CHECK_TEST(two_in_a_row_are_the_steps_of_both) {
  TransformOverrides both;
  both.dct = DctType::ortho;
  both.coefficients = 3;
  both.deltas = 2;
  for (const int frames : {0, 9}) {
    const RowsIn rows{.frames = frames};
    FeatureStream first("dct=ortho coefficients=3", rows);
    if (frames == 0)
      first.push(rows, 0, 50);
    else
      first.push_all(rows, 0, 50);
    first.eos();
    FeatureStream second("deltas=2");
    for (const Item& item : first.items()) {
      if (item.is(GST_EVENT_CAPS)) {
        GstCaps* caps = nullptr;
        gst_event_parse_caps(item.event.get(), &caps);
        gst_harness_set_src_caps(second.harness(), gst_caps_ref(caps));
      } else if (item.buffer) {
        GstBuffer* buffer = buffer_of(item.buffer->bytes);
        GST_BUFFER_PTS(buffer) = item.buffer->pts;
        GST_BUFFER_OFFSET(buffer) = item.buffer->offset;
        GST_BUFFER_OFFSET_END(buffer) = item.buffer->offset_end;
        ASSERT_EQUAL(second.push(buffer), GST_FLOW_OK);
      }
    }
    second.eos();
    fail_unless(second.rows() ==
                one_shot(resolve_transform(TransformPreset::none, both), rows, 0, 50));
    fail_unless(second.buffers()[0]->text("kind") == "mel+dct+deltas");
  }
}

CHECK_TEST(rows_that_stand_alone_keep_the_buffers_they_came_in) {
  TransformOverrides cepstra;
  cepstra.dct = DctType::ortho;
  cepstra.coefficients = 3;
  const TransformRecipe recipe = resolve_transform(TransformPreset::none, cepstra);
  const RowsIn rows{.frames = 5, .more = "log=ln,normalize=none"};
  FeatureStream stream("dct=ortho coefficients=3", rows);
  stream.push(rows, 0, 5, GST_BUFFER_FLAG_DISCONT);
  stream.push(rows, 5, 5, GST_BUFFER_FLAG_GAP);
  stream.set_caps(rows.caps(2));
  stream.push(rows, 10, 2);
  ASSERT_EQUAL(stream.buffers().size(), 3);
  fail_unless(stream.rows() == one_shot(recipe, rows, 0, 12));
  fail_unless(stream.buffers()[0]->has(GST_BUFFER_FLAG_DISCONT));
  fail_unless(stream.buffers()[1]->has(GST_BUFFER_FLAG_GAP));
  fail_if(stream.buffers()[1]->has(GST_BUFFER_FLAG_DISCONT));
  ASSERT_EQUAL(stream.buffers()[2]->integer("frames"), 2);
  ASSERT_EQUAL(stream.buffers()[2]->pts, rows.time(10));
  ASSERT_EQUAL(stream.buffers()[2]->duration, rows.time(12) - rows.time(10));
  ASSERT_EQUAL(stream.buffers()[2]->offset, 10);
}

CHECK_TEST(overlapping_buffers_pass_where_rows_stand_alone) {
  RowsIn rows{.frames = 3};
  FeatureStream stream("dct=ortho");
  RowsIn whole = rows;
  whole.frames = 6;  // the caps of stride 3
  std::string caps = rows.caps();
  caps.replace(caps.find("frames=3"), 8, "frames=6");
  stream.set_caps(caps);
  stream.push(rows, 0, 6);
  stream.push(rows, 3, 6);
  ASSERT_EQUAL(stream.buffers().size(), 2);
  ASSERT_EQUAL(stream.buffers()[1]->offset, 3);
  ASSERT_EQUAL(stream.buffers()[1]->integer("frames"), 6);
}

CHECK_TEST(padding_of_upstream_is_no_row_and_buffers_stay_full) {
  const RowsIn rows{.frames = 10};
  for (const Transform& transform : streaming_transforms()) {
    const TransformRecipe recipe = transform.recipe();
    FeatureStream stream(transform.properties, rows);
    for (int64_t first = 0; first < 50; first += 10) {
      GstBuffer* buffer = buffer_of(rows.rows(first, 10));
      GST_BUFFER_PTS(buffer) = rows.time(first);
      GST_BUFFER_DURATION(buffer) = rows.time(10);
      GST_BUFFER_OFFSET(buffer) = static_cast<guint64>(first);
      GST_BUFFER_OFFSET_END(buffer) = static_cast<guint64>(first + 10);
      GstCustomMeta* meta = gst_buffer_add_custom_meta(buffer, "GstNpuMelMeta");
      gst_structure_set(gst_custom_meta_get_structure(meta), "valid-frames", G_TYPE_INT,
                        first == 40 ? 3 : 10, nullptr);
      ASSERT_EQUAL(stream.push(buffer), GST_FLOW_OK);
    }
    stream.eos();
    fail_unless(stream.rows() == one_shot(recipe, rows, 0, 43), "%s", transform.properties);
    const int block = std::max(1, 10 / recipe.stride());
    for (const Received* buffer : stream.buffers()) {
      ASSERT_EQUAL(rows_of(*buffer), block);
      const std::vector<float> values = buffer->rows();
      const auto valid = static_cast<size_t>(buffer->valid_frames * buffer->integer("dims"));
      for (size_t i = valid; i < values.size(); ++i) fail_unless(values[i] == 0);
    }
  }
}

CHECK_TEST(valid_frames_count_pairs_that_hold_no_padding) {
  for (const int64_t length : {7, 8, 1}) {
    const RowsIn rows{.frames = 0};
    FeatureStream stream("stack-right=1 stack-stride=2 stack-edge=zero", rows);
    stream.push(rows, 0, length);
    const Received& buffer = *stream.buffers().at(0);
    ASSERT_EQUAL(rows_of(buffer), (length + 1) / 2);
    ASSERT_EQUAL(buffer.valid_frames, length / 2);
    if (length % 2 == 0) continue;
    const std::vector<float> values = buffer.rows();
    for (size_t m = values.size() - 4; m < values.size(); ++m) fail_unless(values[m] == 0);
  }
}

CHECK_TEST(a_short_padded_end_stays_short) {
  // As a first meltransform with stack-edge=zero sends it: 7 rows, the last of them half real.
  const RowsIn rows{.frames = 10};
  FeatureStream stream("deltas=1", rows);
  stream.push(rows, 0, 10);
  stream.set_caps(rows.caps(7));
  GstBuffer* buffer = buffer_of(rows.rows(10, 7));
  GST_BUFFER_PTS(buffer) = rows.time(10);
  GstCustomMeta* meta = gst_buffer_add_custom_meta(buffer, "GstNpuMelMeta");
  gst_structure_set(gst_custom_meta_get_structure(meta), "valid-frames", G_TYPE_INT, 6, nullptr);
  stream.push(buffer);
  stream.eos();
  TransformOverrides deltas;
  deltas.deltas = 1;
  fail_unless(stream.rows() ==
              one_shot(resolve_transform(TransformPreset::none, deltas), rows, 0, 16));
  ASSERT_EQUAL(stream.buffers().size(), 2);
  ASSERT_EQUAL(rows_of(*stream.buffers()[1]), 7);
  ASSERT_EQUAL(stream.buffers()[1]->valid_frames, 6);
}

CHECK_TEST(the_level_of_a_buffer_that_stands_alone_travels_along) {
  const RowsIn rows{.frames = 0};
  FeatureStream stream("deltas=1", rows);
  int found = 0;
  gst_pad_add_probe(
      stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer data) {
        const auto* level = gst_buffer_get_audio_level_meta(GST_PAD_PROBE_INFO_BUFFER(info));
        if (level != nullptr && level->level == 33 && level->voice_activity)
          *static_cast<int*>(data) += 1;
        return GST_PAD_PROBE_OK;
      },
      &found, nullptr);
  GstBuffer* buffer = buffer_of(rows.rows(0, 10));
  gst_buffer_add_audio_level_meta(buffer, 33, TRUE);
  stream.push(buffer);
  ASSERT_EQUAL(found, 1);
}

CHECK_TEST(a_zero_row_of_the_clip_s_tail_rule_is_no_row) {
  const RowsIn rows{.frames = 0};
  FeatureStream stream("deltas=1", rows);
  std::vector<float> values = rows.rows(0, 6);
  values.resize(values.size() + 4);
  GstBuffer* buffer = buffer_of(values);
  GstCustomMeta* meta = gst_buffer_add_custom_meta(buffer, "GstNpuMelMeta");
  gst_structure_set(gst_custom_meta_get_structure(meta), "valid-frames", G_TYPE_INT, 6, nullptr);
  stream.push(buffer);
  TransformOverrides deltas;
  deltas.deltas = 1;
  fail_unless(stream.rows() ==
              one_shot(resolve_transform(TransformPreset::none, deltas), rows, 0, 6));
  ASSERT_EQUAL(rows_of(*stream.buffers()[0]), 7);
  ASSERT_EQUAL(stream.buffers()[0]->valid_frames, 6);
}

CHECK_TEST(every_layout_and_format_in_and_out) {
  const RowsIn rows{.frames = 5};
  TransformOverrides deltas;
  deltas.deltas = 1;
  const std::vector<float> expected =
      one_shot(resolve_transform(TransformPreset::none, deltas), rows, 0, 15);
  for (const bool mel_major_in : {false, true})
    for (const bool mel_major_out : {false, true}) {
      FeatureStream stream("deltas=1");
      stream.set_peer_caps(mel_major_out ? "audio/x-speech-features,layout=mel-major"
                                         : "audio/x-speech-features,layout=frame-major");
      std::string caps = rows.caps();
      if (mel_major_in) caps.replace(caps.find("frame-major"), 11, "mel-major");
      stream.set_caps(caps);
      for (int64_t first = 0; first < 15; first += 5) {
        std::vector<float> values = rows.rows(first, 5);
        if (mel_major_in) {
          const std::vector<float> straight = values;
          for (size_t t = 0; t < 5; ++t)
            for (size_t m = 0; m < 4; ++m) values[m * 5 + t] = straight[t * 4 + m];
        }
        GstBuffer* buffer = buffer_of(values);
        GST_BUFFER_PTS(buffer) = rows.time(first);
        ASSERT_EQUAL(stream.push(buffer), GST_FLOW_OK);
      }
      stream.eos();
      std::vector<float> got;
      for (const Received* buffer : stream.buffers()) {
        const std::vector<float> values = buffer->rows();
        const size_t count = values.size() / 8;
        for (size_t t = 0; t < count; ++t)
          for (size_t m = 0; m < 8; ++m)
            got.push_back(values[mel_major_out ? m * count + t : t * 8 + m]);
      }
      fail_unless(got == expected, "%d %d", mel_major_in, mel_major_out);
    }
}

CHECK_TEST(half_precision_is_rounded_once_at_the_end) {
  const RowsIn rows{.frames = 5};
  FeatureStream stream("deltas=1");
  stream.set_peer_caps("audio/x-speech-features,format=F16LE");
  stream.set_caps(rows.caps());
  FeatureStream exact("deltas=1", rows);
  for (FeatureStream* each : {&stream, &exact}) {
    each->push_all(rows, 0, 15);
    each->eos();
  }
  const std::vector<float> want = exact.rows();
  size_t at = 0;
  for (const Received* buffer : stream.buffers()) {
    fail_unless(buffer->text("format") == "F16LE");
    for (size_t i = 0; i < buffer->bytes.size(); i += 2) {
      uint16_t half = 0;
      std::memcpy(&half, &buffer->bytes[i], 2);
      ASSERT_EQUAL(half, half_bits(want.at(at++)));
    }
  }
  ASSERT_EQUAL(at, want.size());
}

CHECK_TEST(values_that_are_no_numbers_read_as_zero_and_are_told_once) {
  const RowsIn rows{.frames = 5};
  FeatureStream stream("cmvn=sliding", rows);
  for (int64_t first = 0; first < 20; first += 5) {
    std::vector<float> values = rows.rows(first, 5);
    values[3] = first == 5 ? NAN : INFINITY;
    GstBuffer* buffer = buffer_of(values);
    GST_BUFFER_PTS(buffer) = rows.time(first);
    stream.push(buffer);
  }
  stream.eos();
  ASSERT_EQUAL(stream.bus().count(GST_MESSAGE_WARNING), 1);
  for (const float value : stream.rows()) fail_unless(std::isfinite(value));
}

CHECK_TEST(buffers_that_hold_no_whole_rows_are_an_error) {
  const RowsIn rows{.frames = 5};
  FeatureStream stream("deltas=1", rows);
  ASSERT_EQUAL(stream.push(buffer_of(std::vector<float>(7))), GST_FLOW_ERROR);
  const PostedError error = stream.error();
  fail_unless(error.is(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT));
  fail_unless(error.says("28 bytes") && error.says("4 values"), "%s", error.text.c_str());
  ASSERT_EQUAL(stream.push(gst_buffer_new()), GST_FLOW_OK);
}

CHECK_TEST(a_clip_too_short_for_librosa_gives_no_rows_and_a_warning) {
  for (const int frames : {0, 4}) {
    const RowsIn rows{.frames = frames};
    FeatureStream stream("deltas=1 delta-rule=librosa", rows);
    if (frames == 0)
      stream.push(rows, 0, 8);
    else
      stream.push_all(rows, 0, 8);
    stream.eos();
    fail_unless(stream.buffers().empty());
    const PostedError warning = posted(stream.bus(), GST_MESSAGE_WARNING);
    fail_unless(warning.says("8 rows") && warning.says("9 rows at least"), "%s",
                warning.text.c_str());
  }
}

CHECK_TEST(nothing_in_nothing_out) {
  for (const char* properties : {"deltas=1", "preset=lfr-funasr", ""}) {
    const RowsIn rows;
    FeatureStream stream(properties, rows);
    fail_unless(stream.eos());
    fail_unless(stream.buffers().empty());
    ASSERT_EQUAL(stream.error().code, -1);
  }
}
