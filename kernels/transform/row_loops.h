// SPDX-License-Identifier: LGPL-2.1-or-later
// The loops over the values of rows, compiled once per instruction set. The lanes of a vector hold
// different values, every sum has one order, and products are rounded before they are added: the
// same bits on every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace npumel {

constexpr size_t kDctRows = 8;   ///< rows that a DCT takes at once, at most
constexpr size_t kDctGroup = 6;  ///< coefficients that it takes at once, at most

/// Coefficients that read the same folded values.
struct DctPart {
  size_t first = 0;  ///< of its folded values
  size_t terms = 0;  ///< its folded values
  size_t coefficients = 0;
  size_t row = 0;      ///< where its sums lie among those of all coefficients
  size_t weights = 0;  ///< where its weights start
};

/// Weights of a DCT, for rows that are folded about their middle, where the cosines are even or
/// odd: half of the products, and once more for the even coefficients of even lengths. Products are
/// float32, of what a row differs from one of its values, so that its level costs no digits; twenty
/// of them at a time are added up in float32, the rest in double.
struct DctTables {
  DctTables(int length_of_rows, int number_of_coefficients);
  /// Value `at` of the output rows is coefficient k times `factor`. Every k has a place of its own.
  void place(int k, int at, double factor);

  size_t length;
  size_t coefficients;
  DctPart even;                ///< k = 0, 2, 4 ..., or 0, 4, 8 ... where there is even_odd
  DctPart even_odd;            ///< k = 2, 6, 10 ...
  DctPart odd;                 ///< k = 1, 3, 5 ...
  std::vector<float> weights;  ///< a part: [group of coefficients][term][coefficient]
  double level_weight = 0;     ///< of the row's level in coefficient 0
  std::vector<size_t> places;  ///< of the coefficients in the output row, in the order of the parts
};

/// Memory of a DCT, which threads may not share. Columns of kDctRows rows at most.
struct DctScratch {
  explicit DctScratch(const DctTables& tables);

  std::vector<float> even;    ///< folded once
  std::vector<float> folded;  ///< the values of all parts
  std::vector<float> sums;    ///< [value of the output row]
};

/// A derivative: the sum of pairs of rows that lie equally far away, nearest first.
struct DeltaTerms {
  bool odd = true;           ///< differences and no middle, or sums
  float center = 0;          ///< weight of the row itself
  std::vector<float> pairs;  ///< weight of the row t + 1, t + 2 ...
};

struct DeltaJob {
  std::span<const DeltaTerms> filters;
  bool with_static = false;
  ptrdiff_t dims = 0;
};

/// Rows to add up. Loops take one block of columns after the other: kRowsAtOnce rows stay in the
/// nearest cache.
struct SumJob {
  const float* rows = nullptr;
  ptrdiff_t pitch = 0;  ///< from one row to the next, which may lie before it
  int64_t count = 0;
  size_t dims = 0;
  bool squares = false;  ///< their sums, too, `dims` values later
};
constexpr int64_t kRowsAtOnce = 32;

/// A row and its window. The window's sums are those behind it, with `added` taken in, and those
/// before; of squares `dims` values later. The file's share is added to them.
struct WindowRow {
  const float* own = nullptr;
  const float* added = nullptr;
  const double* before = nullptr;
  double file_rows = 0;
  double rows = 0;   ///< in the window, the file's included
  double share = 0;  ///< 1 / rows
};

struct WindowJob {
  std::span<const WindowRow> rows;  ///< in the order of the stream
  const double* file = nullptr;     ///< means, then mean squares; of rows with file_rows
  double floor = 0;
  double epsilon = 0;            ///< added to the variance
  double deviation_epsilon = 0;  ///< added to its root
  size_t dims = 0;
};

struct RowLoops {
  /// `rows` lie `pitch` values apart, output rows `coefficients`.
  void (*dct)(const DctTables& tables, const float* rows, ptrdiff_t pitch, int64_t count,
              float* out, DctScratch& scratch);
  /// Rows and their derivatives, taken over the rows around `middle`; `own` and `middle` point to
  /// the first of `count` rows.
  void (*deltas)(const DeltaJob& job, const float* own, const float* middle, int64_t count,
                 float* out);
  /// (x - mean) * scale.
  void (*normalize)(const float* rows, size_t dims, int64_t count, const double* means,
                    const double* scales, float* out);
  /// Sums with rows added, to other memory: after the last row; after each, `pitch` values apart.
  void (*add_up)(const SumJob& job, const double* sums, double* out);
  void (*add_up_each)(const SumJob& job, const double* sums, double* out, ptrdiff_t pitch);
  /// Sums with the squares of what rows differ from means by added, to other memory.
  void (*add_deviations)(const SumJob& job, const double* means, const double* sums, double* out);
  /// Rows without their windows' means; over their deviations. `behind` are the sums in front of
  /// the first row; `next` is room for as many. True: those behind the last row are in `next`.
  bool (*subtract_means)(const WindowJob& job, double* behind, double* next, float* out);
  bool (*standardize)(const WindowJob& job, double* behind, double* next, float* out);
  bool (*all_finite)(const float* values, size_t count);
  void (*copy)(const float* from, size_t values, float* out);
};

/// The best this machine runs (or what set_supported_targets_for_test() leaves of it).
const RowLoops& row_loops();

}  // namespace npumel
