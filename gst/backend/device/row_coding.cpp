// SPDX-License-Identifier: LGPL-2.1-or-later
// Conversions in loops that the compiler vectorizes.
#include "gst/backend/device/row_coding.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <type_traits>

#include "kernels/mel/half.h"

namespace npumel {
namespace {

// Adding and subtracting 1.5 * 2^23 leaves a float rounded half to even; the compiler turns the
// loop into SIMD, which it does not with a call of nearbyint().
constexpr float kRounder = 12582912.0F;

}  // namespace

bool quantize(const float* samples, int count, int16_t* out) noexcept {
  float peak = 0;
  for (int i = 0; i < count; i++) {
    peak = std::max(peak, std::fabs(samples[i]));
    const float scaled = std::clamp(samples[i] * 32768.0F, -32768.0F, 32767.0F);
    out[i] = static_cast<int16_t>((scaled + kRounder) - kRounder);
  }
  return peak <= 1.0F;
}

void expand_frames(const int16_t* samples, int frames, int16_t* out) noexcept {
  for (int f = 0; f < frames; f++)
    std::memcpy(out + static_cast<std::ptrdiff_t>(f) * aie2::kWin,
                samples + static_cast<std::ptrdiff_t>(f) * aie2::kHop,
                aie2::kWin * sizeof(int16_t));
}

namespace {

struct Map {
  float zero_point;
  float scale;
  template <typename Code>
  float operator()(Code value) const noexcept {
    return (static_cast<float>(value) - zero_point) * scale;
  }
};

/// What a code is compared in. There are vector instructions for the least and the largest of 16
/// bits on every processor.
template <typename Code>
using Wide = std::conditional_t<std::is_same_v<Code, int8_t>, int, Code>;

void store(float* to, float value) noexcept { *to = value; }
void store(uint16_t* to, float value) noexcept { *to = half_bits(value); }

/// The range of rows, one after another.
template <typename Code>
class Scan {
 public:
  void add(const Code* row, int mels) noexcept {
    auto least = least_;
    auto most = most_;
    int unordered = 0;
    for (int m = 0; m < mels; m++) {
      least = std::min<Wide<Code>>(least, row[m]);
      most = std::max<Wide<Code>>(most, row[m]);
      if constexpr (std::is_floating_point_v<Code>) unordered += std::isnan(row[m]) ? 1 : 0;
    }
    least_ = least;
    most_ = most;
    unordered_ += unordered;
  }
  RowRange range(const RowCoding& coding) const noexcept {
    const auto log10 = [&](double value) { return (value - coding.zero_point) * coding.scale; };
    if (unordered_ > 0) return {-std::numeric_limits<double>::infinity(), log10(most_)};
    return {log10(least_), log10(most_)};
  }

 private:
  Wide<Code> least_ = std::numeric_limits<Wide<Code>>::max();
  Wide<Code> most_ = std::numeric_limits<Wide<Code>>::lowest();
  int unordered_ = 0;
};

template <typename Code, typename Element>
RowRange decode(const Code* rows, const RowCoding& coding, Map map, int mels, int frames,
                const RowSink& out) noexcept {
  Scan<Code> scan;
  for (int f = 0; f < frames; f++) {
    const Code* row = rows + static_cast<ptrdiff_t>(f) * mels;
    auto* to = static_cast<Element*>(out.data) + f * out.frame_stride;
    scan.add(row, mels);
    if (out.mel_stride == 1) {
      for (int m = 0; m < mels; m++) store(to + m, map(row[m]));
    } else {
      for (int m = 0; m < mels; m++) store(to + m * out.mel_stride, map(row[m]));
    }
  }
  return scan.range(coding);
}

template <typename Code>
RowRange scan_as(const void* rows, const RowCoding& coding, int mels, int frames) noexcept {
  Scan<Code> scan;
  for (int f = 0; f < frames; f++)
    scan.add(static_cast<const Code*>(rows) + static_cast<ptrdiff_t>(f) * mels, mels);
  return scan.range(coding);
}

template <typename Code>
RowRange decode_as(const void* rows, const RowCoding& coding, Map map, int mels, int frames,
                   const RowSink& out) noexcept {
  const auto* codes = static_cast<const Code*>(rows);
  return out.type == ElementType::f16
             ? decode<Code, uint16_t>(codes, coding, map, mels, frames, out)
             : decode<Code, float>(codes, coding, map, mels, frames, out);
}

}  // namespace

uint8_t poison_byte(const RowCoding& coding) noexcept {
  // 0x80 is -128, below the floor's code of -126; 0x7f7f is 15.9 in Q11, where Kaldi's rows, of
  // samples that count as integers, end at 15.2; as float 0x7f7f7f7f is 3.4e38.
  return coding.bytes == 1 ? 0x80 : 0x7f;
}

double log_factor(LogType log) noexcept {
  switch (log) {
    case LogType::ln:
      return std::numbers::ln10;
    case LogType::db:
      return 10;
    case LogType::log10:
    case LogType::none:
      break;
  }
  return 1;
}

namespace {

Map map_of(const RowCoding& coding, LogType log) noexcept {
  return {static_cast<float>(coding.zero_point),
          static_cast<float>(coding.scale * log_factor(log))};
}

}  // namespace

bool are_as_sent(const RowCoding& coding, LogType log) noexcept {
  return coding.bytes == sizeof(float) && map_of(coding, log).scale == 1 && coding.zero_point == 0;
}

RowRange range_of_rows(const void* rows, const RowCoding& coding, int mels, int frames) noexcept {
  if (coding.bytes == sizeof(float)) return scan_as<float>(rows, coding, mels, frames);
  return coding.bytes == 1 ? scan_as<int8_t>(rows, coding, mels, frames)
                           : scan_as<int16_t>(rows, coding, mels, frames);
}

RowRange decode_rows(const void* rows, const RowCoding& coding, int mels, int frames, LogType log,
                     const RowSink& out) noexcept {
  const Map map = map_of(coding, log);
  if (coding.bytes == sizeof(float)) return decode_as<float>(rows, coding, map, mels, frames, out);
  return coding.bytes == 1 ? decode_as<int8_t>(rows, coding, map, mels, frames, out)
                           : decode_as<int16_t>(rows, coding, map, mels, frames, out);
}

}  // namespace npumel
