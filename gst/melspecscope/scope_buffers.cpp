#include "gst/melspecscope/scope_buffers.h"

#include <utility>

namespace npumel {

MappedMel::MappedMel(BufferPtr buffer, const ScopeInput& input) : buffer_(std::move(buffer)) {
  if (!gst_buffer_map(buffer_.get(), &map_, GST_MAP_READ)) return;
  mapped_ = true;
  block_ = {map_.data, input.type, input.layout, input.stream.mels, 0};
  const gsize frame = size_of(input.type) * static_cast<gsize>(input.stream.mels);
  whole_ = map_.size % frame == 0;
  block_.frames = static_cast<int64_t>(map_.size / frame);
}

MappedMel::~MappedMel() {
  if (mapped_) gst_buffer_unmap(buffer_.get(), &map_);
}

bool choose_video_pool(GstQuery* query) {
  GstCaps* caps = nullptr;
  gst_query_parse_allocation(query, &caps, nullptr);
  GstVideoInfo info;
  if (caps == nullptr || !gst_video_info_from_caps(&info, caps)) return false;

  GstBufferPool* pool = nullptr;
  guint size = 0;
  guint least = 0;
  guint most = 0;
  const bool offered = gst_query_get_n_allocation_pools(query) > 0;
  if (offered) gst_query_parse_nth_allocation_pool(query, 0, &pool, &size, &least, &most);
  if (pool == nullptr) pool = gst_video_buffer_pool_new();
  size = MAX(size, static_cast<guint>(GST_VIDEO_INFO_SIZE(&info)));

  GstStructure* config = gst_buffer_pool_get_config(pool);
  gst_buffer_pool_config_set_params(config, caps, size, least, most);
  if (gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr))
    gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
  gst_buffer_pool_set_config(pool, config);

  if (offered)
    gst_query_set_nth_allocation_pool(query, 0, pool, size, least, most);
  else
    gst_query_add_allocation_pool(query, pool, size, least, most);
  gst_object_unref(pool);
  return true;
}

MappedVideo::MappedVideo(GstBuffer* buffer, const GstVideoInfo& info)
    : mapped_(gst_video_frame_map(&frame_, &info, buffer, GST_MAP_WRITE)) {}

MappedVideo::~MappedVideo() {
  if (mapped_) gst_video_frame_unmap(&frame_);
}

}  // namespace npumel
