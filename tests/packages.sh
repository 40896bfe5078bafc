# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Debian packages, in one place: sourced by tests/run.sh and examples/quickstart.sh.

# What building and using the plugin takes.
build_packages=(
  g++ meson ninja-build pkgconf
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
  libhwy-dev nlohmann-json3-dev libgtest-dev
)
run_packages=(
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
  alsa-utils # brings recorded speech: /usr/share/sounds/alsa/Front_Center.wav
)
# What tests/run.sh adds.
test_packages=(
  clang clang-format clang-tidy # and clang_runtime
  libgmock-dev libbenchmark-dev libfftw3-dev libcairo2-dev libarchive-dev
  python3 python3-numpy python3-gi python3-gst-1.0 gir1.2-gst-plugins-base-1.0
  python3-pip python3-setuptools python3-wheel # installing the Python module
  valgrind git ca-certificates fonts-dejavu-core ffmpeg
  xvfb gstreamer1.0-x gstreamer1.0-alsa # a window to look at, and ALSA's null device
  mmdebstrap mount # the roots of tests/xrt
)

# What the corpus suite adds: sound in many formats, and the engines that people divide a corpus with.
corpus_packages=(
  espeak-ng sox libsox-fmt-mp3 ffmpeg gstreamer1.0-libav
  parallel openssh-server openssh-client slurm-wlm munge
)

# The package of the sanitizers' libraries, whose name has the version of the clang that is installed.
clang_runtime() { dpkg-query -W -f '${Depends}' clang | sed -n 's/.*\<clang-\([0-9]\+\).*/libclang-rt-\1-dev/p'; }

# install_packages NAME...: installs those that are missing; needs root or sudo only then.
install_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "error: these packages are missing and there is no sudo; as root: apt-get install ${missing[*]}" >&2
      return 1
    }
    as_root=(sudo)
  fi
  echo "installing: ${missing[*]}"
  # In one go: sudo asks at most once.
  "${as_root[@]}" sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null' sh "${missing[@]}"
}
