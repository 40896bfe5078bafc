// SPDX-License-Identifier: LGPL-2.1-or-later
// Derivatives over time, with the edges of Kaldi, torchaudio and librosa.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "kernels/transform/delta_taps.h"
#include "kernels/transform/row_loops.h"
#include "kernels/transform/row_store.h"
#include "kernels/transform/step.h"

namespace npumel {
namespace {

DeltaTerms terms_of(const DeltaTaps& taps) {
  DeltaTerms terms{taps.order % 2 != 0, static_cast<float>(taps.weight(0)), {}};
  for (int j = 1; j <= taps.reach(); ++j) terms.pairs.push_back(static_cast<float>(taps.weight(j)));
  return terms;
}

/// Whether no derivative is taken over a window that passes an edge.
bool deltas_stay_inside(const TransformRecipe& recipe) {
  return recipe.delta_rule == DeltaRule::librosa && recipe.delta_edge == DeltaEdge::usual;
}

/// Every derivative is a filter over the rows themselves: Kaldi, whose edge rows are repeated, and
/// librosa, which takes no derivative whose window passes an edge.
class FilterDeltas final : public Step {
 public:
  FilterDeltas(const TransformRecipe& recipe, const TransformInput& rows)
      : dims_(rows.dims),
        inside_(deltas_stay_inside(recipe)),
        loops_(row_loops()),
        store_(rows.dims) {
    for (int order = 1; order <= recipe.deltas; ++order)
      filters_.push_back(terms_of(delta_taps(recipe, order)));
    reach_ = std::ssize(filters_.back().pairs);
    job_ = {filters_, recipe.delta_static, dims_};
    row_values_ = dims_ * (recipe.deltas + (recipe.delta_static ? 1 : 0));
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
    int64_t t = next_;
    next_ += ready;
    // Runs of rows that are in the middle of their window, and rows whose window is the nearest
    // one.
    while (t < next_) {
      const int64_t at = inside_ ? std::clamp(t, reach_, std::max(reach_, last - reach_)) : t;
      const int64_t end = inside_ ? std::min(next_, last - reach_ + 1) : next_;
      const int64_t run = at == t ? end - t : 1;
      loops_.deltas(job_, store_.row(t), store_.row(at), run, out);
      out += run * row_values_;
      t += run;
    }
  }

  int64_t dims_;
  bool inside_;
  int64_t reach_ = 0;
  const RowLoops& loops_;
  std::vector<DeltaTerms> filters_;
  DeltaJob job_;
  int64_t row_values_ = 0;
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
        loops_(row_loops()),
        filter_{terms_of(delta_taps(recipe, 1))},
        reach_(std::ssize(filter_[0].pairs)),
        slope_job_{filter_, false, rows.dims},
        pair_job_{filter_, true, rows.dims},
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
      const float* row = rows_.row(slope_count_);
      loops_.deltas(slope_job_, row, row, 1, slope_.data());
      if (slope_count_ == 0) pad_front(slopes_, slope_.data());
      slopes_.append(slope_.data(), 1);
    }
  }

  void write(int64_t ready, float* out) {
    for (int64_t t = next_; t < next_ + ready; ++t) {
      if (static_) out = std::copy_n(rows_.row(t), dims_, out);
      // A slope and the slope of slopes.
      loops_.deltas(pair_job_, slopes_.row(t), slopes_.row(t), 1, out);
      out += 2 * dims_;
    }
    next_ += ready;
    rows_.drop_before(std::min(next_, slope_count_ - reach_));
    slopes_.drop_before(next_ - reach_);
  }

  int64_t dims_;
  bool static_;
  const RowLoops& loops_;
  std::vector<DeltaTerms> filter_;
  int64_t reach_;
  DeltaJob slope_job_;
  DeltaJob pair_job_;
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
  if (!deltas_stay_inside(recipe)) {
    const bool one_filter = recipe.delta_rule == DeltaRule::librosa;
    const int64_t reach = one_filter ? half : half * recipe.deltas;
    return ended ? rows : std::max<int64_t>(0, rows - reach);
  }
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
