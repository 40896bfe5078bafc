# SPDX-License-Identifier: LGPL-2.1-or-later
"""What peers.py and hour.py measure with: the sound, and how a user calls each library for the same features."""
import ctypes
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Peer:
    name: str
    make: object  # () -> (call(audio), version); ImportError or OSError: not here
    differs: str = ""  # why its numbers are others; empty: they must agree
    limit: float = 0  # where the peer's own float32 spectrum rounds more; 0: the front end's
    skip: int = 0  # rows at the end that follow another rule


@dataclass
class FrontEnd:
    preset: str
    limit: float  # largest difference that rounding explains, see peers.py
    layout: str = "mel-major"
    rate: int = 16000
    scale: float = 1.0  # of the samples that the peers take
    settings: dict = field(default_factory=dict)
    peers: list = field(default_factory=list)


def sound(seconds, rate):
    """Tones that glide and noise that swells, on the grid of int16: loud and quiet cells in each frame."""
    time_s = np.arange(int(seconds * rate)) / rate
    glide = sum(0.1 / k * np.sin(2 * np.pi * k * (150 * time_s + 40 * np.sin(time_s))) for k in range(1, 20))
    noise = np.random.default_rng(1).normal(0, 0.02, time_s.size) * (1.1 + np.sin(3 * time_s))
    return (np.round((glide + noise) * 16384) / 32768).astype(np.float32)


def whisper_scale(mel):
    """Whisper's published normalisation of log10 values."""
    return (np.maximum(mel, mel.max() - 8.0) + 4.0) / 4.0


def numpy_whisper():
    """What a careful NumPy user writes: float32 frames, one rfft of all of them, one matrix product."""
    window = np.hanning(401)[:400].astype(np.float32)
    filters = slaney_filters(80, 400, 16000).astype(np.float32)

    def call(audio):
        padded = np.pad(audio, 200, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, 400)[::160][:-1]
        spectrum = np.fft.rfft(frames * window)
        power = (spectrum.real ** 2 + spectrum.imag ** 2).astype(np.float32)
        return whisper_scale(np.log10(np.maximum(filters @ power.T, 1e-10)))
    return call, np.__version__


def slaney_filters(mels, points, rate):
    def to_mel(hertz):
        return np.where(hertz < 1000, 3 * hertz / 200, 15 + 27 * np.log(np.maximum(hertz, 1) / 1000) / np.log(6.4))

    def to_hertz(mel):
        return np.where(mel < 15, 200 * mel / 3, 1000 * np.exp(np.log(6.4) / 27 * (mel - 15)))

    corners = to_hertz(np.linspace(0, to_mel(np.array(rate / 2)), mels + 2))
    bins = np.arange(points // 2 + 1) * rate / points
    up = (bins - corners[:-2, None]) / np.diff(corners)[:-1, None]
    down = (corners[2:, None] - bins) / np.diff(corners)[1:, None]
    return np.maximum(0, np.minimum(up, down)) * (2 / (corners[2:] - corners[:-2]))[:, None]


def openai_whisper():
    import torch
    import whisper
    return lambda audio: whisper.log_mel_spectrogram(torch.from_numpy(audio)).numpy(), whisper.__version__


def transformers_torch():
    import torch  # noqa: F401 (without it the same call computes in NumPy)
    import transformers
    extractor = transformers.WhisperFeatureExtractor()
    settings = {"sampling_rate": 16000, "padding": "longest", "truncation": False}  # else made 30 s long
    return lambda audio: np.asarray(extractor(audio, **settings)["input_features"][0]), transformers.__version__


def transformers_numpy():
    import transformers
    extractor = transformers.WhisperFeatureExtractor()
    return lambda audio: extractor._np_extract_fbank_features(audio[None], "cpu")[0], transformers.__version__


def librosa_whisper():
    import librosa

    def call(audio):
        mel = librosa.feature.melspectrogram(y=audio, sr=16000, n_fft=400, hop_length=160, n_mels=80,
                                             pad_mode="reflect")[:, :-1]
        return whisper_scale(np.log10(np.maximum(mel, 1e-10)))
    return call, librosa.__version__


def torchaudio_mel(whisper=False, **settings):
    import torch
    import torchaudio
    transform = torchaudio.transforms.MelSpectrogram(**settings)

    def call(audio):
        mel = transform(torch.from_numpy(audio))
        if whisper:
            mel = mel[:, :-1].clamp(min=1e-10).log10()
            mel = (torch.maximum(mel, mel.max() - 8.0) + 4.0) / 4.0
        return mel.numpy()
    return call, torchaudio.__version__


def torchaudio_kaldi():
    import torch
    import torchaudio
    fbank = torchaudio.compliance.kaldi.fbank
    return lambda audio: fbank(torch.from_numpy(audio)[None], num_mel_bins=80, dither=0).numpy(), torchaudio.__version__


def kaldi_native_fbank(make):
    import kaldi_native_fbank

    def call(audio):
        stream = make(kaldi_native_fbank)
        stream.accept_waveform(16000, audio)
        stream.input_finished()
        return np.stack([stream.get_frame(frame) for frame in range(stream.num_frames_ready)])
    return call, getattr(kaldi_native_fbank, "__version__", "")


def kaldi_stream(knf):
    options = knf.FbankOptions()
    options.frame_opts.dither = 0
    options.mel_opts.num_bins = 80
    return knf.OnlineFbank(options)


def kaldi_whisper():
    call, version = kaldi_native_fbank(lambda knf: knf.OnlineWhisperFbank(knf.WhisperFeatureOptions()))
    return lambda audio: whisper_scale(np.log10(np.maximum(call(audio), 1e-10))), version


def librosa_mel():
    import librosa
    return lambda audio: librosa.feature.melspectrogram(y=audio, sr=22050), librosa.__version__


def openwakeword(model):
    import onnxruntime
    if not model:
        raise ImportError("its model file was not named (--openwakeword-model)")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda audio: session.run(None, {name: audio[None]})[0].squeeze() / 10 + 2, onnxruntime.__version__


def python_speech_features():
    import python_speech_features as psf
    return (lambda audio: psf.logfbank(audio, nfilt=80, nfft=512, lowfreq=20, preemph=0.97, winfunc=np.hamming),
            getattr(psf, "__version__", ""))


def from_library(path, function, mels):
    """A library without a Python interface: size_t FUNCTION(const float* samples, size_t count, float* rows,
    size_t capacity) writes rows of `mels` values and returns their number."""
    call_c = getattr(ctypes.CDLL(path), function)
    call_c.restype = ctypes.c_size_t
    pointer = ctypes.POINTER(ctypes.c_float)

    def call(audio):
        rows = np.empty((len(audio) // 160 + 3000 + 2, mels), np.float32)
        count = call_c(audio.ctypes.data_as(pointer), ctypes.c_size_t(audio.size), rows.ctypes.data_as(pointer),
                       ctypes.c_size_t(rows.size))
        return rows[:count]
    return call, ""


def front_ends(model):
    """Every comparison. `limit` is in the unit of the output; for linear outputs, relative to each value."""
    slaney = {"norm": "slaney", "mel_scale": "slaney"}
    return [
        FrontEnd("whisper80", 1e-4, peers=[
            Peer("NumPy", numpy_whisper),
            Peer("librosa", librosa_whisper),
            Peer("torchaudio", lambda: torchaudio_mel(
                True, sample_rate=16000, n_fft=400, hop_length=160, n_mels=80, **slaney)),
            Peer("openai-whisper", openai_whisper),
            Peer("transformers (torch)", transformers_torch),
            Peer("transformers (NumPy)", transformers_numpy),
        ]),
        FrontEnd("whisper80", 1e-4, layout="frame-major"),  # for --library
        # Its frames lie half a hop later and its ends are mirrored, as icefall's.
        FrontEnd("whisper80", 1e-4, layout="frame-major", settings={"padding": "mirror", "frame_count": "rounded"}, peers=[
            Peer("kaldi-native-fbank", kaldi_whisper),
        ]),
        FrontEnd("kaldi80", 1e-3, layout="frame-major", scale=32768.0, peers=[
            Peer("kaldi-native-fbank", lambda: kaldi_native_fbank(kaldi_stream)),
            Peer("torchaudio", torchaudio_kaldi),
            Peer("python_speech_features", python_speech_features,
                 "filter edges rounded to bins, HTK mel, Hamming window, no DC removal"),
        ]),
        FrontEnd("openwakeword", 1e-4, layout="frame-major", scale=32768.0, peers=[
            Peer("ONNX Runtime", lambda: openwakeword(model)),
        ]),
        FrontEnd("librosa", 1e-5, rate=22050, peers=[
            Peer("librosa", librosa_mel),
            Peer("torchaudio", lambda: torchaudio_mel(
                sample_rate=22050, n_fft=2048, hop_length=512, n_mels=128, pad_mode="constant", **slaney), limit=2e-3),
        ]),
        FrontEnd("torchaudio", 2e-3, peers=[Peer("torchaudio", lambda: torchaudio_mel(sample_rate=16000))]),
    ]
