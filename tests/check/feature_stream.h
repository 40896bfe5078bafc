// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows into meltransform by hand, everything that leaves it in order, and what should have.
#pragma once

#include <algorithm>

#include "kernels/mel/half.h"
#include "kernels/transform/transform.h"
#include "tests/check/element_stream.h"

namespace npumel::check {

/// Rows that come in: caps and values that depend on the row and the column alone.
struct RowsIn {
  int mels = 4;
  int frames = 10;  ///< of a buffer; 0 = clips
  int rate = 16000;
  int hop = 160;
  std::string more = "log=ln,normalize=none";

  std::string caps(int frames_now) const {
    const int divisor = frames > 0 ? frames : 1;
    return "audio/x-mel-spectrogram,format=F32LE,layout=frame-major,mels=" + std::to_string(mels) +
           ",frames=" + std::to_string(frames_now) + ",rate=" + std::to_string(rate) +
           ",channels=1,hop-length=" + std::to_string(hop) +
           ",framerate=" + (frames > 0 ? std::to_string(rate) : std::string("0")) + "/" +
           std::to_string(frames > 0 ? hop * divisor : 1) + (more.empty() ? "" : "," + more);
  }
  std::string caps() const { return caps(frames); }

  std::vector<float> rows(int64_t first, int64_t count) const {
    std::vector<float> values;
    for (int64_t t = first; t < first + count; ++t)
      for (int m = 0; m < mels; ++m) {
        const auto mixed = static_cast<uint32_t>(t * 2654435761 + m * 40503 + 12345);
        const auto scattered = static_cast<float>((mixed ^ mixed >> 15) % 2000) / 100 - 10;
        values.push_back(scattered + static_cast<float>(t % 50) / 4);
      }
    return values;
  }
  GstClockTime time(int64_t row) const {
    return gst_util_uint64_scale(static_cast<guint64>(row * hop), GST_SECOND,
                                 static_cast<guint64>(rate));
  }
};

/// meltransform between two pads. PROPERTIES as in a launch line.
class FeatureStream : public ElementStream {
 public:
  explicit FeatureStream(const std::string& properties, const std::string& element = "meltransform")
      : ElementStream(element, properties) {}
  FeatureStream(const std::string& properties, const RowsIn& rows) : FeatureStream(properties) {
    set_caps(rows.caps());
  }

  void set_caps(const std::string& caps) { gst_harness_set_src_caps_str(harness(), caps.c_str()); }

  using ElementStream::push;
  /// Rows FIRST to FIRST+COUNT of ROWS, with time and offsets as npumelspec gives them.
  GstFlowReturn push(const RowsIn& rows, int64_t first, int64_t count, guint flags = 0,
                     int64_t start = 0) {
    GstBuffer* buffer = buffer_of(rows.rows(first, count));
    GST_BUFFER_PTS(buffer) = rows.time(first);
    GST_BUFFER_DURATION(buffer) = rows.time(first + count) - rows.time(first);
    GST_BUFFER_OFFSET(buffer) = static_cast<guint64>(first - start);
    GST_BUFFER_OFFSET_END(buffer) = static_cast<guint64>(first - start + count);
    GST_BUFFER_FLAGS(buffer) |= flags;
    return push(buffer);
  }
  /// Rows FROM to TO in buffers of rows.frames, a short last one with caps of its own.
  GstFlowReturn push_all(const RowsIn& rows, int64_t from, int64_t to) {
    for (int64_t first = from; first < to; first += rows.frames) {
      const int64_t count = std::min<int64_t>(rows.frames, to - first);
      if (count != rows.frames) set_caps(rows.caps(static_cast<int>(count)));
      const GstFlowReturn flow =
          push(rows, first, count, first == from ? GST_BUFFER_FLAG_DISCONT : 0, from);
      if (flow != GST_FLOW_OK) return flow;
    }
    return GST_FLOW_OK;
  }

  /// The valid float32 rows of all buffers, one after the other.
  std::vector<float> rows() const {
    std::vector<float> result;
    for (const Received* buffer : buffers()) {
      const std::vector<float> all = buffer->rows();
      const auto valid = static_cast<size_t>(buffer->valid_frames * buffer->integer("dims"));
      fail_unless(buffer->has_meta && valid <= all.size());
      result.insert(result.end(), all.begin(), all.begin() + static_cast<std::ptrdiff_t>(valid));
    }
    return result;
  }
};

/// Rows of a received buffer of features.
inline int rows_of(const Received& buffer) {
  const size_t size = buffer.text("format") == "F16LE" ? 2 : 4;
  return static_cast<int>(buffer.bytes.size() / size) / buffer.integer("dims");
}

/// A transform in the words of a launch line and as a recipe.
struct Transform {
  const char* properties;
  TransformOverrides overrides;
  TransformPreset preset = TransformPreset::none;

  TransformRecipe recipe() const { return resolve_transform(preset, overrides); }
};

/// What the arithmetic alone makes of rows, in one go.
inline std::vector<float> one_shot(const TransformRecipe& recipe, const RowsIn& rows, int64_t first,
                                   int64_t count) {
  TransformInput input;
  input.dims = rows.mels;
  input.rate = rows.rate;
  input.hop_length = rows.hop;
  input.logarithm = rows.more.find("log=none") == std::string::npos;
  Transformer transformer(recipe, input);
  const std::vector<float> values = rows.rows(first, count);
  const auto width = static_cast<size_t>(transformer.output().dims);
  std::vector<float> out(static_cast<size_t>(transformed_rows(recipe, count)) * width);
  const auto made = static_cast<size_t>(transformer.push(values, out)) * width;
  const auto rest = static_cast<size_t>(transformer.drain(std::span(out).subspan(made))) * width;
  fail_unless(made + rest == out.size());
  out.resize(static_cast<size_t>(transformed_valid_rows(recipe, count)) * width);
  return out;
}

/// One of each kind that streams.
inline std::vector<Transform> streaming_transforms() {
  TransformOverrides deltas, torchaudio, librosa, splice, sliding, centered, online, all;
  deltas.deltas = torchaudio.deltas = librosa.deltas = all.deltas = 2;
  torchaudio.delta_rule = DeltaRule::torchaudio;
  librosa.delta_rule = DeltaRule::librosa;
  splice.stack_left = splice.stack_right = 2;
  splice.stack_stride = 1;
  sliding.cmvn = centered.cmvn = all.cmvn = CmvnType::sliding;
  sliding.cmvn_window = centered.cmvn_window = all.cmvn_window = 20;
  sliding.cmvn_min_window = 12;
  sliding.cmvn_variance = true;
  centered.cmvn_center = true;
  online.cmvn = CmvnType::online;
  online.cmvn_window = 15;
  online.cmvn_global_frames = 0;
  all.dct = DctType::ortho;
  all.coefficients = 3;
  all.stack_left = 1;
  all.stack_right = 2;
  all.stack_stride = 3;
  return {{"deltas=2", deltas},
          {"deltas=2 delta-rule=torchaudio", torchaudio},
          {"deltas=2 delta-rule=librosa", librosa},
          {"stack-left=2 stack-right=2 stack-stride=1", splice},
          {"preset=lfr-funasr", {}, TransformPreset::lfr_funasr},
          {"cmvn=sliding cmvn-window=20 cmvn-min-window=12 cmvn-variance=true", sliding},
          {"cmvn=sliding cmvn-window=20 cmvn-center=true", centered},
          {"cmvn=online cmvn-window=15 cmvn-global-frames=0", online},
          {"dct=ortho coefficients=3 deltas=2 cmvn=sliding cmvn-window=20 stack-left=1 "
           "stack-right=2 stack-stride=3",
           all}};
}

}  // namespace npumel::check
