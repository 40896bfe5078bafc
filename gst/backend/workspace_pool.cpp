// SPDX-License-Identifier: LGPL-2.1-or-later
// The workspaces of each kernel in use.
#include "gst/backend/workspace_pool.h"

#include <utility>

namespace npumel {
namespace {

/// The pools in use. Weak pointers: a pool without a user is freed.
class Pools {
 public:
  std::shared_ptr<WorkspacePool> get(const std::shared_ptr<const MelKernel>& kernel) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(pools_, [](const auto& pool) { return pool.expired(); });
    for (const auto& weak : pools_)
      if (auto pool = weak.lock(); pool && &pool->kernel() == kernel.get()) return pool;
    auto pool = std::make_shared<WorkspacePool>(kernel);
    pools_.push_back(pool);
    return pool;
  }

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<WorkspacePool>> pools_;
};

}  // namespace

std::shared_ptr<WorkspacePool> WorkspacePool::get(const std::shared_ptr<const MelKernel>& kernel) {
  static Pools pools;
  return pools.get(kernel);
}

WorkspacePool::WorkspacePool(std::shared_ptr<const MelKernel> kernel) : kernel_(std::move(kernel)) {
  free_.push_back(kernel_->make_workspace());
  made_ = 1;
}

size_t WorkspacePool::size() const {
  const std::scoped_lock lock(mutex_);
  return made_;
}

MelWorkspacePtr WorkspacePool::take() noexcept {
  std::unique_lock lock(mutex_);
  if (free_.empty()) {
    try {
      free_.reserve(made_ + 1);
      MelWorkspacePtr another = kernel_->make_workspace();
      ++made_;
      return another;
    } catch (const std::bad_alloc&) {
      given_.wait(lock, [this] { return !free_.empty(); });
    }
  }
  MelWorkspacePtr last = std::move(free_.back());
  free_.pop_back();
  return last;
}

void WorkspacePool::give(MelWorkspacePtr workspace) noexcept {
  {
    const std::scoped_lock lock(mutex_);
    free_.push_back(std::move(workspace));
  }
  given_.notify_one();
}

WorkspacePool::Lease::Lease(WorkspacePool& pool) noexcept : pool_(pool), workspace_(pool.take()) {}

WorkspacePool::Lease::~Lease() { pool_.give(std::move(workspace_)); }

}  // namespace npumel
