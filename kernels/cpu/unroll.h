// SPDX-License-Identifier: LGPL-2.1-or-later
// Loops over arrays of vectors must be unrolled, or the arrays stay in memory; some bodies are
// longer than what compilers unroll unasked.
#pragma once

#if defined(__clang__)
#define NPUMEL_UNROLL _Pragma("clang loop unroll(full)")
#define NPUMEL_UNROLL_TWICE _Pragma("clang loop unroll_count(2)")
#else
#define NPUMEL_UNROLL _Pragma("GCC unroll 16")
#define NPUMEL_UNROLL_TWICE _Pragma("GCC unroll 2")
#endif
