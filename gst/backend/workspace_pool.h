// SPDX-License-Identifier: LGPL-2.1-or-later
// Scratch memory that all streams of one recipe take turns with.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "kernels/cpu/mel_kernel.h"

namespace npumel {

/// A stream needs scratch memory while a batch is computed only. A thousand live streams share what
/// as many of them use as compute at the same time; the one used last is taken first, as it is
/// still in the processor's cache. Thread-safe.
class WorkspacePool {
 public:
  /// The pool of a kernel, as long as anyone holds it. Throws std::bad_alloc.
  static std::shared_ptr<WorkspacePool> get(const std::shared_ptr<const MelKernel>& kernel);

  /// Use get(). There is one workspace from the start. Throws std::bad_alloc.
  explicit WorkspacePool(std::shared_ptr<const MelKernel> kernel);

  const MelKernel& kernel() const noexcept { return *kernel_; }
  /// Workspaces that exist.
  size_t size() const;

  /// A workspace that is given back at the end of its scope.
  class Lease {
   public:
    /// Where all are taken: makes another one, or waits when there is no memory.
    explicit Lease(WorkspacePool& pool) noexcept;
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    MelWorkspace& operator*() const noexcept { return *workspace_; }

   private:
    WorkspacePool& pool_;
    MelWorkspacePtr workspace_;
  };

 private:
  MelWorkspacePtr take() noexcept;
  void give(MelWorkspacePtr workspace) noexcept;

  const std::shared_ptr<const MelKernel> kernel_;
  mutable std::mutex mutex_;
  std::condition_variable given_;
  std::vector<MelWorkspacePtr> free_;  ///< has room for all that exist
  size_t made_ = 0;
};

}  // namespace npumel
