// SPDX-License-Identifier: LGPL-2.1-or-later
// Settings as the user made them, turned into a transform.
#include "gst/meltransform/settings.h"

#include <stdexcept>
#include <utility>

namespace npumel {

TransformRecipe resolve_settings(const TransformSettings& settings) {
  TransformOverrides overrides = settings.overrides;
  if (!settings.cmvn_file.empty()) overrides.cmvn_statistics = read_cmvn_file(settings.cmvn_file);
  return resolve_transform(settings.preset, overrides);
}

TransformSettings TransformChoice::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

void TransformChoice::forget() {
  recipe_.reset();
  refusal_.clear();
}

void TransformChoice::refresh() {
  const std::lock_guard lock(mutex_);
  forget();
}

TransformChoice::Recipe TransformChoice::recipe() const {
  const std::lock_guard lock(mutex_);
  if (!refusal_.empty()) throw std::invalid_argument(refusal_);
  if (recipe_) return recipe_;
  try {
    recipe_ = std::make_shared<const TransformRecipe>(resolve_settings(settings_));
  } catch (const std::invalid_argument& error) {
    refusal_ = error.what();
    throw;
  }
  return recipe_;
}

}  // namespace npumel
