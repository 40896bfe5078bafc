// SPDX-License-Identifier: LGPL-2.1-or-later
// Derivatives over time, with the edges of Kaldi, torchaudio and librosa.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "kernels/transform/delta_filter.h"
#include "kernels/transform/delta_taps.h"
#include "kernels/transform/row_store.h"
#include "kernels/transform/step.h"

namespace npumel {
namespace {

/// Every derivative is a filter over the rows themselves: Kaldi, whose edge rows are repeated, and
/// librosa, which takes no derivative whose window passes an edge.
class FilterDeltas final : public Step {
 public:
  FilterDeltas(const TransformRecipe& recipe, const TransformInput& rows)
      : dims_(rows.dims),
        static_(recipe.delta_static),
        inside_(recipe.delta_rule == DeltaRule::librosa),
        store_(rows.dims) {
    for (int order = 1; order <= recipe.deltas; ++order)
      filters_.emplace_back(delta_taps(recipe, order));
    reach_ = filters_.back().reach();
  }

  void push(const float* rows, int64_t count, int64_t ready, float* out) override {
    if (count == 0) return;
    if (rows_ == 0 && !inside_) {
      store_.restart(-reach_);
      store_.append_copies(rows, reach_);
    }
    store_.append(rows, count);
    rows_ += count;
    write(ready, rows_ - 1, out);
    store_.drop_before(next_ - reach_ - 1);  // librosa's last rows read one more than the window
  }

  void drain(int64_t ready, float* out) override {
    if (!inside_ && store_.end() == rows_) store_.append_copies(store_.row(rows_ - 1), reach_);
    write(ready, rows_ - 1, out);
  }

  void reset() override {
    store_.clear();
    rows_ = next_ = 0;
  }

 private:
  void write(int64_t ready, int64_t last, float* out) {
    for (int64_t t = next_; t < next_ + ready; ++t) {
      const float* own = store_.row(t);
      if (static_) out = std::copy_n(own, dims_, out);
      const int64_t at = inside_ ? std::clamp(t, reach_, std::max(reach_, last - reach_)) : t;
      const float* row = store_.row(at);
      for (const DeltaFilter& filter : filters_) {
        filter.apply(row, dims_, out);
        out += dims_;
      }
    }
    next_ += ready;
  }

  ptrdiff_t dims_;
  bool static_;
  bool inside_;
  int64_t reach_ = 0;
  std::vector<DeltaFilter> filters_;
  RowStore store_;
  int64_t rows_ = 0;
  int64_t next_ = 0;  // the next row to write
};

/// Order 2 is order 1 of order 1's rows, whose edge rows are repeated: torchaudio.
class CascadedDeltas final : public Step {
 public:
  CascadedDeltas(const TransformRecipe& recipe, const TransformInput& rows)
      : dims_(rows.dims),
        static_(recipe.delta_static),
        filter_(delta_taps(recipe, 1)),
        reach_(filter_.reach()),
        rows_(rows.dims),
        slopes_(rows.dims),
        slope_(static_cast<size_t>(rows.dims)) {}

  void push(const float* rows, int64_t count, int64_t ready, float* out) override {
    if (count == 0) return;
    if (count_ == 0) pad_front(rows_, rows);
    rows_.append(rows, count);
    count_ += count;
    take_slopes(count_ - reach_);
    write(ready, out);
  }

  void drain(int64_t ready, float* out) override {
    if (rows_.end() == count_) {
      rows_.append_copies(rows_.row(count_ - 1), reach_);
      take_slopes(count_);
      slopes_.append_copies(slopes_.row(count_ - 1), reach_);
    }
    write(ready, out);
  }

  void reset() override {
    rows_.clear();
    slopes_.clear();
    count_ = slope_count_ = next_ = 0;
  }

 private:
  void pad_front(RowStore& store, const float* row) const {
    store.restart(-reach_);
    store.append_copies(row, reach_);
  }

  /// The first derivatives of the rows before `end`.
  void take_slopes(int64_t end) {
    for (; slope_count_ < end; ++slope_count_) {
      filter_.apply(rows_.row(slope_count_), dims_, slope_.data());
      if (slope_count_ == 0) pad_front(slopes_, slope_.data());
      slopes_.append(slope_.data(), 1);
    }
  }

  void write(int64_t ready, float* out) {
    for (int64_t t = next_; t < next_ + ready; ++t) {
      if (static_) out = std::copy_n(rows_.row(t), dims_, out);
      out = std::copy_n(slopes_.row(t), dims_, out);
      filter_.apply(slopes_.row(t), dims_, out);
      out += dims_;
    }
    next_ += ready;
    rows_.drop_before(std::min(next_, slope_count_ - reach_));
    slopes_.drop_before(next_ - reach_);
  }

  ptrdiff_t dims_;
  bool static_;
  DeltaFilter filter_;
  int64_t reach_;
  RowStore rows_;
  RowStore slopes_;
  std::vector<float> slope_;
  int64_t count_ = 0;
  int64_t slope_count_ = 0;
  int64_t next_ = 0;
};

}  // namespace

int64_t count_deltas(const TransformRecipe& recipe, int64_t rows, bool ended) {
  const int64_t half = delta_half_window(recipe);
  if (recipe.delta_rule != DeltaRule::librosa)
    return ended ? rows : std::max<int64_t>(0, rows - half * recipe.deltas);
  if (rows < 2 * half + 1) return 0;
  return ended ? rows : rows - half;
}

void shape_deltas(const TransformRecipe& recipe, TransformInput& rows) {
  rows.dims *= recipe.deltas + (recipe.delta_static ? 1 : 0);
  rows.energy = rows.energy && recipe.delta_static;
  rows.logarithm = true;
}

std::unique_ptr<Step> make_deltas(const TransformRecipe& recipe, const TransformInput& rows) {
  if (recipe.delta_rule == DeltaRule::torchaudio && recipe.deltas == 2)
    return std::make_unique<CascadedDeltas>(recipe, rows);
  return std::make_unique<FilterDeltas>(recipe, rows);
}

}  // namespace npumel
