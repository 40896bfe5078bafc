// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads mel caps for drawing, and makes video caps.
#include "gst/melspecscope/scope_caps.h"

#include <numbers>
#include <string>

#include "gst/common/row_info.h"

namespace npumel {
namespace {

GstStaticPadTemplate sink_pad_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS("audio/x-mel-spectrogram, "
                                            "format = (string) { F32LE, F16LE }, "
                                            "layout = (string) { frame-major, mel-major }, "
                                            "mels = (int) [ 1, 4096 ], "
                                            "frames = (int) [ 0, 1000000 ], "
                                            "rate = (int) [ 1000, 768000 ], "
                                            "hop-length = (int) [ 1, 65536 ]; "
                                            "audio/x-speech-features, "
                                            "format = (string) { F32LE, F16LE }, "
                                            "layout = (string) { frame-major, mel-major }, "
                                            "dims = (int) [ 1, 1048576 ], "
                                            "frames = (int) [ 0, 1000000 ], "
                                            "rate = (int) [ 1000, 768000 ], "
                                            "hop-length = (int) [ 1, 65536000 ]"));

// 16384 pixels are more than any screen has, and a gigabyte at most.
GstStaticPadTemplate source_pad_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS("video/x-raw, format = (string) { BGRx, RGBx, xRGB, "
                                            "xBGR, BGRA, RGBA, ARGB, ABGR, RGB, BGR }, "
                                            "width = (int) [ 1, 16384 ], "
                                            "height = (int) [ 1, 16384 ], "
                                            "framerate = " GST_VIDEO_FPS_RANGE));

void read_unit(const MelInfo& info, MelStream& stream) {
  const bool magnitude = info.choice<Spectrum>("spectrum") == Spectrum::magnitude;
  const bool linear = info.choice<MelScale>("mel-scale") == MelScale::none;
  const std::string quantity =
      std::string(linear ? "" : "mel ") + (magnitude ? "magnitude" : "power");
  if (info.text("normalize").value_or("none") != "none") {
    stream.unit = linear ? "normalised log " + quantity : "normalised log-mel";
    return;
  }
  switch (info.choice<LogType>("log").value_or(LogType::none)) {
    case LogType::log10:
      stream.unit = "log10 " + quantity;
      stream.decade = 1;
      return;
    case LogType::ln:
      stream.unit = "ln " + quantity;
      stream.decade = std::numbers::ln10;
      return;
    case LogType::db:
      stream.unit = quantity + " (dB)";
      stream.decade = 10;
      return;
    case LogType::none:
      // Powers span many decades: as they are, all but the loudest would be black.
      stream.unit = quantity + " (dB)";
      stream.decade = 10;
      stream.drawn = magnitude ? Drawn::magnitude_in_db : Drawn::power_in_db;
  }
}

/// The energy stands in front of each row and is no band of the spectrum.
int values_before_bands(const MelInfo& info) {
  return info.choice<Energy>("energy").value_or(Energy::none) != Energy::none && info.mels > 1 ? 1
                                                                                               : 0;
}

void read_axis(const MelInfo& info, MelStream& stream) {
  const auto scale = info.choice<MelScale>("mel-scale");
  const auto fmin = info.integer("fmin");
  const auto fmax = info.integer("fmax");
  if (!scale || !fmin || !fmax || *fmin < 0 || *fmax <= *fmin) return;
  MelAxis axis;
  axis.scale = *scale;
  axis.fmin = *fmin;
  axis.fmax = *fmax;
  axis.mels = stream.mels;
  const int n_fft = info.integer("n-fft").value_or(0);
  if (axis.scale == MelScale::none) {
    if (n_fft <= 0) return;
    axis.bin_hz = static_cast<double>(info.rate) / n_fft;
  }
  stream.axis = axis;
}

}  // namespace

GstStaticPadTemplate* scope_sink_template() { return &sink_pad_template; }
GstStaticPadTemplate* scope_source_template() { return &source_pad_template; }

bool shows(const FeatureInfo& features) {
  return features.rows_of_mels() && features.dims <= kMostMels;
}

bool parse_mel_caps(const GstCaps* caps, ScopeInput& input) {
  input = ScopeInput();
  const auto info = RowInfo::from_caps(caps);
  if (!info || info->hop() <= 0 || info->rate() <= 0 || info->width() > kMostMels) return false;
  const FeatureInfo* features = info->features();
  if (features != nullptr && !shows(*features)) return false;
  input.stream.mels = info->width();
  input.rate = info->rate();
  input.hop = info->hop();
  input.stream.frame_seconds = static_cast<double>(input.hop) / input.rate;
  input.type = info->type();
  input.layout = info->layout();
  if (features != nullptr) {
    input.stream.unit = features->kind;
    return true;
  }
  input.stream.skipped = values_before_bands(*info->mel());
  input.stream.mels = info->width() - input.stream.skipped;
  read_unit(*info->mel(), input.stream);
  read_axis(*info->mel(), input.stream);
  return true;
}

GstCaps* video_caps_for(const GstCaps* mel, bool scroll) {
  GstCaps* result = gst_caps_new_empty();
  for (guint i = 0; i < gst_caps_get_size(mel); ++i) {
    const GstStructure* structure = gst_caps_get_structure(mel, i);
    GstCaps* video = gst_static_pad_template_get_caps(&source_pad_template);
    video = gst_caps_make_writable(video);
    if (scroll) {
      gst_caps_set_simple(video, "framerate", GST_TYPE_FRACTION_RANGE, 1, 1000, 1000, 1, nullptr);
    } else if (gst_structure_has_field(structure, "framerate")) {
      gst_caps_set_value(video, "framerate", gst_structure_get_value(structure, "framerate"));
    }
    result = gst_caps_merge(result, video);
  }
  return result;
}

GstCaps* fixate_video_caps(GstCaps* caps) {
  caps = gst_caps_make_writable(gst_caps_truncate(caps));
  GstStructure* structure = gst_caps_get_structure(caps, 0);
  gst_structure_fixate_field_nearest_int(structure, "width", 1280);
  gst_structure_fixate_field_nearest_int(structure, "height", 320);
  gst_structure_fixate_field_nearest_fraction(structure, "framerate", 30, 1);
  if (gst_structure_has_field(structure, "pixel-aspect-ratio"))
    gst_structure_fixate_field_nearest_fraction(structure, "pixel-aspect-ratio", 1, 1);
  return gst_caps_fixate(caps);
}

PixelFormat pixel_format_of(const GstVideoInfo& info) {
  PixelFormat format;
  format.size = GST_VIDEO_INFO_COMP_PSTRIDE(&info, GST_VIDEO_COMP_R);
  format.r = static_cast<int>(GST_VIDEO_INFO_COMP_OFFSET(&info, GST_VIDEO_COMP_R));
  format.g = static_cast<int>(GST_VIDEO_INFO_COMP_OFFSET(&info, GST_VIDEO_COMP_G));
  format.b = static_cast<int>(GST_VIDEO_INFO_COMP_OFFSET(&info, GST_VIDEO_COMP_B));
  return format;
}

}  // namespace npumel
