// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernel's interface: amdxdna's own calls and the DRM core's.
#pragma once

#include <drm/drm.h>

// The header marks a flexible array with a kernel macro that C++ builds of it may lack.
#ifndef __counted_by
#define __counted_by(member)
#endif
#include <drm/amdxdna_accel.h>
