// SPDX-License-Identifier: LGPL-2.1-or-later
// What the user set, and the transform that follows from it.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "kernels/transform/transform_recipe.h"

namespace npumel {

/// The properties.
struct TransformSettings {
  TransformPreset preset = TransformPreset::none;
  TransformOverrides overrides;
  std::string cmvn_file;  ///< "" = none

  bool operator==(const TransformSettings&) const = default;
};

/// Reads the file and resolves the rest. Throws std::invalid_argument with the reason.
TransformRecipe resolve_settings(const TransformSettings& settings);

/// The settings, and what they resolve to: once for each change, also where that is an error, so
/// that the file is not read for every question about caps. Every thread may call everything.
class TransformChoice {
 public:
  using Recipe = std::shared_ptr<const TransformRecipe>;

  TransformSettings settings() const;
  template <typename Change>
  void change(Change&& change) {
    const std::lock_guard lock(mutex_);
    change(settings_);
    forget();
  }
  /// The file may have been written anew: it is read again for the next question.
  void refresh();
  /// Throws std::invalid_argument as resolve_settings() does.
  Recipe recipe() const;

 private:
  void forget();

  mutable std::mutex mutex_;
  TransformSettings settings_;
  mutable Recipe recipe_;
  mutable std::string refusal_;  ///< why there is none; "" = not asked yet
};

}  // namespace npumel
