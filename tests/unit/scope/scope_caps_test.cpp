// SPDX-License-Identifier: LGPL-2.1-or-later
// What the picture says about a stream follows from its caps: unit, axis, values that are no bands.
#include "gst/melspecscope/scope_caps.h"

#include <gtest/gtest.h>

#include <string>

#include "gst/common/pointers.h"

namespace npumel {
namespace {

ScopeInput input_of(const std::string& fields) {
  const CapsPtr caps(gst_caps_from_string(
      ("audio/x-mel-spectrogram,format=F32LE,layout=frame-major,frames=10,rate=16000,channels=1,"
       "framerate=10/1,hop-length=160,n-fft=400,fmin=0,fmax=8000," +
       fields)
          .c_str()));
  ScopeInput input;
  EXPECT_TRUE(parse_mel_caps(caps.get(), input)) << fields;
  return input;
}

std::string unit_of(const std::string& fields) {
  return input_of("mels=80,energy=none," + fields).stream.unit;
}

TEST(ScopeCaps, NameWhatTheValuesAre) {
  EXPECT_EQ(unit_of("mel-scale=slaney,log=log10,spectrum=power"), "log10 mel power");
  EXPECT_EQ(unit_of("mel-scale=htk,log=ln,spectrum=magnitude"), "ln mel magnitude");
  EXPECT_EQ(unit_of("mel-scale=none,log=log10,spectrum=power"), "log10 power");
  EXPECT_EQ(unit_of("mel-scale=none,log=none,spectrum=magnitude"), "magnitude (dB)");
  EXPECT_EQ(unit_of("mel-scale=slaney,log=log10,normalize=buffer"), "normalised log-mel");
  EXPECT_EQ(unit_of("mel-scale=none,log=log10,normalize=buffer"), "normalised log power");
}

TEST(ScopeCaps, TheEnergyIsNoBand) {
  const ScopeInput with = input_of("mels=81,mel-scale=kaldi,energy=windowed");
  EXPECT_EQ(with.stream.mels, 80);
  EXPECT_EQ(with.stream.skipped, 1);
  EXPECT_EQ(with.stream.axis->mels, 80);
  const ScopeInput without = input_of("mels=81,mel-scale=kaldi,energy=none");
  EXPECT_EQ(without.stream.mels, 81);
  EXPECT_EQ(without.stream.skipped, 0);
}

TEST(ScopeCaps, BinsHaveALinearAxis) {
  const ScopeInput input = input_of("mels=201,mel-scale=none,energy=none");
  ASSERT_TRUE(input.stream.axis);
  EXPECT_EQ(input.stream.axis->bin_hz, 40);
  EXPECT_NEAR(input.stream.axis->place(4000), 100.5 / 201, 1e-12);
}

}  // namespace
}  // namespace npumel
