// SPDX-License-Identifier: LGPL-2.1-or-later
// Maps buffers and chooses the pool of the video.
#include "gst/melspecscope/scope_buffers.h"

#include <gst/audio/audio.h>

#include <utility>

#include "gst/common/pool_offer.h"

namespace npumel {

MappedMel::MappedMel(BufferPtr buffer, const ScopeInput& input) : buffer_(std::move(buffer)) {
  if (!gst_buffer_map(buffer_.get(), &map_, GST_MAP_READ)) return;
  mapped_ = true;
  const MelStream& stream = input.stream;
  block_ = {map_.data, input.type, input.layout, stream.mels, 0, stream.drawn, stream.skipped};
  const gsize frame = size_of(input.type) * static_cast<gsize>(stream.skipped + stream.mels);
  whole_ = map_.size % frame == 0;
  block_.frames = static_cast<int64_t>(map_.size / frame);
  if (const GstAudioLevelMeta* meta = gst_buffer_get_audio_level_meta(buffer_.get()))
    block_.level = SoundLevel{-int{meta->level}, meta->voice_activity != FALSE};
}

MappedMel::~MappedMel() {
  if (mapped_) gst_buffer_unmap(buffer_.get(), &map_);
}

bool choose_video_pool(GstQuery* query) {
  GstCaps* caps = nullptr;
  gst_query_parse_allocation(query, &caps, nullptr);
  GstVideoInfo info;
  if (caps == nullptr || !gst_video_info_from_caps(&info, caps)) return false;

  PoolOffer offer = PoolOffer::read(query);
  if (!offer.pool) offer.pool.reset(gst_video_buffer_pool_new());
  offer.size = MAX(offer.size, static_cast<guint>(GST_VIDEO_INFO_SIZE(&info)));

  GstStructure* config = gst_buffer_pool_get_config(offer.pool.get());
  gst_buffer_pool_config_set_params(config, caps, offer.size, offer.least, offer.most);
  if (gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr))
    gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
  gst_buffer_pool_set_config(offer.pool.get(), config);
  offer.write(query);
  return true;
}

MappedVideo::MappedVideo(GstBuffer* buffer, const GstVideoInfo& info)
    : mapped_(gst_video_frame_map(&frame_, &info, buffer, GST_MAP_WRITE)) {}

MappedVideo::~MappedVideo() {
  if (mapped_) gst_video_frame_unmap(&frame_);
}

}  // namespace npumel
