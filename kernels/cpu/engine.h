// SPDX-License-Identifier: LGPL-2.1-or-later
// The code of one instruction set.
#pragma once

#include "kernels/cpu/tables.h"
#include "kernels/cpu/vectors.h"
#include "kernels/cpu/workspace.h"
#include "kernels/mel/rows.h"

namespace npumel {

/// Samples and destination of one call; see MelKernel::compute.
struct Job {
  const void* samples = nullptr;
  SampleType type = SampleType::s16;
  int frames = 0;
  RowSink out;
};

struct Engine {
  Vectors vectors;
  float (*compute)(const GroupTables& tables, const Job& job,
                   const MelWorkspace& workspace) = nullptr;
  /// Power spectra alone, of real frames that lie back to back: bins() values each. For tests.
  void (*spectrum)(const KernelTables& tables, const float* frames, float* power,
                   const MelWorkspace& workspace) = nullptr;
};

/// The best this machine runs (or what set_supported_targets_for_test() leaves of it).
const Engine& best_engine();

/// Name of the instruction set of best_engine().
const char* best_target();

}  // namespace npumel
