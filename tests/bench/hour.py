#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whole programs that turn an hour of audio, a WAV file, into a NumPy file: wall time, CPU time, peak memory.

usage: GST_PLUGIN_PATH=BUILD/gst tests/bench/hour.py [--rounds N] [--seconds S] [--only TEXT] [--json FILE]

Each program is a process of its own, start-up, reading and writing included. In each of the N rounds (3) all of them
run in turn; the numbers are medians, the ratios of CPU time those of the rounds, to the first program of the group. A program whose library
is missing is named with the last line it said. Exit status 1 when a result differs from the first one's by more than
rounding explains.

One thread each: `taskset -c 1 chrt -r 10 tests/bench/hour.py` on a machine that does something else as well.
"""
import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

MODULE = Path(__file__).resolve().parents[2] / "examples" / "python"
LAUNCH = "gst-launch-1.0 -q filesrc location={wav} ! decodebin ! audioconvert ! audioresample ! npumelspec "
WHISPER = "mel = (np.maximum(mel, mel.max() - 8) + 4) / 4\nnp.save(npy, mel)\n"
HEAD = "import sys\nwav, npy = sys.argv[1:]\nimport numpy as np\n"

# Group: (largest difference that rounding explains, {program: command line of gst-launch or Python script}).
PROGRAMS = {
    "whisper80": (1e-4, {
        "gst-launch": LAUNCH + "preset=whisper80 frames=0 normalize=buffer layout=mel-major ! npyenc ! filesink location={npy}",
        "npumelspec.read()": HEAD + "import npumelspec\nnp.save(npy, npumelspec.read(wav))\n",
        "librosa": HEAD + (
            "import librosa\naudio, rate = librosa.load(wav, sr=16000)\n"
            "mel = librosa.feature.melspectrogram(y=audio, sr=rate, n_fft=400, hop_length=160, n_mels=80, pad_mode='reflect')\n"
            "mel = np.log10(np.maximum(mel[:, :-1], 1e-10))\n") + WHISPER,
        "torchaudio": HEAD + (
            "import torch, torchaudio\naudio, rate = torchaudio.load(wav)\n"
            "mel = torchaudio.transforms.MelSpectrogram(rate, n_fft=400, hop_length=160, n_mels=80, norm='slaney',\n"
            "                                           mel_scale='slaney')(audio[0])\n"
            "mel = mel[:, :-1].clamp(min=1e-10).log10().numpy()\n") + WHISPER,
        "openai-whisper": HEAD + "import whisper\nnp.save(npy, whisper.log_mel_spectrogram(whisper.load_audio(wav)).numpy())\n",
        "transformers": HEAD + (
            "import soundfile, transformers\naudio, rate = soundfile.read(wav, dtype='float32')\n"
            "mel = transformers.WhisperFeatureExtractor()(audio, sampling_rate=rate, truncation=False, padding='longest')\n"
            "np.save(npy, np.asarray(mel['input_features'][0]))\n"),
    }),
    "kaldi80": (1e-3, {
        "gst-launch": LAUNCH + "preset=kaldi80 frames=0 ! npyenc ! filesink location={npy}",
        "npumelspec.read()": HEAD + "import npumelspec\n"
                                    "np.save(npy, npumelspec.read(wav, preset='kaldi80', layout='frame-major'))\n",
        "kaldi-native-fbank": HEAD + (
            "import kaldi_native_fbank as knf\nimport soundfile\naudio, rate = soundfile.read(wav, dtype='int16')\n"
            "options = knf.FbankOptions()\noptions.frame_opts.dither = 0\noptions.mel_opts.num_bins = 80\n"
            "fbank = knf.OnlineFbank(options)\nfbank.accept_waveform(rate, audio.tolist())\nfbank.input_finished()\n"
            "np.save(npy, np.stack([fbank.get_frame(i) for i in range(fbank.num_frames_ready)]))\n"),
        "torchaudio": HEAD + (
            "import torchaudio\naudio, rate = torchaudio.load(wav)\n"
            "np.save(npy, torchaudio.compliance.kaldi.fbank(audio * 32768, num_mel_bins=80, dither=0).numpy())\n"),
    }),
}


def write_wav(path, seconds):
    """A minute of sound, again and again."""
    from peer_calls import sound
    samples = (sound(60, 16000) * 32768).astype("<i2")
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        for start in range(0, seconds, 60):
            file.writeframes(samples[:16000 * min(60, seconds - start)].tobytes())


def in_child(function, *arguments):
    """This process stays small: the peak memory of one that it starts begins at its own."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(function, arguments)


def run(program, wav, npy):
    """One process: its times and peak memory, or what it said when it failed."""
    script = not program.startswith("gst-launch")
    command = [sys.executable, "-c", program, wav, npy] if script else program.format(wav=wav, npy=npy).split()
    environment = dict(os.environ, PYTHONPATH=f"{MODULE}:{os.environ.get('PYTHONPATH', '')}", GST_DEBUG="0",
                       **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")})
    with tempfile.TemporaryFile() as words:
        started = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=words, stderr=words)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        if status:
            words.seek(0)
            return (words.read().decode(errors="replace").strip() or f"status {status}").splitlines()[-1]
    return {"wall s": wall, "CPU s": usage.ru_utime + usage.ru_stime, "user s": usage.ru_utime, "peak MiB": usage.ru_maxrss / 1024}


def largest_difference(mine, theirs):
    import numpy as np
    mine, theirs = np.load(mine, mmap_mode="r"), np.load(theirs, mmap_mode="r")
    return float(np.abs(mine - theirs).max()) if mine.shape == theirs.shape else float("inf")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--only", default="", help="only the programs whose 'group name' has this text, and the first ones")
    parser.add_argument("--json", default="")
    options = parser.parse_args()
    results, wrong = [], 0
    with tempfile.TemporaryDirectory() as folder:
        wav = os.path.join(folder, "audio.wav")
        in_child(write_wav, wav, options.seconds)
        for group, (limit, programs) in PROGRAMS.items():
            chosen = [name for name in programs if options.only in f"{group} {name}"]
            first = next(iter(programs))
            if not chosen:
                continue
            if first not in chosen:
                chosen.insert(0, first)
            outputs = {name: os.path.join(folder, f"{index}.npy") for index, name in enumerate(chosen)}
            warm = {name: run(programs[name], wav, outputs[name]) for name in chosen}  # page cache, registry, compiled files
            for name in [name for name in chosen if isinstance(warm[name], str)]:
                print(f"{group:10s} {name:20s} NOT HERE: {warm[name]}")
                chosen.remove(name)
            if first not in chosen:
                sys.exit("hour.py: the plugin does not run: GST_PLUGIN_PATH?")
            different = {name: in_child(largest_difference, outputs[first], outputs[name]) for name in chosen}
            rounds = [{name: run(programs[name], wav, outputs[name]) for name in chosen} for _ in range(options.rounds)]
            for name in chosen:
                row = {key: statistics.median(turn[name][key] for turn in rounds) for key in rounds[0][name]}
                ratio = statistics.median(turn[name]["CPU s"] / turn[first]["CPU s"] for turn in rounds)
                agrees = different[name] <= limit
                wrong += not agrees
                print(f"{group:10s} {name:20s} wall {row['wall s']:7.2f} s  CPU {row['CPU s']:7.2f} s (user {row['user s']:6.2f})  x{ratio:5.1f}  "
                      f"peak {row['peak MiB']:7.0f} MiB  {'same within' if agrees else 'OTHER NUMBERS:'} {different[name]:.1e}",
                      flush=True)
                results.append({"group": group, "program": name, **row, "ratio": ratio, "difference": different[name]})
    if options.json:
        Path(options.json).write_text(json.dumps({"seconds": options.seconds, "rounds": options.rounds, "rows": results},
                                                 indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
