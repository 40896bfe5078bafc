// SPDX-License-Identifier: LGPL-2.1-or-later
// The regular file that downstream writes, to complete its header when the stream stops without
// EOS: bins stop sinks first, so filesink accepts no data any more when npyenc changes state.
#pragma once

#include <gst/gst.h>

#include <cstdint>

#include "gst/npyenc/npy_header.h"

namespace npumel {

/// Owns a file descriptor. Does nothing when downstream is no regular file of this machine.
class WrittenFile {
 public:
  WrittenFile() = default;
  ~WrittenFile() { close(); }
  WrittenFile(const WrittenFile&) = delete;
  WrittenFile& operator=(const WrittenFile&) = delete;

  /// Opens the file of the URI that downstream of `srcpad` answers a URI query with.
  void open(GstPad* srcpad) noexcept;
  void close() noexcept;
  /// Empties the open file if it is the one that was open before, since forget(): filesink opens
  /// its file once, in READY, and would leave the end of a longer stream before. False: it is not.
  bool empty_own() noexcept;
  void forget() noexcept { known_ = false; }
  bool is_open() const { return descriptor_ >= 0; }
  /// Bytes in the file now; 0 when it is not open.
  uint64_t size() const noexcept;

  /// True when the file begins with these bytes.
  bool begins_with(const NpyHeader& header) const noexcept;
  /// Cuts the file to the header and `data_size` bytes, and writes the header. False on failure,
  /// with errno; the header is written last, in one call.
  bool complete(const NpyHeader& header, uint64_t data_size) noexcept;

 private:
  int descriptor_ = -1;
  bool known_ = false;  ///< device_ and inode_ are those of the file that was open before
  uint64_t device_ = 0, inode_ = 0;
};

}  // namespace npumel
