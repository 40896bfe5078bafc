// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/melspecscope/axes.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "kernels/mel/mel_scale.h"

namespace npumel {
namespace {

// Sizes in heights of the text.
constexpr double kLeft = 5.2, kRight = 6.6, kTop = 0.9, kBottom = 3.4;
constexpr double kBarGap = 0.9, kBarWidth = 0.9;
constexpr double kLeastWidth = 22, kLeastHeight = 9;

std::string number(double value, int decimals) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

}  // namespace

PageLayout divide(int width, int height, bool axes) {
  PageLayout result;
  result.plot = {0, 0, width, height};
  result.text_px = std::clamp(height / 26.0, 10.0, 26.0);
  const auto px = [&](double lines) {
    return static_cast<int>(std::lround(lines * result.text_px));
  };
  if (!axes || width < px(kLeastWidth) || height < px(kLeastHeight)) return result;
  result.axes = true;
  result.plot = {px(kLeft), px(kTop), width - px(kLeft) - px(kRight),
                 height - px(kTop) - px(kBottom)};
  result.bar = {result.plot.x + result.plot.width + px(kBarGap), result.plot.y, px(kBarWidth),
                result.plot.height};
  return result;
}

double MelAxis::place(double hz) const {
  const double low = to_mel(scale, fmin);
  const double step = (to_mel(scale, fmax) - low) / (mels + 1);
  const double band = (to_mel(scale, hz) - low) / step - 1;
  return (band + 0.5) / mels;
}

std::vector<Tick> frequency_ticks(const MelAxis& axis, double distance) {
  std::vector<Tick> ticks;
  // fmax is the far edge of the last filter, half a band above the plot: it belongs to the edge.
  const double beyond = 0.51 / axis.mels;
  double above = 1 + beyond + distance;
  for (double hz = 125 * 1024; hz >= 125; hz /= 2) {
    const double place = axis.place(hz);
    if (place > 1 + beyond || place < 0 || above - place < distance) continue;
    above = place;
    ticks.push_back({std::min(place, 1.0), number(hz, 0)});
  }
  std::reverse(ticks.begin(), ticks.end());
  return ticks;
}

std::vector<Tick> round_ticks(double first, double last, int most) {
  std::vector<Tick> ticks;
  const double span = last - first;
  if (!(span > 0) || most < 1) return ticks;
  double step = std::pow(10, std::floor(std::log10(span / most)));
  for (const double factor : {2.0, 2.5, 2.0}) {  // 1, 2, 5, 10
    if (span / step <= most + 1e-6) break;
    step *= factor;
  }
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  const double slack = 1e-6 * step;
  for (double n = std::ceil((first - slack) / step); n * step <= last + slack; ++n) {
    const double value = n == 0 ? 0 : n * step;
    ticks.push_back({(value - first) / span, number(value, decimals)});
  }
  return ticks;
}

bool Figure::operator==(const Figure& other) const {
  return width == other.width && height == other.height && layout.plot == other.layout.plot &&
         dark == other.dark && mel == other.mel && first_second == other.first_second &&
         last_second == other.last_second && range == other.range && unit == other.unit &&
         map == other.map;
}

}  // namespace npumel
