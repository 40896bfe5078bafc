/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names for programs that use npumelspec: caps, the meta, messages. C; needs no other header. */
#ifndef NPUMELSPEC_H
#define NPUMELSPEC_H

/* Caps of the source pad. Buffers hold `frames` times `mels` values: (frames, mels) for the layout
 * frame-major, (mels, frames) for mel-major. */
#define NPU_MEL_MEDIA_TYPE "audio/x-mel-spectrogram"
#define NPU_MEL_FIELD_FORMAT "format"       /* string: F32LE, F16LE */
#define NPU_MEL_FIELD_LAYOUT "layout"       /* string: frame-major, mel-major */
#define NPU_MEL_FIELD_MELS "mels"           /* int, >= 1 */
#define NPU_MEL_FIELD_FRAMES "frames"       /* int; 0 = any number, see the buffer's size */
#define NPU_MEL_FIELD_RATE "rate"           /* int: samples a second of the audio */
#define NPU_MEL_FIELD_CHANNELS "channels"   /* int: 1 */
#define NPU_MEL_FIELD_FRAMERATE "framerate" /* fraction: buffers a second; 0/1 when frames is 0 */
#define NPU_MEL_FIELD_PRESET "preset" /* string; custom when a setting differs from its preset */
#define NPU_MEL_FIELD_RECIPE_ID "recipe-id"     /* string: the same only for the same features */
#define NPU_MEL_FIELD_N_FFT "n-fft"             /* int, samples */
#define NPU_MEL_FIELD_WIN_LENGTH "win-length"   /* int, samples */
#define NPU_MEL_FIELD_HOP_LENGTH "hop-length"   /* int, samples between two frames */
#define NPU_MEL_FIELD_WINDOW "window"           /* string */
#define NPU_MEL_FIELD_SPECTRUM "spectrum"       /* string: power, magnitude */
#define NPU_MEL_FIELD_ENERGY "energy"           /* string: none, or what mels' first value is */
#define NPU_MEL_FIELD_MEL_SCALE "mel-scale"     /* string */
#define NPU_MEL_FIELD_MEL_NORM "mel-norm"       /* string */
#define NPU_MEL_FIELD_FMIN "fmin"               /* int, Hz */
#define NPU_MEL_FIELD_FMAX "fmax"               /* int, Hz */
#define NPU_MEL_FIELD_PADDING "padding"         /* string */
#define NPU_MEL_FIELD_LOG "log"                 /* string: none, ln, log10, db */
#define NPU_MEL_FIELD_PREEMPHASIS "preemphasis" /* int, per mille */
#define NPU_MEL_FIELD_INPUT_SCALE "input-scale" /* int: 1, 32768 */
#define NPU_MEL_FIELD_NORMALIZE "normalize"     /* string: none, buffer, running, fixed */

/* Caps of meltransform's source pad. Buffers hold `frames` times `dims` values, as above. The other
 * fields that mel caps have mean the same: recipe-id is that of the mel rows, hop-length the
 * distance of two rows here, too. */
#define NPU_FEATURES_MEDIA_TYPE "audio/x-speech-features"
#define NPU_FEATURES_FIELD_DIMS "dims"                 /* int, >= 1 */
#define NPU_FEATURES_FIELD_KIND "kind"                 /* string: the steps, "mel+dct+deltas" */
#define NPU_FEATURES_FIELD_TRANSFORM_ID "transform-id" /* string: of all that was done to them */

/* The custom meta on every buffer: gst_buffer_get_custom_meta(). */
#define NPU_MEL_META_NAME "GstNpuMelMeta"
#define NPU_MEL_META_VALID_FRAMES \
  "valid-frames" /* int: rows of audio; those after them are padding */
#define NPU_MEL_META_FRAME_OFFSET \
  "frame-offset"                       /* uint64: of the first row, since the stream began */
#define NPU_MEL_META_LOG_MAX "log-max" /* double: largest value before normalisation */
#define NPU_MEL_META_BACKEND "backend" /* string: software, npu */

/* On memory of buffers that the NPU has written and the element sent without a copy, where the
 * driver exports it as a dma-buf: gst_mini_object_get_qdata() by this name is the descriptor plus
 * 1, as a pointer. It is valid as long as the memory, whose parent has it when it is a part of
 * another. */
#define NPU_MEL_QDATA_DMABUF "npumelspec-dma-buf"

/* Element messages, by the name of their structure. */
#define NPU_MEL_MESSAGE_BACKEND \
  "npumelspec-backend" /* what computes changed, or was found at start */
#define NPU_MEL_MESSAGE_RESYNC "npumelspec-resync" /* the time base moved, or frames restart */

#endif
