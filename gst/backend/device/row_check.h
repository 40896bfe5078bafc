// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether the rows of a device are right: the float kernel on the same 16-bit samples in every
// batch, the host twin to 1 LSB where the package names one that is built in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gst/backend/device/row_limits.h"
#include "gst/backend/packages/kernel_package.h"
#include "gst/backend/software_backend.h"

namespace npumel {

class RowCheck {
 public:
  /// All memory is taken here. Throws std::bad_alloc.
  explicit RowCheck(const KernelManifest& manifest);

  /// One batch as the device saw it.
  struct Rows {
    const int16_t* samples = nullptr;  ///< contiguous, 160 apart, as ABI v2 reads them
    const void* codes = nullptr;       ///< what the device wrote
    int frames = 0;                    ///< rows that count, from the first
    double maximum = 0;                ///< largest of them, log10
  };

  /// 8 contiguous rows by the float kernel at the package's tolerance, the next 8 each time, so
  /// that every row of full batches is looked at once in 13 batches; in every 8th call also 4 rows
  /// by the twin. Where there is a twin, it decides about what the float kernel finds, unless
  /// that is gross. False with a sentence in mismatch(). One thread at a time; never allocates
  /// unless a mismatch is found.
  bool spot(const Rows& rows);
  /// Every frame: by the twin where there is one, else by the float kernel.
  bool full(const Rows& rows);

  const std::string& mismatch() const noexcept { return mismatch_; }
  /// What rows of the package's recipe may be.
  const RowRange& limits() const noexcept { return limits_; }

 private:
  bool frames_by_twin(const Rows& rows, int first, int count);
  bool frames_by_software(const Rows& rows, int first, int count, double tolerance);
  bool twin_vouches(const Rows& rows, int first, int count);
  bool full_v1_by_twin(const Rows& rows);
  void software_rows(const int16_t* samples, int count);
  /// What the device wrote: a code, or a float as it is.
  double value(const Rows& rows, int frame, int mel) const noexcept;
  bool differs(int frame, int mel, double got, double expected, const char* by);

  KernelManifest manifest_;
  const char* recipe_;  ///< name of the kernel's preset
  RowRange limits_;
  SoftwareBackend software_;
  bool by_twin_ = false;
  std::vector<int16_t> twin_rows_;
  std::vector<float> float_twin_rows_;  ///< of ABI 3
  std::vector<float> software_rows_;
  std::vector<float> emphasized_;  ///< samples for the float kernel, which leaves that to others
  std::vector<int16_t> expanded_;
  std::vector<int8_t> twin_rows_v1_;
  int rotation_ = 0;       ///< groups of 8 rows checked so far, in one round of a full batch
  int twin_rotation_ = 0;  ///< groups of 4 rows
  int calls_ = 0;
  std::string mismatch_;
};

}  // namespace npumel
