// SPDX-License-Identifier: LGPL-2.1-or-later
// From input caps to the transform's input, its output caps and the shape of its buffers.
#include "gst/meltransform/source.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "kernels/mel/sha256.h"

namespace npumel {
namespace {

std::string text_in(const Fields& fields, std::string_view field) {
  const auto found = fields.find(field);
  if (found == fields.end()) return "";
  const std::string* text = std::get_if<std::string>(&found->second);
  return text != nullptr ? *text : "";
}

const Fields& fields_of(const RowInfo& info) {
  return info.mel() != nullptr ? info.mel()->definition : info.features()->more;
}

TransformInput input_of(const RowInfo& info) {
  TransformInput input;
  const std::string energy = text_in(fields_of(info), "energy");
  const std::string log = text_in(fields_of(info), "log");
  input.dims = info.width();
  input.rate = info.rate();
  input.hop_length = info.hop();
  input.energy = !energy.empty() && energy != "none";
  // Caps that say nothing about the logarithm are taken at the user's word.
  input.logarithm = !log.empty() && log != "none";
  if (info.features() != nullptr && !info.features()->kind.empty())
    input.kind = info.features()->kind;
  return input;
}

/// One id for all that happened: the same transforms in the same order, and nothing else.
std::string chained_id(const RowInfo& info, const TransformRecipe& recipe) {
  const FeatureInfo* features = info.features();
  if (features == nullptr || features->transform_id.empty()) return transform_id(recipe);
  return sha256_hex("after=" + features->transform_id + "\n" + canonical_text(recipe))
      .substr(0, 16);
}

[[noreturn]] void refuse(const std::string& reason) { throw std::invalid_argument(reason); }

/// A pool allocates two buffers: 256 MiB each are more than anybody wants.
constexpr int64_t kMostValues = int64_t{1} << 26;
/// Phases of two grids that are looked at one by one: all of npumelspec's.
constexpr int64_t kMostPhases = 3000;

}  // namespace

Source::Source(RowInfo rows) : info(std::move(rows)), input(input_of(info)) {}

int Source::frames() const {
  const int64_t stride = info.stride();
  // A short buffer keeps the frame rate of the others.
  return info.frames() > 0 && stride > info.frames() ? static_cast<int>(stride) : info.frames();
}

bool Source::same_stream(const RowInfo& next) const {
  return info.frames() > 0 && next.frames() > 0 && info.same_features(next) &&
         info.buffers_n() == next.buffers_n() && info.buffers_d() == next.buffers_d();
}

bool rows_are_independent(const TransformRecipe& recipe) {
  const bool cmvn = recipe.cmvn == CmvnType::none || recipe.cmvn == CmvnType::global;
  return cmvn && !recipe.has(TransformStep::pcen) && !recipe.has(TransformStep::deltas) &&
         !recipe.has(TransformStep::stack);
}

Mode choose_mode(const TransformRecipe& recipe, const Source& source) {
  const bool clips = source.info.frames() == 0;
  const std::string normalize = text_in(fields_of(source.info), "normalize");
  if (!clips && recipe.needs_clip())
    refuse("cmvn=clip needs the mean of the whole clip, and these rows come in buffers of " +
           std::to_string(source.frames()) +
           " frames: set frames=0 on npumelspec, or use cmvn=sliding or online");
  if (!clips && normalize == "buffer" && recipe.has(TransformStep::dct) &&
      text_in(fields_of(source.info), "log") == "db")
    refuse(
        "these dB were clamped below the maximum of each buffer (normalize=buffer), and the "
        "cepstra of a clip need the maximum of the clip: set frames=0 on npumelspec");
  if (recipe.has(TransformStep::pcen) && (source.input.rate <= 0 || source.input.hop_length <= 0))
    refuse("pcen needs to know how far rows are apart: the caps lack rate or hop-length");
  if (clips || rows_are_independent(recipe)) return Mode::alone;
  if (source.info.overlaps())
    refuse("buffers of " + std::to_string(source.info.frames()) + " frames come " +
           std::to_string(source.info.stride()) +
           " frames apart, so that rows come twice: set stride=0 on npumelspec");
  if (source.input.rate <= 0 || source.input.hop_length <= 0)
    refuse("the caps lack rate or hop-length: rows would have no time");
  return Mode::stream;
}

FeatureInfo features_of(const TransformRecipe& recipe, const Source& source) {
  const RowInfo& info = source.info;
  const TransformOutput output = check_transform(recipe, source.input);
  FeatureInfo features;
  features.type = info.type();
  features.layout = info.layout();
  features.dims = output.dims;
  features.kind = output.kind;
  features.rate = info.rate();
  features.hop_length = info.hop() > 0 ? output.hop_length : 0;
  const Fields& fields = fields_of(info);
  features.recipe_id =
      info.mel() != nullptr ? text_in(fields, "recipe-id") : info.features()->recipe_id;
  features.transform_id = chained_id(info, recipe);
  for (const char* field : {"log", "normalize"}) {
    const std::string value = text_in(fields, field);
    if (!value.empty()) features.more.emplace(field, value);
  }
  // It stays in front of the row until cepstra take it up or rows are joined.
  if (source.input.energy && !recipe.has(TransformStep::dct) &&
      !recipe.has(TransformStep::deltas) && !recipe.has(TransformStep::stack))
    features.more.emplace("energy", text_in(fields, "energy"));

  features.frames = info.frames();
  if (choose_mode(recipe, source) == Mode::alone) {
    features.buffers_n = info.buffers_n();
    features.buffers_d = info.buffers_d();
  } else {
    features.frames = std::max(1, source.frames() / recipe.stride());
    const int64_t between = int64_t{features.hop_length} * features.frames;
    const int64_t divisor = std::gcd(int64_t{info.rate()}, between);
    if (between / divisor <= std::numeric_limits<int>::max()) {
      features.buffers_n = static_cast<int>(info.rate() / divisor);
      features.buffers_d = static_cast<int>(between / divisor);
    }
  }
  if (int64_t{features.frames} * features.dims > kMostValues)
    refuse("buffers of " + std::to_string(features.frames) + " rows of " +
           std::to_string(features.dims) + " values are too large: set fewer frames on npumelspec");
  return features;
}

Blocks plan_blocks(const Transformer& transformer, int stride, int frames) {
  Blocks blocks;
  blocks.rows = std::max(1, frames / stride);
  const int64_t step = int64_t{blocks.rows} * stride;
  const auto waits = [&](int64_t k) {
    const int64_t needed = transformer.rows_for((k + 1) * blocks.rows);
    const int64_t arrives = (needed - 1) / frames * frames;
    return arrives - k * step;
  };
  // At the start rows may wait longer than later; then the phase of the two grids repeats.
  const int64_t period = frames / std::gcd(step, int64_t{frames});
  const int64_t reach = transformer.output().reach;
  if (period > kMostPhases) {
    blocks.latency_rows = step - stride + reach;  // no phase waits longer
    return blocks;
  }
  const int64_t settled = reach / step + 1;
  for (const int64_t begin : {int64_t{0}, settled})
    for (int64_t k = begin; k <= begin + period; ++k)
      blocks.latency_rows = std::max(blocks.latency_rows, waits(k));
  return blocks;
}

}  // namespace npumel
