// SPDX-License-Identifier: LGPL-2.1-or-later
// Are the rows of a device the right ones? Compared with the host twin to 1 LSB where the package
// names one that is built in, with software on the same 16-bit samples otherwise.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

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

  /// The first, the last and 4 rotating frames. False with a sentence in mismatch(). One thread at
  /// a time; never allocates unless a mismatch is found.
  bool spot(const Rows& rows);
  /// Every frame.
  bool full(const Rows& rows);

  const std::string& mismatch() const noexcept { return mismatch_; }

 private:
  bool check(const Rows& rows, std::span<const int> frames);
  bool frames_by_twin(const Rows& rows, std::span<const int> frames);
  bool frame_by_software(const Rows& rows, int frame);
  bool full_v1_by_twin(const Rows& rows);
  int code(const Rows& rows, int frame, int mel) const noexcept;
  bool differs(int frame, int mel, double got, double expected);

  KernelManifest manifest_;
  SoftwareBackend software_;
  bool by_twin_ = false;
  std::vector<int16_t> twin_rows_;
  std::vector<float> software_row_;
  std::vector<int16_t> expanded_;
  std::vector<int8_t> twin_rows_v1_;
  int rotation_ = 0;
  std::string mismatch_;
};

}  // namespace npumel
