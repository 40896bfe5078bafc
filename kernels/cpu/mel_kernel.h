// SPDX-License-Identifier: LGPL-2.1-or-later
// The definition, fast: SIMD across frames, run-time dispatch over instruction sets.
#pragma once

#include <memory>
#include <string>

#include "kernels/mel/recipe.h"
#include "kernels/mel/rows.h"

namespace npumel {

/// Scratch memory of one caller. Not to be used by two threads at once.
class MelWorkspace;
struct MelWorkspaceDeleter {
  void operator()(MelWorkspace* workspace) const noexcept;
};
using MelWorkspacePtr = std::unique_ptr<MelWorkspace, MelWorkspaceDeleter>;

/// Tables and plan of one recipe: immutable after construction, shared by any number of threads.
class MelKernel {
 public:
  /// Tables are shared: equal recipes get the same kernel as long as anyone holds it.
  /// Throws std::invalid_argument when the recipe is not valid, std::bad_alloc.
  /// `rows_per_call`: rows that the original makes in one call, 0 = a whole clip. It matters to
  /// recipes with Dft::convolution only, see kernels/mel/convolution.h.
  static std::shared_ptr<const MelKernel> get(const Recipe& recipe, int rows_per_call = 0);

  virtual ~MelKernel() = default;
  MelKernel(const MelKernel&) = delete;
  MelKernel& operator=(const MelKernel&) = delete;

  virtual MelWorkspacePtr make_workspace() const = 0;

  /// Computes `frames` raw rows of recipe().width() values (logarithm applied, no normalisation).
  /// Frame f reads samples[f*hop .. f*hop + win_length): the caller has done all padding, so that
  /// sample 0 is the first sample under the first frame's window function. int16 samples count as
  /// x/32768; then input_scale applies. Pre-emphasis of mode `waveform` is the caller's too (it
  /// needs the neighbour across batches) and is not applied here. Samples must be finite, and at
  /// most sample_limit() (kernels/mel) for finite rows.
  /// A row's numbers do not depend on `frames` or on its place among them, to the bit.
  /// Returns the largest value written (before conversion to float16), -inf for frames = 0.
  /// Never allocates, never throws.
  virtual float compute(const void* samples, SampleType type, int frames, const RowSink& out,
                        MelWorkspace& workspace) const noexcept = 0;

  virtual const Recipe& recipe() const noexcept = 0;

  /// Name of the instruction set in use: "AVX2", "NEON", "SCALAR" ...
  static std::string target();

 protected:
  MelKernel() = default;
};

}  // namespace npumel
