// SPDX-License-Identifier: LGPL-2.1-or-later
// An error with the status it is reported under, inside the module only.
#pragma once

#include <stdexcept>
#include <string>

#include "gst/backend/xrt_api.h"

namespace npumel::xrt_module {

class Fault : public std::runtime_error {
 public:
  Fault(NpumelXrtStatus status, const std::string& text)
      : std::runtime_error(text), status_(status) {}
  NpumelXrtStatus status() const noexcept { return status_; }

 private:
  NpumelXrtStatus status_;
};

}  // namespace npumel::xrt_module
