// SPDX-License-Identifier: LGPL-2.1-or-later
// One view of mel caps and feature caps.
#include "gst/common/row_info.h"

#include <utility>

namespace npumel {

std::optional<RowInfo> RowInfo::from_caps(const GstCaps* caps) {
  if (auto mel = MelInfo::from_caps(caps)) return RowInfo(std::move(*mel));
  if (auto features = FeatureInfo::from_caps(caps)) return RowInfo(std::move(*features));
  return std::nullopt;
}

ElementType RowInfo::type() const {
  return std::visit([](const auto& info) { return info.type; }, info_);
}
Layout RowInfo::layout() const {
  return std::visit([](const auto& info) { return info.layout; }, info_);
}
int RowInfo::width() const { return mel() != nullptr ? mel()->mels : features()->dims; }
int RowInfo::frames() const {
  return std::visit([](const auto& info) { return info.frames; }, info_);
}
int RowInfo::rate() const {
  return std::visit([](const auto& info) { return info.rate; }, info_);
}
int RowInfo::hop() const {
  return mel() != nullptr ? mel()->integer("hop-length").value_or(0) : features()->hop_length;
}
int RowInfo::buffers_n() const {
  return std::visit([](const auto& info) { return info.buffers_n; }, info_);
}
int RowInfo::buffers_d() const {
  return std::visit([](const auto& info) { return info.buffers_d; }, info_);
}
int64_t RowInfo::stride() const {
  return std::visit([](const auto& info) { return info.stride(); }, info_);
}

RowInfo RowInfo::in_buffers_of(const RowInfo& other) const {
  RowInfo copy = *this;
  std::visit(
      [&](auto& info) {
        info.frames = other.frames();
        info.buffers_n = other.buffers_n();
        info.buffers_d = other.buffers_d();
      },
      copy.info_);
  return copy;
}

bool RowInfo::same_features(const RowInfo& other) const {
  return other.in_buffers_of(*this) == *this;
}

std::vector<FieldDifference> RowInfo::differs(const RowInfo& wanted) const {
  if (mel() != nullptr && wanted.mel() != nullptr) return mel()->differs(*wanted.mel());
  if (features() != nullptr && wanted.features() != nullptr)
    return features()->differs(*wanted.features());
  return {{"caps", wanted.mel() != nullptr ? kMelMediaType : kFeatureMediaType,
           mel() != nullptr ? kMelMediaType : kFeatureMediaType}};
}

}  // namespace npumel
