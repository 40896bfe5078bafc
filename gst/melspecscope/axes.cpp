// SPDX-License-Identifier: LGPL-2.1-or-later
// Layout of a picture, and ticks of its axes.
#include "gst/melspecscope/axes.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "kernels/mel/mel_scale.h"

namespace npumel {
namespace {

/// Room around the plot, in heights of the text.
struct Margins {
  double left, right, top, bottom, bar_gap, bar_width;
};
constexpr Margins kFull = {5.2, 6.6, 0.9, 3.4, 0.9, 0.9};
constexpr Margins kSmall = {4.0, 4.4, 0.6, 1.9, 0.5, 0.7};  // without titles
constexpr int kSmallestWidth = 160, kSmallestHeight = 90;
// Below this the titles would take what the plot needs.
constexpr int kFullWidth = 400, kFullHeight = 180;

// As part of the axis: ticks that are no farther beyond its end are drawn at the end.
constexpr double kSlack = 0.02;
constexpr int kMostRoundFrequencies = 8;
// Values of less than this part apart have the same label, as range-min=range-max has.
constexpr double kLeastWidth = 1e-5;

/// A label with as many digits as distinguish it from its neighbours, `step` away.
std::string number(double value, double step) {
  char text[48];
  const double last = std::floor(std::log10(step) + 1e-9);
  if (std::fabs(value) < 1e6 && last >= -9) {
    std::snprintf(text, sizeof text, "%.*f", static_cast<int>(std::max(-last, 0.0)), value);
  } else {
    const double first = value == 0 ? last : std::floor(std::log10(std::fabs(value)) + 1e-9);
    const double digits = std::clamp(first - last + 1, 1.0, 17.0);
    std::snprintf(text, sizeof text, "%.*g", static_cast<int>(digits), value);
  }
  return text;
}

/// Ticks at the whole multiples of `step` in [first, last], at most `most`.
template <typename Label>
std::vector<Tick> multiples(double first, double last, double step, int most, Label label) {
  std::vector<Tick> ticks;
  const double slack = 1e-6 * step;
  const double start = std::ceil((first - slack) / step);
  // Counted, since a large double plus one may be the same double.
  for (int i = 0; i < most; ++i) {
    const double value = start + i == 0 ? 0 : (start + i) * step;
    if (!(value <= last + slack)) break;
    ticks.push_back({(value - first) / (last - first), label(value)});
  }
  return ticks;
}

bool is_range(double first, double last, int most) {
  return last > first && std::isfinite(last - first) && most >= 1;
}

/// Seconds between round times that leave at most `most` ticks; 0 where plain seconds are right.
double clock_step(double first, double last, int most) {
  if (!is_range(first, last, most) || std::max(std::fabs(first), std::fabs(last)) < 60) return 0;
  const double least = (last - first) / most;
  if (least <= 0.5) return 0;
  for (const int step :
       {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600})
    if (step >= least * (1 - 1e-9)) return step;
  return std::ceil(least / 86400) * 86400;
}

/// 1, 2 or 5 times a power of ten that leaves at most `most` steps; 0 where there is no range.
double round_step(double first, double last, int most) {
  if (!is_range(first, last, most)) return 0;
  const double span = last - first;
  double step = std::pow(10, std::floor(std::log10(span / most)));
  for (const double factor : {2.0, 2.5, 2.0}) {  // 1, 2, 5, 10
    if (span / step <= most + 1e-6) break;
    step *= factor;
  }
  return step;
}

bool has_hours(double first, double last) {
  return std::max(std::fabs(first), std::fabs(last)) >= 3600;
}

std::string clock_time(double value, bool hours) {
  const auto seconds = static_cast<long long>(std::min(std::fabs(value), 1e15));
  const char* const sign = value < 0 ? "-" : "";
  char text[48];
  if (hours)
    std::snprintf(text, sizeof text, "%s%lld:%02lld:%02lld", sign, seconds / 3600,
                  seconds / 60 % 60, seconds % 60);
  else
    std::snprintf(text, sizeof text, "%s%lld:%02lld", sign, seconds / 60, seconds % 60);
  return text;
}

}  // namespace

PageLayout divide(int width, int height, bool axes) {
  PageLayout result;
  result.plot = {0, 0, width, height};
  const bool full = width >= kFullWidth && height >= kFullHeight;
  result.text_px = full ? std::clamp(height / 26.0, 10.0, 26.0) : 8.0;
  if (!axes || width < kSmallestWidth || height < kSmallestHeight) return result;
  const auto px = [&](double lines) {
    return static_cast<int>(std::lround(lines * result.text_px));
  };
  const Margins& margins = full ? kFull : kSmall;
  result.axes = true;
  result.titles = full;
  result.plot = {px(margins.left), px(margins.top), width - px(margins.left) - px(margins.right),
                 height - px(margins.top) - px(margins.bottom)};
  result.bar = {result.plot.x + result.plot.width + px(margins.bar_gap), result.plot.y,
                px(margins.bar_width), result.plot.height};
  return result;
}

double MelAxis::place(double hz) const {
  if (scale == MelScale::none) {
    const double first = std::ceil(fmin / bin_hz - 1e-9) * bin_hz;
    return ((hz - first) / bin_hz + 0.5) / mels;
  }
  const double low = to_mel(scale, fmin);
  const double step = (to_mel(scale, fmax) - low) / (mels + 1);
  const double band = (to_mel(scale, hz) - low) / step - 1;
  return (band + 0.5) / mels;
}

std::vector<Tick> frequency_ticks(const MelAxis& axis, double distance) {
  // fmax is the far edge of the last filter, half a band above the plot. Where bands are narrow it
  // belongs to the edge; where they are wide the edge is another frequency.
  const double beyond = std::min(0.51 / axis.mels, kSlack);
  std::vector<Tick> ticks;
  double above = 1 + beyond + distance;
  const auto add = [&](double hz, double step) {
    const double place = axis.place(hz);
    if (!(place >= 0 && place <= 1 + beyond) || above - place < distance) return;
    above = place;
    ticks.push_back({std::min(place, 1.0), number(hz, step)});
  };
  if (axis.scale != MelScale::none)
    for (double hz = 125 * 1024; hz >= 125; hz /= 2) add(hz, 1);
  const double step = round_step(axis.fmin, axis.fmax, kMostRoundFrequencies);
  if (ticks.size() < 2 && step > 0) {
    ticks.clear();
    above = 1 + beyond + distance;
    for (double n = std::floor(axis.fmax / step); n * step >= axis.fmin; --n) add(n * step, step);
  }
  std::reverse(ticks.begin(), ticks.end());
  return ticks;
}

std::vector<Tick> round_ticks(double first, double last, int most) {
  const double step = round_step(first, last, most);
  if (!(step > 0)) return {};
  return multiples(first, last, step, most + 1, [&](double value) { return number(value, step); });
}

std::vector<Tick> value_ticks(const ValueRange& range, int most) {
  const double low = range.low;
  const double width = range.high - low;
  if (width > kLeastWidth * std::max(1.0, std::fabs(low)))
    return round_ticks(low, range.high, most);
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", low);
  return {{0, text}};
}

std::vector<Tick> time_ticks(double first, double last, int most) {
  const double step = clock_step(first, last, most);
  if (step == 0) return round_ticks(first, last, most);
  const bool hours = has_hours(first, last);
  return multiples(first, last, step, most + 1,
                   [&](double value) { return clock_time(value, hours); });
}

const char* time_title(double first, double last, int most) {
  if (clock_step(first, last, most) == 0) return "Time (s)";
  return has_hours(first, last) ? "Time (h:mm:ss)" : "Time (m:ss)";
}

bool Figure::operator==(const Figure& other) const {
  return width == other.width && height == other.height && layout.plot == other.layout.plot &&
         dark == other.dark && mel == other.mel && first_second == other.first_second &&
         last_second == other.last_second && range == other.range && unit == other.unit &&
         map == other.map;
}

std::vector<uint32_t> draw_ground(const Figure& figure) {
  const Rgb ground = figure.dark ? kDark : kPaper;
  return std::vector<uint32_t>(
      static_cast<size_t>(figure.width) * static_cast<size_t>(figure.height),
      static_cast<uint32_t>(ground.r << 16 | ground.g << 8 | ground.b));
}

}  // namespace npumel
