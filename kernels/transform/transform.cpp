// SPDX-License-Identifier: LGPL-2.1-or-later
// The steps of a recipe in a row: shapes, counts and the stream.
#include "kernels/transform/transform.h"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernels/transform/step.h"

namespace npumel {
namespace {

constexpr int kMostDims = 1 << 20;

struct StepRow {
  TransformStep step;
  const char* name;
  int64_t (*count)(const TransformRecipe&, int64_t, bool);
  void (*shape)(const TransformRecipe&, TransformInput&);
  std::unique_ptr<Step> (*make)(const TransformRecipe&, const TransformInput&);
};

constexpr std::array kStepRows = {
#define TRANSFORM_STEP(name, description) \
  StepRow{TransformStep::name, #name, count_##name, shape_##name, make_##name},
#include "kernels/transform/transform_steps.def"
#undef TRANSFORM_STEP
};

int64_t rows_through(const TransformRecipe& recipe, int64_t rows, bool ended) {
  for (const StepRow& row : kStepRows)
    if (recipe.has(row.step)) rows = row.count(recipe, rows, ended);
  return rows;
}

/// The fewest input rows, above `given`, that make `rows` output rows before the end of the stream;
/// `given` rows are too few. `count` is rows_through() of a stream that goes on.
template <class Count>
int64_t rows_needed(int64_t given, int64_t rows, const Count& count) {
  constexpr int64_t kMost = int64_t{1} << 52;  // counts of it do not overflow
  int64_t low = given;
  int64_t step = 1;
  while (count(low + step) < rows) {
    low += step;
    step *= 2;
    if (step >= kMost) return std::numeric_limits<int64_t>::max();
  }
  int64_t high = low + step;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (count(middle) < rows ? low : high) = middle;
  }
  return high;
}

void check_dims(const TransformInput& rows) {
  if (rows.dims < 1 || rows.dims > kMostDims)
    throw std::invalid_argument("rows of " + std::to_string(rows.dims) + " values: there must be " +
                                "at least 1 and at most " + std::to_string(kMostDims));
}

int64_t smallest_clip_of(const TransformRecipe& recipe) {
  int64_t rows = 1;
  while (rows_through(recipe, rows, true) == 0) ++rows;  // at most a delta window
  return rows;
}

}  // namespace

TransformOutput check_transform(const TransformRecipe& recipe, const TransformInput& input) {
  validate(recipe);
  check_dims(input);
  TransformInput rows = input;
  for (const StepRow& row : kStepRows) {
    if (!recipe.has(row.step)) continue;
    row.shape(recipe, rows);
    check_dims(rows);
    rows.kind += std::string("+") + row.name;
  }
  TransformOutput output;
  output.dims = rows.dims;
  output.hop_length = rows.hop_length;
  output.kind = rows.kind;
  output.reach = recipe.needs_clip() ? 0 : rows_needed(0, 1, [&](int64_t count) {
                                             return rows_through(recipe, count, false);
                                           }) - 1;
  output.smallest_clip = smallest_clip_of(recipe);
  return output;
}

int64_t transformed_rows(const TransformRecipe& recipe, int64_t rows) {
  return rows_through(recipe, std::max<int64_t>(rows, 0), true);
}

int64_t transformed_valid_rows(const TransformRecipe& recipe, int64_t valid) {
  const bool padded = recipe.stack_stride > 0 && recipe.stack_edge == StackEdge::zero;
  // Rows that a stacked row is the first to hold, after its own.
  const int64_t fresh = padded ? std::min(recipe.stack_right, recipe.stack_stride - 1) : 0;
  return transformed_rows(recipe, valid - fresh);
}

/// The steps that are on, and the rows between them.
class Transformer::Chain {
 public:
  Chain(const TransformRecipe& recipe, const TransformInput& input)
      : recipe_(recipe), input_(input), output_(check_transform(recipe, input)) {
    TransformInput rows = input;
    for (const StepRow& row : kStepRows) {
      if (!recipe.has(row.step)) continue;
      Link link;
      link.count = row.count;
      link.dims_in = rows.dims;
      link.step = row.make(recipe, rows);
      row.shape(recipe, rows);
      link.dims_out = rows.dims;
      links_.push_back(std::move(link));
    }
  }

  const TransformOutput& output() const { return output_; }
  int64_t rows_in() const { return in_; }
  int64_t rows_out() const { return out_; }
  int64_t rows_after(int64_t rows) const { return through_links(in_ + rows, false) - out_; }
  int64_t rows_at_end() const { return through_links(in_, true) - out_; }
  int64_t rows_for(int64_t rows) const {
    if (rows <= 0) return 0;
    const int64_t needed = rows_needed(
        in_, out_ + rows, [this](int64_t count) { return through_links(count, false); });
    return needed == std::numeric_limits<int64_t>::max() ? needed : needed - in_;
  }

  int64_t push(std::span<const float> rows, std::span<float> out) {
    const int64_t count = static_cast<int64_t>(rows.size()) / input_.dims;
    const int64_t before = out_;
    if (static_cast<int64_t>(rows.size()) != count * input_.dims)
      throw std::length_error(std::to_string(rows.size()) + " values are no rows of " +
                              std::to_string(input_.dims));
    check_room(rows_after(count), out);
    // In slices that stay in the cache on their way through the steps.
    const int64_t slice = links_.size() < 2 ? count : slice_of(input_.dims);
    float* to = out.data();
    for (int64_t done = 0; done < count; done += slice) {
      const int64_t part = std::min(slice, count - done);
      to = through(0, rows.data() + done * input_.dims, part, to);
      in_ += part;
    }
    return out_ - before;
  }

  int64_t drain(std::span<float> out) {
    const int64_t rest = rows_at_end();
    check_room(rest, out);
    float* to = out.data();
    for (size_t i = 0; i < links_.size(); ++i) {
      Link& link = links_[i];
      const bool last = i + 1 == links_.size();
      const int64_t slice = slice_of(link.dims_out);
      int64_t left = link.count(recipe_, link.in, true) - link.out;
      while (left > 0) {
        const int64_t part = last ? left : std::min(left, slice);
        float* rows = last ? to : room(link, part);
        link.step->drain(part, rows);
        link.out += part;
        left -= part;
        to = through(i + 1, rows, part, to);
      }
    }
    reset();
    return rest;
  }

  void reset() {
    for (Link& link : links_) {
      link.step->reset();
      link.in = link.out = 0;
    }
    in_ = out_ = 0;
  }

 private:
  struct Link {
    int64_t (*count)(const TransformRecipe&, int64_t, bool) = nullptr;
    std::unique_ptr<Step> step;
    int dims_in = 0;
    int dims_out = 0;
    int64_t in = 0;
    int64_t out = 0;
    std::vector<float> rows;  // what it writes, unless it is the last
  };

  /// rows_through() without asking which steps are on: elements ask for every buffer.
  int64_t through_links(int64_t rows, bool ended) const {
    for (const Link& link : links_) rows = link.count(recipe_, rows, ended);
    return rows;
  }

  static int64_t slice_of(int dims) { return std::clamp(16384 / dims, 16, 256); }

  void check_room(int64_t rows, std::span<float> out) const {
    if (out.size() < static_cast<size_t>(rows) * static_cast<size_t>(output_.dims))
      throw std::length_error("no room for " + std::to_string(rows) + " rows of " +
                              std::to_string(output_.dims) + " values");
  }

  static float* room(Link& link, int64_t rows) {
    const size_t values = static_cast<size_t>(rows) * static_cast<size_t>(link.dims_out);
    if (link.rows.size() < values) link.rows.resize(values);
    return link.rows.data();
  }

  /// Rows through the steps from `first` on; what comes out is written to `to`, whose end is
  /// returned.
  float* through(size_t first, const float* rows, int64_t count, float* to) {
    for (size_t i = first; i < links_.size(); ++i) {
      Link& link = links_[i];
      link.in += count;
      const int64_t ready = link.count(recipe_, link.in, false) - link.out;
      float* written = i + 1 == links_.size() ? to : room(link, ready);
      link.step->push(rows, count, ready, written);
      link.out += ready;
      rows = written;
      count = ready;
    }
    const int64_t values = count * output_.dims;
    if (rows != to) std::copy_n(rows, values, to);
    out_ += count;
    return to + values;
  }

  TransformRecipe recipe_;
  TransformInput input_;
  TransformOutput output_;
  std::vector<Link> links_;
  int64_t in_ = 0;
  int64_t out_ = 0;
};

Transformer::Transformer(const TransformRecipe& recipe, const TransformInput& input)
    : chain_(std::make_unique<Chain>(recipe, input)) {}
Transformer::~Transformer() = default;
Transformer::Transformer(Transformer&&) noexcept = default;
Transformer& Transformer::operator=(Transformer&&) noexcept = default;

const TransformOutput& Transformer::output() const { return chain_->output(); }
int64_t Transformer::rows_after(int64_t rows) const { return chain_->rows_after(rows); }
int64_t Transformer::rows_for(int64_t rows) const { return chain_->rows_for(rows); }
int64_t Transformer::push(std::span<const float> rows, std::span<float> out) {
  return chain_->push(rows, out);
}
int64_t Transformer::rows_at_end() const { return chain_->rows_at_end(); }
int64_t Transformer::drain(std::span<float> out) { return chain_->drain(out); }
void Transformer::reset() { chain_->reset(); }
int64_t Transformer::rows_in() const { return chain_->rows_in(); }
int64_t Transformer::rows_out() const { return chain_->rows_out(); }

}  // namespace npumel
