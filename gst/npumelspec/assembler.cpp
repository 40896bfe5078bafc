// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows of computed batches become output buffers: overlap, normalisation, layout, endings.
#include "gst/npumelspec/assembler.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "kernels/mel/half.h"

namespace npumel {
namespace {

constexpr double lowest = -std::numeric_limits<double>::infinity();

enum Tag : uint8_t { silent_tag = 1, software_tag = 2, npu_tag = 4 };

const char* backend_of(uint8_t tags_any) {
  const bool npu = (tags_any & npu_tag) != 0;
  const bool software = (tags_any & software_tag) != 0;
  return npu && software ? "mixed" : npu ? "npu" : "software";
}

/// Eight accumulators, so that the comparison's latency does not set the pace.
float largest(const float* values, int64_t count) {
  constexpr int64_t lanes = 8;
  float best[lanes];
  std::fill_n(best, lanes, -std::numeric_limits<float>::infinity());
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (int64_t lane = 0; lane < lanes; ++lane)
      best[lane] = values[i + lane] > best[lane] ? values[i + lane] : best[lane];
  for (; i < count; ++i) best[0] = std::max(best[0], values[i]);
  return *std::max_element(best, best + lanes);
}

/// Floats become float16 in place.
void halve(uint8_t* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    float value = 0;
    std::memcpy(&value, values + i * 4, sizeof value);
    const uint16_t half = half_bits(value);
    std::memcpy(values + i * 2, &half, sizeof half);
  }
}

}  // namespace

void Assembler::configure(const Config& config) {
  reset();
  config_ = config;
  const Shape& shape = config.shape;
  const bool normalizes_half = config.type == ElementType::f16 && normalizes();
  const bool begins_inside =
      config.full_batches && (shape.frames % kBatchFrames != 0 || shape.first % kBatchFrames != 0);
  may_be_direct_ = !shape.whole() && shape.stride == shape.frames && !normalizes_half;
  direct_ = may_be_direct_ && 2 * shape.frames > kBatchFrames && !begins_inside;
  const int longest = std::max(shape.frames, shape.first);
  const bool stores = !direct_ && !shape.whole();
  // Buffers that do not overlap leave nothing behind: their rows are never moved.
  const int room = (shape.stride == shape.frames ? 1 : 2) * (longest + config.batch_frames);
  if (stores) store_.configure(config.mels, room);
  // Rows of tail silence come at the end of a stream only: room for them is made then.
  if (stores && normalizes())
    scratch_.reserve(static_cast<size_t>(config.mels) * static_cast<size_t>(longest));
}

void Assembler::reset() noexcept {
  current_.reset();
  store_.reset();
  whole_.reset();
  whole_tags_.clear();
  done_ = 0;
  buffers_ = 0;
  finished_ = false;
  ending_ = {};
  tail_maximum_ = lowest;
  running_maximum_ = lowest;
  maximum_ = lowest;
  tags_all_ = 0xff;
  tags_any_ = 0;
}

size_t Assembler::bytes(int64_t rows) const noexcept {
  return static_cast<size_t>(rows) * static_cast<size_t>(config_.mels) * size_of(config_.type);
}

int Assembler::limit(int64_t first) const noexcept {
  const Shape& shape = config_.shape;
  int64_t end = first + config_.batch_frames;
  if (!shape.whole() && !config_.full_batches) {
    const int64_t last = shape.buffer_of(end);  // the first buffer that does not end inside
    if (last > shape.buffer_of(first))
      end = shape.end(last - 1);
    else
      end = std::min(end, shape.end(last));
    if (direct_) end = std::min(end, shape.end(shape.buffer_of(first)));
  }
  if (finished_) end = std::min(end, first < ending_.rows ? ending_.rows : ending_.total);
  return static_cast<int>(std::max<int64_t>(end - first, 1));
}

int Assembler::early(int64_t first, int ready) const noexcept {
  if (config_.shape.whole()) return 0;
  return static_cast<int>(std::max<int64_t>(covered(first + ready) - first, 0));
}

int64_t Assembler::covered(int64_t frames) const noexcept {
  const Shape& shape = config_.shape;
  if (shape.whole()) return 0;
  const int64_t complete = shape.buffer_of(frames);
  return complete == 0 ? 0 : shape.end(complete - 1);
}

bool Assembler::complete_with(int64_t frames) const noexcept {
  return !config_.shape.whole() && config_.shape.end(buffers_) <= frames;
}

void Assembler::finish(const Ending& ending) noexcept {
  finished_ = true;
  ending_ = ending;
}

GstFlowReturn Assembler::sink(int64_t first, int count, RowSink& rows) {
  const int mels = config_.mels;
  if (finished_ && first >= ending_.rows) {  // only their maximum counts
    scratch_.resize(static_cast<size_t>(count) * static_cast<size_t>(mels));
    rows = {scratch_.data(), ElementType::f32, mels, 1};
    return GST_FLOW_OK;
  }
  if (config_.shape.whole()) {
    rows = {whole_.append(static_cast<size_t>(count) * whole_width()), whole_type(), mels, 1};
    return GST_FLOW_OK;
  }
  if (!direct_ && !current_ && !fills_a_buffer(first, count)) {
    rows = {store_.append(count), ElementType::f32, mels, 1};
    return GST_FLOW_OK;
  }
  const Shape& shape = config_.shape;
  const int64_t index = shape.buffer_of(first);
  const int64_t planned = shape.end(index) - shape.start(index);
  if (!current_) {
    const GstFlowReturn flow = pool_.acquire(bytes(planned), current_);
    if (flow != GST_FLOW_OK) return flow;
  }
  const bool frame_major = config_.layout == Layout::frame_major;
  const RowSink whole{current_.data(), config_.type, frame_major ? mels : 1,
                      frame_major ? 1 : planned};
  rows = whole.at(first - shape.start(index));
  return GST_FLOW_OK;
}

/// Where batches may hold more or less than one buffer: whether this one is exactly the next
/// buffer, as in a live stream. All frames before it have been sent then.
bool Assembler::fills_a_buffer(int64_t first, int count) const noexcept {
  const Shape& shape = config_.shape;
  return may_be_direct_ && !finished_ && shape.start(buffers_) == first &&
         shape.end(buffers_) == first + count;
}

bool Assembler::is_a_buffer(int64_t first, int count) const noexcept {
  const Shape& shape = config_.shape;
  if (!direct_ || normalizes() || config_.type != ElementType::f32 ||
      config_.layout != Layout::frame_major || (finished_ && first >= ending_.rows))
    return false;
  const int64_t index = shape.buffer_of(first);
  return shape.start(index) == first && shape.end(index) == first + count;
}

void Assembler::adopt(BufferPtr buffer) {
  current_ = MappedBuffer(std::move(buffer), GST_MAP_WRITE);
}

void Assembler::commit(int64_t first, int count, double maximum, const char* backend,
                       const std::bitset<kBatchFrames>& silent) {
  if (finished_ && first >= ending_.rows) {
    tail_maximum_ = std::max(tail_maximum_, maximum);
    done_ = first + count;
    return;
  }
  const bool whole = config_.shape.whole();
  const bool stored = !direct_ && !whole && !current_;
  const uint8_t origin = std::string_view(backend) == "npu" ? npu_tag : software_tag;
  for (int i = 0; i < count; ++i) {
    const uint8_t tag = origin | (silent[static_cast<size_t>(i)] ? silent_tag : 0);
    if (stored) {
      store_.tag(first + i) = tag;
      continue;
    }
    tags_all_ &= tag;
    tags_any_ |= tag;
    if (whole && (whole_tags_.empty() || whole_tags_.back().tag != tag))
      whole_tags_.push_back({first + i, tag});
  }
  if (!stored) maximum_ = std::max(maximum_, maximum);
  done_ = first + count;
  if (!direct_ && current_) store_.restart(done_);
}

bool Assembler::next_block(Block& block) const noexcept {
  const Shape& shape = config_.shape;
  if (!shape.whole() && shape.end(buffers_) <= (finished_ ? ending_.valid : done_)) {
    const int64_t end = shape.end(buffers_);
    block.start = shape.start(buffers_);
    block.rows = block.valid = static_cast<int>(end - block.start);
    // The last buffer waits for the tail: its maximum counts there.
    const bool last = finished_ && end == ending_.rows;
    return done_ >= (last ? ending_.total : end);
  }
  if (!finished_ || done_ < ending_.total) return false;
  const int64_t sent = shape.whole() || buffers_ == 0 ? 0 : shape.end(buffers_ - 1);
  if (shape.whole() ? buffers_ > 0 || ending_.rows - ending_.dropped + ending_.zero_rows == 0
                    : ending_.rows <= sent)
    return false;
  block.start = shape.whole() ? 0 : shape.start(buffers_);
  block.rows = static_cast<int>(ending_.rows - ending_.dropped - block.start);
  block.valid = static_cast<int>(std::max<int64_t>(ending_.valid - block.start, 0));
  return true;
}

GstFlowReturn Assembler::take(Output& output) {
  output = {};
  Block block;
  if (!next_block(block)) return GST_FLOW_OK;
  output.start = block.start;
  const GstFlowReturn flow = config_.shape.whole() ? take_whole(block, output)
                             : direct_ || current_ ? take_direct(block, output)
                                                   : take_stored(block, output);
  if (flow == GST_FLOW_OK) ++buffers_;
  return flow;
}

GstFlowReturn Assembler::take_direct(const Block& complete, Output& output) {
  Block block = complete;
  const Shape& shape = config_.shape;
  const bool frame_major = config_.layout == Layout::frame_major;
  const int64_t planned = shape.end(buffers_) - block.start;
  if (!frame_major && block.rows < planned) {
    uint8_t* data = current_.data();
    const size_t width = bytes(1) / static_cast<size_t>(config_.mels);
    for (int64_t mel = 1; mel < config_.mels; ++mel)
      std::memmove(data + static_cast<size_t>(mel * block.rows) * width,
                   data + static_cast<size_t>(mel * planned) * width,
                   static_cast<size_t>(block.rows) * width);
  }
  block.maximum = std::max(maximum_, tail_maximum_);
  if (normalizes()) {
    normalize_rows({reinterpret_cast<float*>(current_.data()), block.rows, config_.mels,
                    frame_major ? config_.mels : 1, frame_major ? 1 : block.rows},
                   block);
  }
  output.buffer = current_.release();
  if (block.rows < planned)
    gst_buffer_set_size(output.buffer.get(), static_cast<gssize>(bytes(block.rows)));
  describe(block, tags_all_, tags_any_, output);
  maximum_ = lowest;
  tags_all_ = 0xff;
  tags_any_ = 0;
  return GST_FLOW_OK;
}

void Assembler::describe(const Block& block, uint8_t all, uint8_t any, Output& output) {
  output.rows = block.rows;
  output.valid = block.valid;
  output.log_max = block.maximum;
  output.backend = backend_of(any);
  output.silent = (all & silent_tag) != 0;
}

GstFlowReturn Assembler::take_stored(const Block& complete, Output& output) {
  Block block = complete;
  const int64_t values = int64_t{block.rows} * config_.mels;
  float* rows = store_.row(block.start);
  block.maximum = std::max<double>(largest(rows, values), tail_maximum_);
  uint8_t all = 0xff;
  uint8_t any = 0;
  for (int i = 0; i < block.rows; ++i) {
    all &= store_.tag(block.start + i);
    any |= store_.tag(block.start + i);
  }
  if (normalizes()) {  // overlapping buffers need the raw rows again
    scratch_.assign(rows, rows + values);
    rows = scratch_.data();
    normalize_rows({rows, block.rows, config_.mels, config_.mels, 1}, block);
  }

  MappedBuffer buffer;
  const GstFlowReturn flow = pool_.acquire(bytes(block.rows), buffer);
  if (flow != GST_FLOW_OK) return flow;
  write(buffer.data(), rows, block.rows);
  store_.drop_before(config_.shape.start(buffers_ + 1));

  output.buffer = buffer.release();
  describe(block, all, any, output);
  return GST_FLOW_OK;
}

ElementType Assembler::whole_type() const noexcept {
  return config_.layout == Layout::frame_major && !normalizes() ? config_.type : ElementType::f32;
}

size_t Assembler::whole_width() const noexcept {
  return static_cast<size_t>(config_.mels) * size_of(whole_type());
}

GstFlowReturn Assembler::take_whole(const Block& complete, Output& output) {
  Block block = complete;
  block.maximum = std::max(maximum_, tail_maximum_);  // also of rows that are not sent
  uint8_t all = 0xff;
  uint8_t any = 0;
  for (const TagRun& run : whole_tags_) {
    if (run.first >= block.rows) break;  // rows that count for the maximum but are not sent
    all &= run.tag;
    any |= run.tag;
  }
  if (normalizes())
    normalize_rows(
        {reinterpret_cast<float*>(whole_.data()), block.rows, config_.mels, config_.mels, 1},
        block);
  whole_.resize(static_cast<size_t>(block.rows) * whole_width());
  if (ending_.zero_rows > 0) {
    const size_t zeros = static_cast<size_t>(ending_.zero_rows) * whole_width();
    std::memset(whole_.append(zeros), 0, zeros);
    block.rows += static_cast<int>(ending_.zero_rows);
  }

  if (config_.layout == Layout::mel_major) {
    MappedBuffer buffer;
    const GstFlowReturn flow = pool_.acquire(bytes(block.rows), buffer);
    if (flow != GST_FLOW_OK) return flow;
    write(buffer.data(), reinterpret_cast<const float*>(whole_.data()), block.rows);
    output.buffer = buffer.release();
    whole_.reset();
  } else {
    if (whole_type() != config_.type) {
      halve(whole_.data(), int64_t{block.rows} * config_.mels);
      whole_.resize(bytes(block.rows));
    }
    output.buffer.reset(gst_buffer_new());
    gst_buffer_append_memory(output.buffer.get(), whole_.release().release());
  }
  describe(block, all, any, output);
  return GST_FLOW_OK;
}

void Assembler::normalize_rows(const RowBlock& rows, const Block& block) {
  Normalization normalization = config_.normalization;
  double maximum = block.maximum;
  if (config_.mode != NormalizeMode::buffer) {  // the maximum is given, whatever was published
    running_maximum_ = std::max(running_maximum_, maximum);
    maximum = config_.mode == NormalizeMode::running ? running_maximum_ : config_.fixed_max;
    normalization.clamp = Normalization::Clamp::maximum;
  }
  // A clip that is one buffer is normalised over all its rows, padded ones included.
  normalize(normalization, rows, config_.shape.whole() ? block.rows : block.valid, maximum);
}

void Assembler::write(void* target, const float* rows, int count) const {
  const int mels = config_.mels;
  const bool frame_major = config_.layout == Layout::frame_major;
  if (config_.type == ElementType::f32) {
    auto* out = static_cast<float*>(target);
    if (frame_major) {
      std::memcpy(out, rows, bytes(count));
      return;
    }
    for (int mel = 0; mel < mels; ++mel)
      for (int64_t i = 0; i < count; ++i) *out++ = rows[i * mels + mel];
    return;
  }
  auto* out = static_cast<uint16_t*>(target);
  if (frame_major) {
    std::transform(rows, rows + static_cast<int64_t>(count) * mels, out, half_bits);
    return;
  }
  for (int mel = 0; mel < mels; ++mel)
    for (int64_t i = 0; i < count; ++i) *out++ = half_bits(rows[i * mels + mel]);
}

}  // namespace npumel
