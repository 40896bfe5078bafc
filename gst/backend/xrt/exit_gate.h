// SPDX-License-Identifier: LGPL-2.1-or-later
// Threads of ours may be in XRT when the process ends: one that opens a device, one that waits for
// a run. XRT's static objects must not be destroyed under them, nor be used afterwards.
#pragma once

namespace npumel::xrt_module {

enum class Stay { short_call, wait };

/// While one exists, its thread is in XRT, if it was admitted.
class InXrt {
 public:
  explicit InXrt(Stay stay) noexcept;
  ~InXrt();
  InXrt(const InXrt&) = delete;
  InXrt& operator=(const InXrt&) = delete;

  /// False once the process ends: XRT is to be left alone, and what it holds is left to the system.
  bool admitted() const noexcept { return admitted_; }

 private:
  const Stay stay_;
  bool admitted_;
};

/// From now on the gate closes before anything that XRT has made so far is destroyed.
void close_gate_at_exit();

}  // namespace npumel::xrt_module
