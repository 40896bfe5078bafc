// SPDX-License-Identifier: LGPL-2.1-or-later
// MelKernel over the best instruction set, and the cache of kernels in use.
#include "kernels/cpu/mel_kernel.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "kernels/cpu/engine.h"
#include "kernels/cpu/tables.h"
#include "kernels/cpu/workspace.h"
#include "kernels/mel/convolution.h"

namespace npumel {
namespace {

class VectorKernel final : public MelKernel {
 public:
  VectorKernel(const Recipe& recipe, const Engine& engine, int rows_per_call)
      : engine_(engine), tables_(recipe, engine.vectors, rows_per_call) {}

  MelWorkspacePtr make_workspace() const override {
    return MelWorkspacePtr(std::make_unique<MelWorkspace>(tables_.full).release());
  }

  float compute(const void* samples, SampleType type, int frames, const RowSink& out,
                MelWorkspace& workspace) const noexcept override {
    return engine_.compute(tables_, {samples, type, frames, out}, workspace);
  }

  const Recipe& recipe() const noexcept override { return tables_.full.recipe; }
  /// Whether this kernel is what get() is asked for.
  bool serves(const Recipe& recipe, const Engine& engine, int rows_per_call) const noexcept {
    return &engine_ == &engine && tables_.full.recipe == recipe &&
           (recipe.dft != Dft::convolution ||
            tables_.full.convolution.part == convolution_part(rows_per_call));
  }

 private:
  const Engine& engine_;
  GroupTables tables_;
};

/// Cache of the kernels in use, so that the tables of a thousand equal elements exist once. Weak
/// pointers: a kernel without a user is freed, and its entry is reused by the next look-up.
class KernelCache {
 public:
  std::shared_ptr<const MelKernel> get(const Recipe& recipe, int rows_per_call) {
    const Engine& engine = best_engine();
    const std::scoped_lock lock(mutex_);
    std::erase_if(kernels_, [](const auto& kernel) { return kernel.expired(); });
    for (const auto& weak : kernels_)
      if (auto kernel = weak.lock(); kernel && kernel->serves(recipe, engine, rows_per_call))
        return kernel;
    auto kernel = std::make_shared<const VectorKernel>(recipe, engine, rows_per_call);
    kernels_.push_back(kernel);
    return kernel;
  }

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<const VectorKernel>> kernels_;
};

}  // namespace

std::shared_ptr<const MelKernel> MelKernel::get(const Recipe& recipe, int rows_per_call) {
  validate(recipe);
  static KernelCache cache;
  return cache.get(recipe, rows_per_call);
}

std::string MelKernel::target() { return best_target(); }

}  // namespace npumel
