// SPDX-License-Identifier: LGPL-2.1-or-later
// What an element needs to know to read rows, whether they are mel rows or features made of them.
#pragma once

#include <gst/gst.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "gst/common/feature_info.h"
#include "gst/common/mel_info.h"

namespace npumel {

/// The caps of rows of either media type. A value, as the two that it may hold.
class RowInfo {
 public:
  /// Of fixed caps. Nothing for other media types and for caps that MelInfo and FeatureInfo refuse.
  static std::optional<RowInfo> from_caps(const GstCaps* caps);

  const MelInfo* mel() const { return std::get_if<MelInfo>(&info_); }
  const FeatureInfo* features() const { return std::get_if<FeatureInfo>(&info_); }

  ElementType type() const;
  Layout layout() const;
  int width() const;   ///< values of a row, >= 1
  int frames() const;  ///< rows of a buffer; 0 = any number
  int rate() const;    ///< of the audio in Hz; 0 = not known
  int hop() const;     ///< samples from one row to the next; 0 = not known
  int buffers_n() const;
  int buffers_d() const;
  int64_t stride() const;  ///< rows between the starts of two buffers; 0 = not known
  size_t row_size() const { return static_cast<size_t>(width()) * size_of(type()); }
  /// Whether a row may come in two buffers.
  bool overlaps() const { return stride() > 0 && stride() < frames(); }

  bool operator==(const RowInfo&) const = default;
  /// Equal in all but the length of a buffer.
  bool same_features(const RowInfo& other) const;
  /// The same rows in buffers as long and as far apart as those of another.
  RowInfo in_buffers_of(const RowInfo& other) const;
  /// As MelInfo and FeatureInfo say; where one is mel and the other is not, that alone.
  std::vector<FieldDifference> differs(const RowInfo& wanted) const;

 private:
  explicit RowInfo(MelInfo info) : info_(std::move(info)) {}
  explicit RowInfo(FeatureInfo info) : info_(std::move(info)) {}

  std::variant<MelInfo, FeatureInfo> info_;
};

}  // namespace npumel
