#include "gst/npumelspec/properties.h"

#include <optional>

#include "gst/npumelspec/element.h"
#include "gst/npumelspec/enum_types.h"

namespace npumel {
namespace {

enum Property : guint {
  kPreset = 1,
  // recipe
  kMels,
  kNfft,
  kWinLength,
  kHopLength,
  kWindow,
  kWindowPlace,
  kSpectrum,
  kMelScale,
  kMelNorm,
  kFmin,
  kFmax,
  kPadding,
  kFrameCount,
  kLog,
  kLogFloor,
  kFloorMode,
  kPreemphasis,
  kPreemphasisMode,
  kRemoveDc,
  kInputScale,
  kRecipe,
  // output
  kFrames,
  kFirstFrames,
  kStride,
  kNormalize,
  kFixedMax,
  kTailSilence,
  kEosMode,
  kLayout,
  kFormat,
  kMaxDuration,
  // backend
  kBackend,
  kActiveBackend,
  kDevice,
  kKernelPath,
  kNpuTimeout,
  kInFlight,
  kVerifyInterval,
  kRetryInterval,
  // time
  kMaxGap,
  kAlignmentThreshold,
  kDiscontWait,
  kProcessingLatency,
  kStats
};

constexpr auto kReady =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
constexpr auto kAlways = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                  GST_PARAM_MUTABLE_PLAYING);
constexpr auto kReadOnly = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

/// Installs properties of one kind after another, each in one line.
class Installer {
 public:
  explicit Installer(GObjectClass* klass) : klass_(klass) {}

  void integer(guint id, const char* name, const char* nick, const char* blurb, int lowest,
               int highest, int standard) {
    add(id, g_param_spec_int(name, nick, blurb, lowest, highest, standard, kReady));
  }
  void real(guint id, const char* name, const char* nick, const char* blurb, double lowest,
            double highest, double standard) {
    add(id, g_param_spec_double(name, nick, blurb, lowest, highest, standard, kReady));
  }
  void choice(guint id, const char* name, const char* nick, const char* blurb, GType type,
              int standard) {
    add(id, g_param_spec_enum(name, nick, blurb, type, standard, kReady));
  }
  void text(guint id, const char* name, const char* nick, const char* blurb) {
    add(id, g_param_spec_string(name, nick, blurb, nullptr, kReady));
  }
  void time(guint id, const char* name, const char* nick, const char* blurb, GstClockTime standard,
            GParamFlags flags = kReady) {
    add(id, g_param_spec_uint64(name, nick, blurb, 0, G_MAXINT64, standard, flags));
  }
  void add(guint id, GParamSpec* spec) { g_object_class_install_property(klass_, id, spec); }

 private:
  GObjectClass* klass_;
};

void install_recipe(Installer& add) {
  add.choice(kPreset, "preset", "Preset",
             "Published front end to reproduce. The properties from mels to input-scale change "
             "single values of it, in any order of setting; caps then say preset=custom",
             recipe_enum_type<Preset>(), static_cast<int>(Preset::whisper80));
  add.integer(kMels, "mels", "Mels", "Mel bins of a frame (-1 = as the preset)", -1, 512, -1);
  add.integer(kNfft, "n-fft", "FFT size", "Samples of the Fourier transform (-1 = as the preset)",
              -1, 65536, -1);
  add.integer(kWinLength, "win-length", "Window length",
              "Samples under the window function, at most n-fft (-1 = as the preset)", -1, 65536,
              -1);
  add.integer(kHopLength, "hop-length", "Hop length",
              "Samples between two frames (-1 = as the preset)", -1, 192000, -1);
  add.choice(kWindow, "window", "Window function", "Window function",
             recipe_enum_type<WindowFunction>(), -1);
  add.choice(kWindowPlace, "window-place", "Window place",
             "Where the window function lies inside a longer FFT", recipe_enum_type<WindowPlace>(),
             -1);
  add.choice(kSpectrum, "spectrum", "Spectrum", "What the mel filters sum up",
             recipe_enum_type<Spectrum>(), -1);
  add.choice(kMelScale, "mel-scale", "Mel scale", "Mel scale and in what the filters are triangles",
             recipe_enum_type<MelScale>(), -1);
  add.choice(kMelNorm, "mel-norm", "Mel norm", "Height of the mel filters",
             recipe_enum_type<MelNorm>(), -1);
  add.integer(kFmin, "fmin", "Lowest frequency",
              "Lower edge of the lowest filter in Hz (-1 = as the preset)", -1, 96000, -1);
  add.integer(kFmax, "fmax", "Highest frequency",
              "Upper edge of the highest filter in Hz; 0 = half the rate, below -1 = that much "
              "below half the rate (-1 = as the preset)",
              -96000, 96000, -1);
  add.choice(kPadding, "padding", "Padding", "What lies before and after the audio",
             recipe_enum_type<Padding>(), -1);
  add.choice(kFrameCount, "frame-count", "Frame count rule",
             "How many frames n samples make (rounded down)", recipe_enum_type<FrameCount>(), -1);
  add.choice(kLog, "log", "Logarithm", "Logarithm of the mel energies", recipe_enum_type<LogType>(),
             -1);
  add.real(kLogFloor, "log-floor", "Logarithm floor",
           "Floor or guard before the logarithm (-1 = as the preset)", -1, 1e6, -1);
  add.choice(kFloorMode, "floor-mode", "Floor mode", "What log-floor does",
             recipe_enum_type<FloorMode>(), -1);
  add.real(kPreemphasis, "preemphasis", "Pre-emphasis",
           "c in y[n] = x[n] - c x[n-1]; 0 = none (-1 = as the preset)", -1, 1, -1);
  add.choice(kPreemphasisMode, "preemphasis-mode", "Pre-emphasis mode",
             "Over what pre-emphasis runs and how it begins", recipe_enum_type<PreemphasisMode>(),
             -1);
  add.choice(kRemoveDc, "remove-dc", "Remove DC", "Whether each frame loses its mean first",
             remove_dc_type(), -1);
  add.integer(kInputScale, "input-scale", "Input scale",
              "Factor on samples in [-1, 1): 1 or 32768 (-1 = as the preset)", -1, 32768, -1);
  add.add(kRecipe, g_param_spec_string("recipe", "Recipe",
                                       "Every value that the preset and the properties resolve to, "
                                       "one key=value a line; what recipe-id in the caps hashes",
                                       nullptr, kReadOnly));
}

void install_output(Installer& add) {
  add.integer(kFrames, "frames", "Frames",
              "Frames per output buffer; 0 = the whole stream in one buffer, at its end", 0, 3000,
              100);
  add.integer(kFirstFrames, "first-frames", "First frames",
              "Frames in the first buffer (0 = as frames)", 0, 3000, 0);
  add.integer(kStride, "stride", "Stride",
              "Frames by which a buffer is ahead of the one before; less than frames makes them "
              "overlap (0 = frames)",
              0, 3000, 0);
  add.choice(kNormalize, "normalize", "Normalize", "Normalisation of the values", normalize_type(),
             static_cast<int>(NormalizeMode::none));
  add.real(kFixedMax, "fixed-max", "Fixed maximum",
           "The maximum that normalize=fixed clamps below, in the units of log", -1e6, 1e6, 1.5);
  add.time(kTailSilence, "tail-silence", "Tail silence",
           "Silence appended at the end of the stream, in ns. Its own frames are dropped, but they "
           "count for normalize=buffer. 30 s is what whisper.cpp does",
           0);
  add.choice(kEosMode, "eos-mode", "EOS mode",
             "What becomes of frames that do not fill a buffer at the end of the stream",
             eos_mode_type(), static_cast<int>(EosMode::automatic));
  add.choice(kLayout, "layout", "Layout", "Order of the values in a buffer", layout_choice_type(),
             static_cast<int>(LayoutChoice::automatic));
  add.choice(kFormat, "format", "Format", "Type of the values", format_choice_type(),
             static_cast<int>(FormatChoice::automatic));
  add.time(kMaxDuration, "max-duration", "Maximum duration",
           "With frames=0: audio in ns beyond which an error ends the stream", 3600 * GST_SECOND);
}

void install_backend(Installer& add) {
  add.choice(kBackend, "backend", "Backend", "Where frames are computed", backend_choice_type(),
             static_cast<int>(BackendChoice::automatic));
  add.add(kActiveBackend, g_param_spec_string("active-backend", "Active backend",
                                              "Where frames are computed now: software or npu",
                                              nullptr, kReadOnly));
  add.text(kDevice, "device", "Device", "NPU to use: index or PCI address (unset = the first)");
  add.text(
      kKernelPath, "kernel-path", "Kernel path",
      "Folders with NPU kernel packages, separated by colons (unset = the environment variable "
      "NPUMELSPEC_KERNEL_PATH, then the installed folder)");
  add.add(kNpuTimeout, g_param_spec_uint("npu-timeout", "NPU timeout",
                                         "Milliseconds that the NPU may take for a batch", 1,
                                         G_MAXINT, 2000, kReady));
  add.integer(kInFlight, "in-flight", "In flight",
              "Batches given to the NPU ahead of their results; live pipelines use 1", 1, 16, 2);
  add.add(kVerifyInterval,
          g_param_spec_uint("verify-interval", "Verify interval",
                            "Every n-th NPU batch is compared in full with the CPU (0 = never)", 0,
                            G_MAXINT, 64, kReady));
  add.time(kRetryInterval, "retry-interval", "Retry interval",
           "Time in ns until a failed NPU is tried again; doubles, ends after 3 failures",
           5 * GST_SECOND);
}

void install_time(Installer& add) {
  add.time(kMaxGap, "max-gap", "Maximum gap",
           "Gaps up to this (ns) are filled with silence, longer ones start the stream anew",
           GST_SECOND);
  add.time(kAlignmentThreshold, "alignment-threshold", "Alignment threshold",
           "Timestamps may be off by this (ns) before they count as a jump", 40 * GST_MSECOND);
  add.time(kDiscontWait, "discont-wait", "Discont wait",
           "How long (ns) timestamps must be off before a jump is accepted", GST_SECOND);
  add.time(kProcessingLatency, "processing-latency", "Processing latency",
           "Time (ns) reported for computing a buffer in live pipelines", 20 * GST_MSECOND,
           kAlways);
  add.add(kStats, g_param_spec_boxed("stats", "Statistics",
                                     "Counters since the stream started: frames, batches, samples, "
                                     "times in ns, and npu-reason: why the NPU is not used",
                                     GST_TYPE_STRUCTURE, kReadOnly));
}

void set_number(std::optional<int>& field, const GValue* value, int unset = -1) {
  const int number = g_value_get_int(value);
  if (number == unset)
    field.reset();
  else
    field = number;
}

void set_number(std::optional<double>& field, const GValue* value) {
  const double number = g_value_get_double(value);
  if (number == -1)
    field.reset();
  else
    field = number;
}

template <typename E>
void set_choice(std::optional<E>& field, const GValue* value) {
  const int number = g_value_get_enum(value);
  if (number < 0)
    field.reset();
  else
    field = static_cast<E>(number);
}

template <typename E>
void set_choice(E& field, const GValue* value) {
  field = static_cast<E>(g_value_get_enum(value));
}

template <typename E>
void get_choice(const std::optional<E>& field, GValue* value) {
  g_value_set_enum(value, field ? static_cast<int>(*field) : -1);
}

template <typename E>
void get_choice(const E& field, GValue* value) {
  g_value_set_enum(value, static_cast<int>(field));
}

void set_text(std::string& field, const GValue* value) {
  const char* text = g_value_get_string(value);
  field = text == nullptr ? "" : text;
}

void get_text(const std::string& field, GValue* value) {
  g_value_set_string(value, field.empty() ? nullptr : field.c_str());
}

bool set_recipe(RecipeOverrides& recipe, guint id, const GValue* value) {
  switch (id) {
    case kMels:
      set_number(recipe.mels, value);
      return true;
    case kNfft:
      set_number(recipe.n_fft, value);
      return true;
    case kWinLength:
      set_number(recipe.win_length, value);
      return true;
    case kHopLength:
      set_number(recipe.hop_length, value);
      return true;
    case kWindow:
      set_choice(recipe.window, value);
      return true;
    case kWindowPlace:
      set_choice(recipe.window_place, value);
      return true;
    case kSpectrum:
      set_choice(recipe.spectrum, value);
      return true;
    case kMelScale:
      set_choice(recipe.mel_scale, value);
      return true;
    case kMelNorm:
      set_choice(recipe.mel_norm, value);
      return true;
    case kFmin:
      set_number(recipe.fmin, value);
      return true;
    case kFmax:
      set_number(recipe.fmax, value);
      return true;
    case kPadding:
      set_choice(recipe.padding, value);
      return true;
    case kFrameCount:
      set_choice(recipe.frame_count, value);
      return true;
    case kLog:
      set_choice(recipe.log, value);
      return true;
    case kLogFloor:
      set_number(recipe.log_floor, value);
      return true;
    case kFloorMode:
      set_choice(recipe.floor_mode, value);
      return true;
    case kPreemphasis:
      set_number(recipe.preemphasis, value);
      return true;
    case kPreemphasisMode:
      set_choice(recipe.preemphasis_mode, value);
      return true;
    case kRemoveDc:
      set_choice(recipe.remove_dc, value);
      return true;
    case kInputScale:
      set_number(recipe.input_scale, value);
      return true;
    default:
      return false;
  }
}

bool get_recipe(const RecipeOverrides& recipe, guint id, GValue* value) {
  switch (id) {
    case kMels:
      g_value_set_int(value, recipe.mels.value_or(-1));
      return true;
    case kNfft:
      g_value_set_int(value, recipe.n_fft.value_or(-1));
      return true;
    case kWinLength:
      g_value_set_int(value, recipe.win_length.value_or(-1));
      return true;
    case kHopLength:
      g_value_set_int(value, recipe.hop_length.value_or(-1));
      return true;
    case kWindow:
      get_choice(recipe.window, value);
      return true;
    case kWindowPlace:
      get_choice(recipe.window_place, value);
      return true;
    case kSpectrum:
      get_choice(recipe.spectrum, value);
      return true;
    case kMelScale:
      get_choice(recipe.mel_scale, value);
      return true;
    case kMelNorm:
      get_choice(recipe.mel_norm, value);
      return true;
    case kFmin:
      g_value_set_int(value, recipe.fmin.value_or(-1));
      return true;
    case kFmax:
      g_value_set_int(value, recipe.fmax.value_or(-1));
      return true;
    case kPadding:
      get_choice(recipe.padding, value);
      return true;
    case kFrameCount:
      get_choice(recipe.frame_count, value);
      return true;
    case kLog:
      get_choice(recipe.log, value);
      return true;
    case kLogFloor:
      g_value_set_double(value, recipe.log_floor.value_or(-1));
      return true;
    case kFloorMode:
      get_choice(recipe.floor_mode, value);
      return true;
    case kPreemphasis:
      g_value_set_double(value, recipe.preemphasis.value_or(-1));
      return true;
    case kPreemphasisMode:
      get_choice(recipe.preemphasis_mode, value);
      return true;
    case kRemoveDc:
      get_choice(recipe.remove_dc, value);
      return true;
    case kInputScale:
      g_value_set_int(value, recipe.input_scale.value_or(-1));
      return true;
    default:
      return false;
  }
}

bool set_setting(Settings& settings, guint id, const GValue* value) {
  switch (id) {
    case kPreset:
      set_choice(settings.preset, value);
      return true;
    case kFrames:
      settings.frames = g_value_get_int(value);
      return true;
    case kFirstFrames:
      settings.first_frames = g_value_get_int(value);
      return true;
    case kStride:
      settings.stride = g_value_get_int(value);
      return true;
    case kNormalize:
      set_choice(settings.normalize, value);
      return true;
    case kFixedMax:
      settings.fixed_max = g_value_get_double(value);
      return true;
    case kTailSilence:
      settings.tail_silence = g_value_get_uint64(value);
      return true;
    case kEosMode:
      set_choice(settings.eos_mode, value);
      return true;
    case kLayout:
      set_choice(settings.layout, value);
      return true;
    case kFormat:
      set_choice(settings.format, value);
      return true;
    case kMaxDuration:
      settings.max_duration = g_value_get_uint64(value);
      return true;
    case kBackend:
      set_choice(settings.backend, value);
      return true;
    case kDevice:
      set_text(settings.device, value);
      return true;
    case kKernelPath:
      set_text(settings.kernel_path, value);
      return true;
    case kNpuTimeout:
      settings.npu_timeout = g_value_get_uint(value);
      return true;
    case kInFlight:
      settings.in_flight = g_value_get_int(value);
      return true;
    case kVerifyInterval:
      settings.verify_interval = g_value_get_uint(value);
      return true;
    case kRetryInterval:
      settings.retry_interval = g_value_get_uint64(value);
      return true;
    case kMaxGap:
      settings.max_gap = g_value_get_uint64(value);
      return true;
    case kAlignmentThreshold:
      settings.alignment_threshold = g_value_get_uint64(value);
      return true;
    case kDiscontWait:
      settings.discont_wait = g_value_get_uint64(value);
      return true;
    case kProcessingLatency:
      settings.processing_latency = g_value_get_uint64(value);
      return true;
    default:
      return set_recipe(settings.overrides, id, value);
  }
}

bool get_setting(const Settings& settings, guint id, GValue* value) {
  switch (id) {
    case kPreset:
      get_choice(settings.preset, value);
      return true;
    case kFrames:
      g_value_set_int(value, settings.frames);
      return true;
    case kFirstFrames:
      g_value_set_int(value, settings.first_frames);
      return true;
    case kStride:
      g_value_set_int(value, settings.stride);
      return true;
    case kNormalize:
      get_choice(settings.normalize, value);
      return true;
    case kFixedMax:
      g_value_set_double(value, settings.fixed_max);
      return true;
    case kTailSilence:
      g_value_set_uint64(value, settings.tail_silence);
      return true;
    case kEosMode:
      get_choice(settings.eos_mode, value);
      return true;
    case kLayout:
      get_choice(settings.layout, value);
      return true;
    case kFormat:
      get_choice(settings.format, value);
      return true;
    case kMaxDuration:
      g_value_set_uint64(value, settings.max_duration);
      return true;
    case kBackend:
      get_choice(settings.backend, value);
      return true;
    case kDevice:
      get_text(settings.device, value);
      return true;
    case kKernelPath:
      get_text(settings.kernel_path, value);
      return true;
    case kNpuTimeout:
      g_value_set_uint(value, settings.npu_timeout);
      return true;
    case kInFlight:
      g_value_set_int(value, settings.in_flight);
      return true;
    case kVerifyInterval:
      g_value_set_uint(value, settings.verify_interval);
      return true;
    case kRetryInterval:
      g_value_set_uint64(value, settings.retry_interval);
      return true;
    case kMaxGap:
      g_value_set_uint64(value, settings.max_gap);
      return true;
    case kAlignmentThreshold:
      g_value_set_uint64(value, settings.alignment_threshold);
      return true;
    case kDiscontWait:
      g_value_set_uint64(value, settings.discont_wait);
      return true;
    case kProcessingLatency:
      g_value_set_uint64(value, settings.processing_latency);
      return true;
    default:
      return get_recipe(settings.overrides, id, value);
  }
}

}  // namespace

void install_properties(GObjectClass* klass) {
  Installer add(klass);
  install_recipe(add);
  install_output(add);
  install_backend(add);
  install_time(add);
}

bool set_property(Element& element, guint id, const GValue* value) {
  bool known = false;
  element.change([&](Settings& settings) { known = set_setting(settings, id, value); });
  if (id == kProcessingLatency) element.processing_latency_changed();
  return known;
}

bool get_property(const Element& element, guint id, GValue* value) {
  switch (id) {
    case kRecipe:
      g_value_set_string(value, element.recipe_text().c_str());
      return true;
    case kActiveBackend:
      g_value_set_string(value, element.active_backend().c_str());
      return true;
    case kStats:
      g_value_take_boxed(value, element.stats());
      return true;
    default:
      return get_setting(element.settings(), id, value);
  }
}

}  // namespace npumel
