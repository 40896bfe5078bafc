// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows become buffers of the negotiated shape, layout and type, whatever the batches were.
#include "gst/npumelspec/assembler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/mel/half.h"

namespace npumel {
namespace {

constexpr int kMels = 3;

/// The value of a mel in a frame: all differ, later frames are larger.
float value(int64_t frame, int mel) {
  return static_cast<float>(frame) + 0.25F * static_cast<float>(mel);
}

Assembler::Config config_of(int frames, int first, int stride) {
  Assembler::Config config;
  config.shape = frames == 0 ? Shape{.frames = 0, .first = 0, .stride = 1}
                             : Shape{.frames = frames, .first = first, .stride = stride};
  config.mels = kMels;
  return config;
}

/// Does what Stream does, with rows that value() defines instead of a backend.
class Harness {
 public:
  /// `slope`: rows change by it from frame to frame.
  explicit Harness(const Assembler::Config& config, int slope = 1)
      : config_(config), slope_(slope) {
    assembler_.configure(config);
  }

  struct Buffer {
    Output output;
    std::vector<float> values;  ///< as they lie in memory
  };

  /// Computes frames up to `end` in batches of at most `most`, taking what is complete.
  void compute(int64_t end, int most = kBatchFrames, const char* backend = "software",
               bool silent = false) {
    while (next_ < end) {
      const int count =
          static_cast<int>(std::min<int64_t>({end - next_, most, assembler_.limit(next_)}));
      RowSink rows;
      ASSERT_EQ(assembler_.sink(next_, count, rows), GST_FLOW_OK);
      for (int i = 0; i < count; ++i)
        for (int mel = 0; mel < config_.mels; ++mel)
          write(rows, i, mel, value(slope_ * (next_ + i), mel));
      std::bitset<kBatchFrames> gaps;
      if (silent) gaps.set();
      assembler_.commit(next_, count,
                        value(slope_ > 0 ? next_ + count - 1 : -next_, config_.mels - 1), backend,
                        gaps);
      next_ += count;
      take();
    }
  }

  void finish(const Ending& ending) {
    assembler_.finish(ending);
    compute(ending.total);
    take();
  }

  const std::vector<Buffer>& buffers() const { return buffers_; }
  Assembler& assembler() { return assembler_; }

 private:
  static void write(const RowSink& rows, int frame, int mel, float number) {
    const ptrdiff_t at = frame * rows.frame_stride + mel * rows.mel_stride;
    if (rows.type == ElementType::f32)
      static_cast<float*>(rows.data)[at] = number;
    else
      static_cast<uint16_t*>(rows.data)[at] = half_bits(number);
  }

  void take() {
    while (true) {
      Buffer one;
      ASSERT_EQ(assembler_.take(one.output), GST_FLOW_OK);
      if (!one.output.buffer) return;
      const size_t bytes = gst_buffer_get_size(one.output.buffer.get());
      const size_t width = size_of(config_.type);
      std::vector<char> memory(bytes);
      gst_buffer_extract(one.output.buffer.get(), 0, memory.data(), bytes);
      for (size_t i = 0; i < bytes / width; ++i) {
        if (width == 4) {
          float number = 0;
          std::memcpy(&number, memory.data() + i * 4, 4);
          one.values.push_back(number);
        } else {
          uint16_t bits = 0;
          std::memcpy(&bits, memory.data() + i * 2, 2);
          one.values.push_back(bits);
        }
      }
      buffers_.push_back(std::move(one));
    }
  }

  Assembler::Config config_;
  int slope_;
  OutputPool pool_{[] { return PoolPtr(); }};
  Assembler assembler_{pool_};
  int64_t next_ = 0;
  std::vector<Buffer> buffers_;
};

std::vector<float> frame_major(int64_t start, int rows) {
  std::vector<float> values;
  for (int i = 0; i < rows; ++i)
    for (int mel = 0; mel < kMels; ++mel) values.push_back(value(start + i, mel));
  return values;
}

std::vector<float> mel_major(int64_t start, int rows) {
  std::vector<float> values;
  for (int mel = 0; mel < kMels; ++mel)
    for (int i = 0; i < rows; ++i) values.push_back(value(start + i, mel));
  return values;
}

struct Place {
  int64_t start;
  int rows;
};

std::vector<Place> places(const Harness& harness) {
  std::vector<Place> result;
  for (const auto& one : harness.buffers()) result.push_back({one.output.start, one.output.rows});
  return result;
}

bool operator==(const Place& a, const Place& b) { return a.start == b.start && a.rows == b.rows; }

/// 60 frames a buffer are written in place, 4 (many fit into a batch) by way of the store.
class AnyShape : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(AnyShape, RowsLieWhereTheyBelongForAnyBatches) {
  const auto [frames, most] = GetParam();
  for (const Layout layout : {Layout::frame_major, Layout::mel_major}) {
    Assembler::Config config = config_of(frames, frames, frames);
    config.layout = layout;
    Harness harness(config);
    const int64_t total = 2 * frames + frames / 2;
    harness.compute(total, most);
    harness.finish({.rows = total, .valid = total, .total = total});
    EXPECT_EQ(places(harness),
              (std::vector<Place>{{0, frames}, {frames, frames}, {2 * frames, frames / 2}}));
    for (const auto& one : harness.buffers()) {
      EXPECT_EQ(one.values, layout == Layout::frame_major
                                ? frame_major(one.output.start, one.output.rows)
                                : mel_major(one.output.start, one.output.rows));
      EXPECT_EQ(one.output.valid, one.output.rows);
      EXPECT_EQ(one.output.log_max, value(one.output.start + one.output.rows - 1, kMels - 1));
      EXPECT_STREQ(one.output.backend, "software");
      EXPECT_FALSE(one.output.silent);
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Assembler, AnyShape,
                         testing::Combine(testing::Values(4, 60), testing::Values(1, 7, 100)));

TEST(Assembler, OverlappingBuffersRepeatRows) {
  Harness harness(config_of(4, 4, 2));
  harness.compute(9);
  EXPECT_EQ(places(harness), (std::vector<Place>{{0, 4}, {2, 4}, {4, 4}}));
  EXPECT_EQ(harness.buffers()[1].values, frame_major(2, 4));
}

TEST(Assembler, TheFirstBufferMayHaveItsOwnLength) {
  Harness harness(config_of(60, 80, 60));
  harness.compute(200);
  EXPECT_EQ(places(harness), (std::vector<Place>{{0, 80}, {80, 60}, {140, 60}}));
  EXPECT_EQ(harness.buffers()[1].values, frame_major(80, 60));
}

TEST(Assembler, PaddedRowsAreSentAndNotCounted) {
  Harness harness(config_of(60, 60, 60));
  harness.compute(70);
  harness.finish({.rows = 120, .valid = 70, .total = 120});
  EXPECT_EQ(places(harness), (std::vector<Place>{{0, 60}, {60, 60}}));
  EXPECT_EQ(harness.buffers()[1].output.valid, 10);
}

TEST(Assembler, AWholeStreamIsOneBufferWithItsTailRule) {
  Harness harness(config_of(0, 0, 1));
  harness.compute(250);
  EXPECT_TRUE(harness.buffers().empty());
  harness.finish({.rows = 250, .valid = 249, .total = 250, .dropped = 1, .zero_rows = 2});
  ASSERT_EQ(places(harness), (std::vector<Place>{{0, 251}}));
  std::vector<float> expected = frame_major(0, 249);
  expected.resize(251 * kMels, 0.0F);
  EXPECT_EQ(harness.buffers()[0].values, expected);
  EXPECT_EQ(harness.buffers()[0].output.valid, 249);
  EXPECT_EQ(harness.buffers()[0].output.log_max, value(249, kMels - 1));
}

/// Bytes of the whole stream lie where the backend wrote them, in one memory that is no larger.
TEST(Assembler, AWholeStreamIsNotCopied) {
  struct Case {
    ElementType type;
    NormalizeMode mode;
    size_t written;  ///< bytes of a value while the stream lasts
  };
  for (const Case& one : {Case{ElementType::f32, NormalizeMode::none, 4},
                          Case{ElementType::f32, NormalizeMode::buffer, 4},
                          Case{ElementType::f16, NormalizeMode::none, 2},
                          Case{ElementType::f16, NormalizeMode::buffer, 4}}) {
    constexpr int kRows = 400'000;
    Assembler::Config config = config_of(0, 0, 1);
    config.type = one.type;
    config.mode = one.mode;
    config.normalization = resolve(Preset::whisper80, {}, 16000).normalization;
    OutputPool pool{[]() -> PoolPtr { throw std::logic_error("no buffer is asked for"); }};
    Assembler assembler(pool);
    assembler.configure(config);
    const uint8_t* first = nullptr;
    for (int64_t next = 0; next < kRows; next += kBatchFrames) {
      RowSink rows;
      ASSERT_EQ(assembler.sink(next, kBatchFrames, rows), GST_FLOW_OK);
      ASSERT_EQ(size_of(rows.type), one.written);
      ASSERT_EQ(rows.frame_stride, kMels);
      std::memset(rows.data, 0, kBatchFrames * kMels * one.written);
      first = static_cast<uint8_t*>(rows.data) - static_cast<size_t>(next) * kMels * one.written;
      assembler.commit(next, kBatchFrames, 0, "software", {});
    }
    assembler.finish({.rows = kRows, .valid = kRows, .total = kRows});
    Output output;
    ASSERT_EQ(assembler.take(output), GST_FLOW_OK);
    ASSERT_TRUE(output.buffer);
    const size_t bytes = kRows * kMels * size_of(one.type);
    EXPECT_EQ(gst_buffer_n_memory(output.buffer.get()), 1U);
    gsize room = 0;
    EXPECT_EQ(gst_buffer_get_sizes(output.buffer.get(), nullptr, &room), bytes);
    EXPECT_LT(room, bytes + bytes / 20);
    GstMapInfo map;
    ASSERT_TRUE(gst_buffer_map(output.buffer.get(), &map, GST_MAP_READ));
    EXPECT_EQ(map.data, first);
    gst_buffer_unmap(output.buffer.get(), &map);
  }
}

TEST(Assembler, AWholeStreamHasTheSameValuesInEveryTypeAndLayout) {
  for (const bool normalized : {false, true})
    for (const int frames : {50, 40'000}) {
      Assembler::Config config = config_of(0, 0, 1);
      if (normalized) config.mode = NormalizeMode::buffer;
      config.normalization = resolve(Preset::whisper80, {}, 16000).normalization;
      const auto values = [&](ElementType type, Layout layout) {
        config.type = type;
        config.layout = layout;
        Harness harness(config);
        harness.compute(frames - 5);
        harness.finish(
            {.rows = frames, .valid = frames, .total = frames + 3, .dropped = 2, .zero_rows = 4});
        EXPECT_EQ(harness.buffers().size(), 1U);
        return harness.buffers().at(0).values;
      };
      const int rows = frames + 2;
      const std::vector<float> plain = values(ElementType::f32, Layout::frame_major);
      ASSERT_EQ(plain.size(), static_cast<size_t>(rows) * kMels);
      if (!normalized) {
        std::vector<float> expected = frame_major(0, frames - 2);
        expected.resize(plain.size(), 0.0F);
        EXPECT_EQ(plain, expected);
      }
      std::vector<float> turned;
      for (int mel = 0; mel < kMels; ++mel)
        for (int row = 0; row < rows; ++row)
          turned.push_back(plain[static_cast<size_t>(row * kMels + mel)]);
      EXPECT_EQ(values(ElementType::f32, Layout::mel_major), turned);
      std::vector<float> halves;
      for (const float number : plain) halves.push_back(half_bits(number));
      EXPECT_EQ(values(ElementType::f16, Layout::frame_major), halves);
      halves.clear();
      for (const float number : turned) halves.push_back(half_bits(number));
      EXPECT_EQ(values(ElementType::f16, Layout::mel_major), halves);
    }
}

TEST(Assembler, AWholeStreamWithoutARowIsNoBuffer) {
  Harness harness(config_of(0, 0, 1));
  harness.finish({});
  EXPECT_TRUE(harness.buffers().empty());
}

TEST(Assembler, SaysWhichBackendsAndWhetherAllIsGap) {
  for (const int frames : {4, 60}) {
    Harness harness(config_of(frames, frames, frames));
    harness.compute(frames, 1, "npu", true);
    harness.compute(frames + frames / 2, 1, "npu", true);
    harness.compute(2 * frames, 1, "software", false);
    harness.compute(3 * frames, 1, "software", true);
    ASSERT_EQ(harness.buffers().size(), 3U);
    EXPECT_STREQ(harness.buffers()[0].output.backend, "npu");
    EXPECT_TRUE(harness.buffers()[0].output.silent);
    EXPECT_STREQ(harness.buffers()[1].output.backend, "mixed");
    EXPECT_FALSE(harness.buffers()[1].output.silent);
    EXPECT_STREQ(harness.buffers()[2].output.backend, "software");
    EXPECT_TRUE(harness.buffers()[2].output.silent);
  }
}

TEST(Assembler, AWholeStreamSaysWhereTheRowsThatAreSentComeFrom) {
  Harness harness(config_of(0, 0, 1));
  harness.compute(10, 3, "npu", true);
  harness.compute(12, 3, "software", false);
  harness.finish({.rows = 12, .valid = 12, .total = 12, .dropped = 2});
  ASSERT_EQ(places(harness), (std::vector<Place>{{0, 10}}));
  EXPECT_STREQ(harness.buffers()[0].output.backend, "npu");
  EXPECT_TRUE(harness.buffers()[0].output.silent);

  Harness longer(config_of(0, 0, 1));
  longer.compute(10, 3, "npu", true);
  longer.compute(12, 3, "software", true);
  longer.compute(13, 3, "npu", false);
  longer.finish({.rows = 13, .valid = 13, .total = 13});
  ASSERT_EQ(longer.buffers().size(), 1U);
  EXPECT_STREQ(longer.buffers()[0].output.backend, "mixed");
  EXPECT_FALSE(longer.buffers()[0].output.silent);
}

/// As in a live stream of small buffers: where a batch is one buffer its rows are not copied, and
/// batches before and after it may be anything.
TEST(Assembler, ABatchThatIsOneBufferIsWrittenIntoIt) {
  for (const Layout layout : {Layout::frame_major, Layout::mel_major}) {
    Assembler::Config config = config_of(4, 4, 4);
    config.layout = layout;
    Harness harness(config);
    Assembler& assembler = harness.assembler();
    int64_t next = 0;
    int written = 0;
    for (const int count : {4, 10, 2, 4, 4, 3, 1, 8, 4}) {
      RowSink rows;
      ASSERT_EQ(assembler.sink(next, count, rows), GST_FLOW_OK);
      auto* out = static_cast<float*>(rows.data);
      for (int i = 0; i < count; ++i)
        for (int mel = 0; mel < kMels; ++mel)
          out[i * rows.frame_stride + mel * rows.mel_stride] = value(next + i, mel);
      assembler.commit(next, count, value(next + count - 1, kMels - 1), "software", {});
      const bool whole = next % 4 == 0 && count == 4;
      for (int64_t end = next + count; (written + 1) * 4 <= end; ++written) {
        Output output;
        ASSERT_EQ(assembler.take(output), GST_FLOW_OK);
        ASSERT_TRUE(output.buffer);
        EXPECT_EQ(output.start, written * 4);
        EXPECT_EQ(output.log_max, value(written * 4 + 3, kMels - 1));
        GstMapInfo map;
        ASSERT_TRUE(gst_buffer_map(output.buffer.get(), &map, GST_MAP_READ));
        EXPECT_EQ(map.data == static_cast<const void*>(out), whole) << next << "+" << count;
        const auto* values = reinterpret_cast<const float*>(map.data);
        EXPECT_EQ(std::vector<float>(values, values + map.size / sizeof *values),
                  layout == Layout::frame_major ? frame_major(output.start, 4)
                                                : mel_major(output.start, 4));
        gst_buffer_unmap(output.buffer.get(), &map);
      }
      Output none;
      ASSERT_EQ(assembler.take(none), GST_FLOW_OK);
      EXPECT_FALSE(none.buffer);
      next += count;
    }
    EXPECT_EQ(written, 10);
  }
}

TEST(Assembler, HalfFloats) {
  for (const int frames : {4, 60}) {
    Assembler::Config config = config_of(frames, frames, frames);
    config.type = ElementType::f16;
    config.layout = Layout::mel_major;
    Harness harness(config);
    harness.compute(frames);
    ASSERT_EQ(harness.buffers().size(), 1U);
    std::vector<float> expected;
    for (const float number : mel_major(0, frames)) expected.push_back(half_bits(number));
    EXPECT_EQ(harness.buffers()[0].values, expected);
  }
}

/// Clamps below the maximum minus 8, then (x + 4) / 4: whisper's.
Assembler::Config normalizing(int frames, NormalizeMode mode) {
  Assembler::Config config = config_of(frames, frames, frames);
  config.mode = mode;
  config.normalization = resolve(Preset::whisper80, {}, 16000).normalization;
  return config;
}

/// The least value of a buffer: what is clamped below its maximum.
float least(const Harness::Buffer& buffer) {
  return *std::min_element(buffer.values.begin(), buffer.values.end());
}

TEST(Assembler, TailSilenceCountsForTheMaximumOfTheLastBuffer) {
  for (const int frames : {4, 60}) {
    Harness harness(normalizing(frames, NormalizeMode::buffer));
    harness.compute(frames);
    EXPECT_EQ(harness.buffers().size(), 1U);
    harness.compute(2 * frames - 1);
    harness.finish({.rows = 2 * frames, .valid = 2 * frames, .total = 2 * frames + 10});
    ASSERT_EQ(harness.buffers().size(), 2U);
    EXPECT_EQ(harness.buffers()[0].output.log_max, value(frames - 1, kMels - 1));
    EXPECT_EQ(harness.buffers()[1].output.log_max, value(2 * frames + 9, kMels - 1));
    const float floor = (value(2 * frames + 9, kMels - 1) - 8 + 4) / 4;
    EXPECT_EQ(least(harness.buffers()[1]), std::max(floor, (value(frames, 0) + 4) / 4));
  }
}

TEST(Assembler, ARunningMaximumStaysAndAFixedOneIsGiven) {
  Harness running(normalizing(60, NormalizeMode::running), -1);
  running.compute(120);
  ASSERT_EQ(running.buffers().size(), 2U);
  const double first = value(0, kMels - 1);  // rows become smaller: it stays the largest
  EXPECT_EQ(least(running.buffers()[1]), static_cast<float>((first - 8 + 4) / 4));

  Assembler::Config config = normalizing(60, NormalizeMode::fixed);
  config.fixed_max = 100;
  Harness fixed(config);
  fixed.compute(60);
  ASSERT_EQ(fixed.buffers().size(), 1U);
  EXPECT_EQ(least(fixed.buffers()[0]), (100.0F - 8 + 4) / 4);
}

TEST(Assembler, PlansBatchesAlongBuffers) {
  OutputPool pool([] { return PoolPtr(); });
  Assembler assembler(pool);
  assembler.configure(config_of(60, 60, 60));
  EXPECT_EQ(assembler.limit(0), 60);  // in place: not beyond the buffer being written
  EXPECT_EQ(assembler.limit(45), 15);
  EXPECT_EQ(assembler.early(0, 59), 0);
  EXPECT_EQ(assembler.early(45, 15), 15);
  EXPECT_FALSE(assembler.complete_with(59));
  EXPECT_TRUE(assembler.complete_with(60));
  assembler.configure(config_of(4, 4, 4));
  EXPECT_EQ(assembler.limit(0), 100);  // 25 buffers in one batch
  EXPECT_EQ(assembler.limit(2), 98);
  EXPECT_EQ(assembler.early(2, 7), 6);
  Assembler::Config small = config_of(4, 4, 4);
  small.batch_frames = 16;
  assembler.configure(small);
  EXPECT_EQ(assembler.limit(0), 16);
  EXPECT_EQ(assembler.limit(2), 14);
  assembler.configure(config_of(300, 300, 300));
  EXPECT_EQ(assembler.limit(0), 100);
  EXPECT_EQ(assembler.limit(250), 50);
  assembler.configure(config_of(0, 0, 1));
  EXPECT_EQ(assembler.limit(7), 100);
  EXPECT_EQ(assembler.early(7, 100), 0);
  EXPECT_FALSE(assembler.complete_with(1000));
  assembler.finish({.rows = 20, .valid = 20, .total = 50});
  EXPECT_EQ(assembler.limit(7), 13);
  EXPECT_EQ(assembler.limit(20), 30);
}

// Runs of the NPU cost the same whatever they hold: batches of streams that are not live are full.
TEST(Assembler, full_batches_give_the_same_buffers_whatever_the_shape) {
  for (const bool mel : {false, true})
    for (const Shape& shape :
         {Shape{1, 1, 1}, Shape{30, 30, 30}, Shape{60, 60, 60}, Shape{99, 99, 99},
          Shape{100, 100, 100}, Shape{100, 50, 100}, Shape{150, 150, 150}, Shape{300, 300, 300},
          Shape{250, 100, 250}, Shape{120, 120, 40}}) {
      Assembler::Config config = config_of(shape.frames, shape.first, shape.stride);
      if (mel) config.layout = Layout::mel_major;
      Harness plain(config);
      config.full_batches = true;
      Harness full(config);
      for (const int64_t first : {0, 100, 200, 300})
        EXPECT_EQ(full.assembler().limit(first), kBatchFrames) << shape.frames;
      plain.compute(700);
      full.compute(700);
      plain.finish({700, 700, 700});
      full.finish({700, 700, 700});
      ASSERT_EQ(plain.buffers().size(), full.buffers().size()) << shape.frames;
      for (size_t i = 0; i < plain.buffers().size(); ++i)
        EXPECT_EQ(plain.buffers()[i].values, full.buffers()[i].values)
            << shape.frames << ", buffer " << i;
    }
}

}  // namespace
}  // namespace npumel
