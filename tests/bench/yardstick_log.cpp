// SPDX-License-Identifier: LGPL-2.1-or-later
// The vectorised logarithm of the yardstick: a loop that the compiler may hand to libmvec.
#include <algorithm>
#include <cmath>

#include "tests/bench/yardstick.h"

namespace npumel::bench {

void vector_logarithms(float* row, int count, float floor, bool add_floor, float units) {
  if (add_floor)
    for (int i = 0; i < count; ++i) row[i] += floor;
  else
    for (int i = 0; i < count; ++i) row[i] = std::max(row[i], floor);
  for (int i = 0; i < count; ++i) row[i] = units * std::log(row[i]);
}

}  // namespace npumel::bench
