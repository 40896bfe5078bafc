// SPDX-License-Identifier: LGPL-2.1-or-later
// The end of the process, while threads of ours are in XRT.
#pragma once

namespace npumel::xrt_module {

/// While one exists, its thread is in XRT, if it was admitted. Not nested.
class InXrt {
 public:
  InXrt() noexcept;
  ~InXrt();
  InXrt(const InXrt&) = delete;
  InXrt& operator=(const InXrt&) = delete;

  /// False once the process ends: XRT is to be left alone, and what it holds is left to the system.
  bool admitted() const noexcept { return admitted_; }

 private:
  int place_;
  bool admitted_;
};

/// From now on the gate closes before anything that XRT has made so far is destroyed: exit handlers
/// are called in the reverse of their order. Closing it waits until threads have left XRT, but no
/// longer than 40 ms for one that the driver keeps.
void close_gate_at_exit();
bool exit_gate_closed() noexcept;

}  // namespace npumel::xrt_module
