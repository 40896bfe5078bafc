// SPDX-License-Identifier: LGPL-2.1-or-later
// What tables and plans depend on of an instruction set.
#pragma once

namespace npumel {

struct Vectors {
  int lanes = 1;       ///< floats in a vector, and frames computed at once
  int registers = 16;  ///< vectors that can be kept out of memory
  int half_lanes = 0;  ///< frames of a half group, see groups.h; 0: there are none
};

}  // namespace npumel
