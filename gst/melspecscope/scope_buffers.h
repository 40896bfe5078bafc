// SPDX-License-Identifier: LGPL-2.1-or-later
// Buffers in and out of melspecscope.
#pragma once

#include <gst/gst.h>
#include <gst/video/video.h>

#include <memory>
#include <optional>

#include "gst/common/pointers.h"
#include "gst/melspecscope/scope_caps.h"

namespace npumel {

/// A mel buffer that is mapped for reading.
class MappedMel {
 public:
  MappedMel(BufferPtr buffer, const ScopeInput& input);
  ~MappedMel();
  MappedMel(const MappedMel&) = delete;
  MappedMel& operator=(const MappedMel&) = delete;

  /// False when it cannot be mapped or does not hold whole frames.
  bool usable() const { return mapped_ && whole_; }
  const MelBlock& block() const { return block_; }
  GstBuffer* buffer() const { return buffer_.get(); }
  gsize size() const { return map_.size; }

 private:
  BufferPtr buffer_;
  GstMapInfo map_ = GST_MAP_INFO_INIT;
  MelBlock block_;
  bool mapped_ = false;
  bool whole_ = false;
};

/// Puts a pool for the negotiated video into an ALLOCATION query: downstream's if it has one.
bool choose_video_pool(GstQuery* query);

/// Access to the pixels of a video buffer for as long as it lives.
class MappedVideo {
 public:
  MappedVideo(GstBuffer* buffer, const GstVideoInfo& info);
  ~MappedVideo();
  MappedVideo(const MappedVideo&) = delete;
  MappedVideo& operator=(const MappedVideo&) = delete;

  explicit operator bool() const { return mapped_; }
  uint8_t* pixels() const { return static_cast<uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame_, 0)); }
  ptrdiff_t stride() const { return GST_VIDEO_FRAME_PLANE_STRIDE(&frame_, 0); }

 private:
  GstVideoFrame frame_ = {};
  bool mapped_;
};

}  // namespace npumel
