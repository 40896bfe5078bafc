// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds the functions of libcairo.
#include "gst/melspecscope/cairo_library.h"

#include <dlfcn.h>

namespace npumel {
namespace {

/// Sets `function`; false when the library has none of this name.
template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

bool load(CairoLibrary& cairo) {
  // NODELETE: fontconfig and others of its libraries keep state for each thread.
  void* library = dlopen("libcairo.so.2", RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) return false;
  bool found = true;
#define NPUMEL_CAIRO_FIND(name) found = found && find(library, "cairo_" #name, cairo.name);
  NPUMEL_CAIRO_FUNCTIONS(NPUMEL_CAIRO_FIND)
#undef NPUMEL_CAIRO_FIND
  return found;
}

}  // namespace

const CairoLibrary* cairo_library() {
  static CairoLibrary cairo;
  static const bool loaded = load(cairo);
  return loaded ? &cairo : nullptr;
}

}  // namespace npumel
