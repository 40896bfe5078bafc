// SPDX-License-Identifier: LGPL-2.1-or-later
// The vector facade: the dozen operations the kernel is written in, once in plain C++ for the host
// twin and once in aie_api for the NPU. Both define the same names in namespace npumel::aie2::vec.
#pragma once

/// In front of an inner loop that runs at least `n` times: the core's compiler pipelines loops by
/// itself and drops the test for no round at all when it knows this. Nothing on the host.
#ifndef NPUMEL_LOOP
#ifdef __AIECC__
#define NPUMEL_PRAGMA(text) _Pragma(#text)
#define NPUMEL_LOOP(n) NPUMEL_PRAGMA(clang loop min_iteration_count(n))
#else
#define NPUMEL_LOOP(n)
#endif
#endif

#ifdef __AIENGINE__
#include "kernels/aie2/vec_aie.h"
#else
#include "kernels/aie2/vec_host.h"
#endif
