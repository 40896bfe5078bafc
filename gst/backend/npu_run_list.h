// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs that are handed to the device together: one submission, one interrupt, one wake-up for
// several batches.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gst/backend/npu_run.h"

namespace npumel {

class NpuRunList : public NpuJob {
 public:
  /// Takes memory on the device. Throws BackendError.
  explicit NpuRunList(std::vector<std::shared_ptr<NpuRun>> runs);
  ~NpuRunList() override;

  std::size_t runs() const noexcept override { return runs_.size(); }
  void set_pending() override;
  NpumelXrtStatus start(NpumelXrtError& error) override;
  NpumelXrtStatus wait(unsigned timeout_ms, std::size_t& completed, NpumelXrtError& error) override;
  void complete(std::size_t count) override;
  void finish(RunOutcome outcome, const std::string& reason) override;
  bool ended() const override;

 private:
  const NpumelXrtApi& api() const noexcept;

  std::vector<std::shared_ptr<NpuRun>> runs_;  ///< outlive the handle
  NpumelXrtList* handle_ = nullptr;
};

}  // namespace npumel
