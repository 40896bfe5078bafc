// SPDX-License-Identifier: LGPL-2.1-or-later
// The vector facade: the dozen operations the kernel is written in, once in plain C++ for the host
// twin and once in aie_api for the NPU. Both define the same names in namespace npumel::aie2::vec.
#pragma once

#ifdef __AIENGINE__
#include "kernels/aie2/vec_aie.h"
#else
#include "kernels/aie2/vec_host.h"
#endif
