// SPDX-License-Identifier: LGPL-2.1-or-later
// A table of real factors, for transforms in float and in double.
#pragma once

#include <cstddef>
#include <type_traits>
#include <vector>

namespace npumel {

/// Both precisions are kept: the tables are small, and shared by all who use a recipe.
class Factors {
 public:
  void push_back(double value) {
    wide_.push_back(value);
    narrow_.push_back(static_cast<float>(value));
  }
  size_t size() const { return wide_.size(); }

  template <typename T>
  const T* data() const {
    if constexpr (std::is_same_v<T, double>)
      return wide_.data();
    else
      return narrow_.data();
  }

 private:
  std::vector<float> narrow_;
  std::vector<double> wide_;
};

}  // namespace npumel
