#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""npumel-extract over a corpus: one process, GNU parallel on two hosts, Slurm on two nodes, with workers
that are killed. The indexes must be equal, and the features those of gst-launch-1.0, bit for bit.

usage: suite.py BUILD [TEST...]     NPUMELSPEC_CORPUS_FILES: how many files (2000)
"""
import contextlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from features import file_name, index_of, read_ark, read_scp, read_tars, sha256  # noqa: E402
from hosts import Slurm, SshHosts, wait_for  # noqa: E402

BUILD = Path(sys.argv[1]).resolve()
EXTRACT = BUILD / "gst/tools/npumel-extract"
SCRIPTS = HERE.parents[1] / "examples/corpus"
FILES = int(os.environ.get("NPUMELSPEC_CORPUS_FILES", "2000"))
SEED = 20261130


def extract(source, output, *options, status=0, **keywords):
    """Runs npumel-extract, which must end with `status` (or one of several); returns its standard error."""
    ended = subprocess.run([EXTRACT, source, "--output", output, *options], capture_output=True, text=True,
                           check=False, timeout=600, **keywords)
    if ended.returncode not in (status if isinstance(status, tuple) else (status,)):
        raise AssertionError(f"status {ended.returncode}, expected {status}: {ended.stderr}")
    return ended.stderr


def results(lines):
    """What two indexes of one corpus have in common, however they were made."""
    return {path: (line["sha256"], line["frames"], line["recipe-id"], line["seconds"], line["backend"])
            for path, line in lines.items()}


def contents(folder):
    """{name: bytes} of the files in a folder, without the lock."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}


def workers_of(output):
    """Process ids of npumel-extract that write to `output`."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes().split(b"\0")
            if command[0] == os.fsencode(EXTRACT) and os.fsencode(output) in command and b"--merge" not in command:
                yield int(folder.name)


def kill_some(output, until, kills, seed):
    """Kills `kills` workers at random moments while `until` is false. Returns how many it hit."""
    rng, hit = random.Random(seed), 0
    while not until():
        time.sleep(rng.uniform(0.02, 0.3))
        workers = sorted(workers_of(output))
        if hit < kills and workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(workers), signal.SIGKILL)
                hit += 1
    return hit


class Corpus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="npumel-corpus-"))
        cls.addClassCleanup(cls.folder.rmdir)
        # On a disk most of the time would be that of fdatasync for some 15,000 arrays.
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", cls.folder], check=True)
        cls.addClassCleanup(subprocess.run, ["umount", "-l", cls.folder], check=True)
        cls.source = cls.folder / "in"
        subprocess.run([sys.executable, HERE / "make_corpus.py", cls.source, str(FILES)], check=True)
        cls.bad = json.loads((cls.folder / "in.bad").read_text())
        cls.whole = cls.folder / "whole"
        extract(cls.source, cls.whole, "--jobs", "2", status=1)
        cls.index = index_of(cls.whole)

    def assert_equals_the_whole(self, output):
        self.assertEqual(results(index_of(output)), results(self.index))
        self.assertEqual(sorted(index_of(output, "failed.jsonl")), self.bad)
        for line in index_of(output).values():
            with open(os.path.join(os.fsencode(output), file_name(line)), "rb") as file:
                self.assertEqual(sha256(np.load(file)), line["sha256"], line["path"])
        parts = [path for path in output.rglob("*") if path.name.endswith(".part")]
        self.assertEqual(parts, [], "nothing half-written is left")

    def a_part(self, files):
        """A folder with every n-th file of the corpus."""
        part = Path(tempfile.mkdtemp(dir=self.folder))
        names = sorted(path for path in self.source.rglob("*") if path.is_file())
        for number, path in enumerate(names[::max(1, len(names) // files)]):
            os.link(path, part / f"{number:04}{path.suffix}")
        return part

    def test_every_file_has_features_or_a_reason(self):
        self.assertEqual(len(self.index) + len(self.bad), FILES)
        failed = index_of(self.whole, "failed.jsonl")
        self.assertEqual(sorted(failed), self.bad)
        for line in failed.values():
            self.assertGreater(len(line["reason"]), 8, line)
        self.assertFalse(list(HERE.glob("X")) + list(Path.cwd().glob("X")), "no name was run as a command")
        self.assert_equals_the_whole(self.whole)

    def test_features_are_those_of_gst_launch(self):
        part, out = self.a_part(60), self.folder / "launch"
        extract(part, out, status=1 if self.has_bad(part) else 0)
        lines = index_of(out)
        for path, line in lines.items():
            subprocess.run(["gst-launch-1.0", "-q", "filesrc", f"location={part / path}", "!", "decodebin",
                            "expose-all-streams=false", "caps=audio/x-raw", "!", "audioconvert", "!", "audioresample",
                            "!", "npumelspec", "frames=0", "!", "npyenc", "!", "filesink",
                            f"location={self.folder / 'one.npy'}"], check=True, timeout=60)
            self.assertEqual(sha256(np.load(self.folder / "one.npy")), line["sha256"], path)
        self.assertGreater(len(lines), 50)

    @staticmethod
    def has_bad(folder):
        return any(path.stat().st_size < 45 or path.suffix == ".txt" or path.read_bytes()[:3] == b"\1\2\3"
                   for path in folder.iterdir())

    def test_a_second_run_does_nothing_and_a_changed_file_is_done_again(self):
        part, out = self.a_part(30), self.folder / "again"
        status = 1 if self.has_bad(part) else 0
        extract(part, out, status=status)
        last = json.loads(extract(part, out, status=status).splitlines()[-1])
        self.assertEqual((last["done"], last["skipped"]), (0, len(index_of(out))))
        path = sorted(index_of(out))[0]
        data = (part / path).read_bytes()
        (part / path).unlink()
        (part / path).write_bytes(data)
        os.unlink(out / (sorted(index_of(out))[-1] + ".npy"))
        last = json.loads(extract(part, out, status=status).splitlines()[-1])
        self.assertEqual(last["done"], 2)
        last = json.loads(extract(part, out, "normalize=buffer", status=status).splitlines()[-1])
        self.assertEqual(last["skipped"], 0, "other settings make other features")

    def test_killed_at_any_moment_loses_only_the_file_in_hand(self):
        out = self.folder / "killed"
        rng, kills = random.Random(SEED), 0
        while True:
            process = subprocess.Popen([EXTRACT, self.source, "--output", out, "--jobs", "2"], stderr=subprocess.DEVNULL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=rng.uniform(0.3, 1.5) if kills < 8 else 300)
            if process.poll() is not None:
                break
            process.kill()
            process.wait()
            kills += 1
        self.assertEqual(process.returncode, 1)
        self.assertGreaterEqual(kills, 3)
        self.assert_equals_the_whole(out)

    def test_term_ends_the_file_in_hand(self):
        out = self.folder / "ended"
        process = subprocess.Popen([EXTRACT, self.source, "--output", out, "--jobs", "2"], stderr=subprocess.DEVNULL)
        wait_for(lambda: (out / "index.jsonl").is_file() and (out / "index.jsonl").stat().st_size > 0, "a first line")
        process.terminate()
        self.assertEqual(process.wait(timeout=60), 3)
        done = index_of(out)
        self.assertLess(len(done), len(self.index))
        self.assertEqual(len(list(out.rglob("*.npy"))), len(done), "an array without a line, or the reverse")
        extract(self.source, out, "--jobs", "2", status=1)
        self.assert_equals_the_whole(out)

    def test_shards_are_joined_once_all_are_there(self):
        out = self.folder / "shards"
        some_bad = (0, 1)  # a small corpus has no bad file in some shards
        for shard in (0, 2):
            extract(self.source, out, "--shard", f"{shard}/3", status=some_bad)
        said = extract(self.source, out, "--merge", "3", status=3)
        self.assertIn("missing, run shard 1 again", said)
        self.assertFalse((out / "index.jsonl").exists())
        extract(self.source, out, "--shard", "1/3", status=some_bad)
        extract(self.source, out, "--merge", "3", status=1)
        self.assert_equals_the_whole(out)

    def test_gnu_parallel_on_two_hosts_with_workers_killed(self):
        hosts, out = SshHosts(self.folder / "ssh"), self.folder / "parallel"
        self.addCleanup(hosts.close)
        process = subprocess.Popen([SCRIPTS / "parallel.sh", hosts.logins, "12", self.source, out],
                                   env={**os.environ, "NPUMEL_EXTRACT": str(EXTRACT)}, stderr=subprocess.PIPE)
        hit = kill_some(out, lambda: process.poll() is not None, 3, SEED)
        said = process.communicate()[1].decode()
        self.assertEqual(process.returncode, 1, said)
        self.assertGreater(hit, 0, "no worker was killed")
        log = (out / "parallel.log").read_text()
        self.assertIn("127.0.0.1", log)
        self.assertIn("127.0.0.2", log)
        self.assert_equals_the_whole(out)

    def test_slurm_on_two_nodes_with_workers_killed(self):
        slurm, out = Slurm(self.folder / "slurm"), self.folder / "array"
        self.addCleanup(slurm.close)
        environment = {**slurm.environment, "NPUMEL_EXTRACT": str(EXTRACT)}
        submitted = subprocess.run([SCRIPTS / "slurm/submit.sh", "6", self.source, out], env=environment,
                                   capture_output=True, text=True, check=False)
        self.assertEqual(submitted.returncode, 0, submitted.stderr)
        end = time.monotonic() + 300
        hit = kill_some(out, lambda: slurm.queue_is_empty() or time.monotonic() > end, 3, SEED)
        self.assertTrue(slurm.queue_is_empty(), slurm.output("squeue"))
        self.assertGreater(hit, 0, "no worker was killed")
        shutil.rmtree(out / "log")
        self.assert_equals_the_whole(out)

    def test_tar_shards_are_read_by_tarfile(self):
        out = self.folder / "tar"
        extract(self.source, out, "--format", "tar", status=1)
        index = index_of(out)
        self.assertEqual(results(index), results(self.index))
        arrays = read_tars(out)
        self.assertEqual(len(arrays), len(index))
        for path, line in index.items():
            if "path-encoding" not in line:
                self.assertEqual(sha256(arrays[path]), line["sha256"], path)
            with open(out / line["output"], "rb") as tar:
                tar.seek(line["offset"])
                self.assertEqual(sha256(np.lib.format.read_array(tar)), line["sha256"], path)

    def test_a_kaldi_archive_is_read_by_its_definition(self):
        out = self.folder / "ark"
        process = subprocess.Popen([EXTRACT, self.source, "--output", out, "--format", "ark"], stderr=subprocess.DEVNULL)
        wait_for(lambda: (out / "feats.ark").is_file() and (out / "feats.ark").stat().st_size > 100000, "an archive")
        process.kill()
        process.wait()
        extract(self.source, out, "--format", "ark", status=1)
        index = index_of(out)
        self.assertEqual(results(index), results(self.index))
        by_script, by_archive = read_scp(out / "feats.scp"), read_ark(out / "feats.ark")
        self.assertEqual(by_script.keys(), by_archive.keys())
        self.assertEqual(len(by_script), len(index))
        for line in index.values():
            for matrices in (by_script, by_archive):
                self.assertEqual(sha256(matrices[file_name(line, "path")]), line["sha256"], line["path"])

    def test_a_manifest_cuts_segments(self):
        rate, out = 16000, self.folder / "segments"
        samples = (np.sin(np.arange(4 * rate) * 0.05) * 9000 + np.arange(4 * rate) % 977).astype("<i2")
        raw = self.folder / "long.raw"
        samples.tofile(raw)
        wav = self.folder / "long.wav"
        subprocess.run(["sox", "-r", str(rate), "-e", "signed", "-b", "16", "-c", "1", raw, wav], check=True)
        cut = self.folder / "cut.wav"
        subprocess.run(["sox", wav, cut, "trim", "=20000s", "=44000s"], check=True)
        manifest = self.folder / "manifest.json"
        manifest.write_text(json.dumps({"audio_filepath": "long.wav", "offset": 1.25, "duration": 1.5}) + "\n" +
                            json.dumps({"audio_filepath": "cut.wav", "duration": 1.5}) + "\n")
        extract(manifest, out)
        lines = [line for _, line in sorted(index_of(out).items())]
        self.assertEqual([line["path"] for line in lines], ["cut.wav", "long.wav_1.250_1.500"])
        self.assertEqual([line["frames"] for line in lines], [150, 150])
        self.assertEqual(lines[0]["sha256"], lines[1]["sha256"])

    def speech(self, name, seconds=1.0, channels=1):
        """A new WAV file of a rising tone."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["sox", "-n", "-r", "16000", "-c", str(channels), path, "synth", str(seconds), "sine", "200-4000"],
                       check=True)
        return path

    def test_a_folder_holds_one_form(self):
        source, out = self.speech("forms/a.wav").parent, self.folder / "forms.out"
        for form in ("ark", "tar", "npy"):
            shutil.rmtree(out, ignore_errors=True)
            extract(source, out, "--format", form)
            held = contents(out)
            for other in {"ark", "tar", "npy"} - {form}:
                for more in ([], ["--dry-run"]):
                    said = extract(source, out, "--format", other, *more, status=2)
                    self.assertIn(f"holds features in the form {form}: use another one", said)
            self.assertEqual(contents(out), held)
        for name in ("feats.ark", "feats.scp", "features-000000.tar.part", "a.wav.npy"):
            for others in ({}, {"index.jsonl": b""}):
                shutil.rmtree(out)
                out.mkdir()
                held = {name: b"kept", **others}
                for path, data in held.items():
                    (out / path).write_bytes(data)
                form = "tar" if "tar" in name else "npy" if "npy" in name else "ark"
                for _ in range(2):
                    self.assertIn("was not written by npumel-extract", extract(source, out, "--format", form, status=2))
                self.assertEqual(contents(out), held)

    def test_a_segment_cut_anew_is_done_again(self):
        self.speech("cuts/a.wav", 4)
        manifest, out = self.folder / "cuts/m.jsonl", self.folder / "cuts.out"

        def cut(start, duration, status=0, *options):
            source = {"type": "file", "channels": [0], "source": str(self.folder / "cuts/a.wav")}
            manifest.write_text(json.dumps({"id": "cut", "start": start, "duration": duration,
                                            "recording": {"id": "r", "sources": [source]}}))
            said = extract(manifest, options[0] if options else out, *options[1:], status=status)
            return said if status else index_of(options[0] if options else out)["cut"]
        first = cut(0, 2)
        self.assertEqual((first["frames"], first["input-offset"], first["input-duration"]), (200, 0, 2))
        second = cut(1, 2)
        self.assertNotEqual(second["sha256"], first["sha256"])
        self.assertEqual(cut(1, 2.5)["frames"], 250)
        self.assertEqual(cut(0, 2), first)
        archive = self.folder / "cuts.ark"
        cut(0, 2, 0, archive, "--format", "ark")
        self.assertIn("has changed since", cut(1, 2, 2, archive, "--format", "ark"))

    def test_segments_leave_no_critical_message(self):
        self.speech("critical/a.wav", 4)
        manifest, out = self.folder / "critical/m.jsonl", self.folder / "critical.out"
        manifest.write_text("".join(json.dumps({"audio_filepath": "a.wav", "offset": offset, "duration": duration}) + "\n"
                                    for offset, duration in [(0, 1), (0.5, 1), (3, 1), (3.5, 9), (2, 0.01)]))
        extract(manifest, out, env={**os.environ, "G_DEBUG": "fatal-criticals"})
        frames = [line["frames"] for _, line in sorted(index_of(out).items())]
        self.assertEqual(frames, [100, 100, 1, 100, 50])

    def test_channels_of_a_manifest(self):
        mono, stereo = self.speech("channels/mono.wav"), self.speech("channels/stereo.wav", channels=2)
        manifest, out = self.folder / "channels/m.jsonl", self.folder / "channels.out"
        entries = [("both", stereo, [0, 1], None), ("one", stereo, [0, 1], 0), ("second", stereo, [1], None),
                   ("first", stereo, [0], 0), ("mono", mono, [0], 0)]
        manifest.write_text("".join(
            json.dumps({"id": name, "start": 0, "duration": 0.5, "channel": channel, "recording":
                        {"sources": [{"type": "file", "channels": channels, "source": str(path)}]}}) + "\n"
            for name, path, channels, channel in entries))
        extract(manifest, out, status=1)
        self.assertEqual(sorted(index_of(out)), ["both", "mono"])
        failed = index_of(out, "failed.jsonl")
        self.assertEqual(sorted(failed), ["first", "one", "second"])
        for line in failed.values():
            self.assertIn("channels are mixed, not chosen", line["reason"])

    def test_what_is_not_ours_stays(self):
        source, out = self.speech("foreign/a.wav").parent, self.folder / "foreign.out"
        for name in ("index.jsonl", "failed.jsonl"):
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            (out / name).write_text('{"mine": 1}\n', encoding="ascii")
            self.assertIn("did not write", extract(source, out, status=2))
            self.assertIn("did not write", extract(source, out, "--dry-run", status=2))
            self.assertEqual(contents(out), {name: b'{"mine": 1}\n'})
            extract(source, out, "--shard", "0/1", status=2)
            extract(source, out, "--merge", "1", status=2)
        self.assertIn("are the same", extract(source, source, status=2))
        self.assertEqual(list(contents(source)), ["a.wav"])

    def test_an_output_folder_inside_the_input(self):
        source = self.speech("inside/a.wav").parent
        link = self.folder / "inside.link"
        link.symlink_to(source)
        for out in (source / "out", link / "out", source / "other"):
            extract(link, out)
            self.assertEqual(list(index_of(out)), ["a.wav"])

    def test_shards_of_other_settings_are_not_joined(self):
        part, out = self.a_part(20), self.folder / "mixed"
        status = 1 if self.has_bad(part) else 0
        self.assertIn("no such folder", extract(part, out, "--merge", "2", status=2))
        self.assertFalse(out.exists())
        for other in (["normalize=buffer"], ["--format", "ark"]):
            shutil.rmtree(out, ignore_errors=True)
            for shard, options in (("0/2", []), ("1/2", other)):
                with contextlib.suppress(AssertionError):  # the bad ones are all in one of them
                    extract(part, out, "--shard", shard, *options, status=status)
            self.assertIn("other settings or in another form", extract(part, out, "--merge", "2", status=2))
            self.assertFalse((out / "index.jsonl").exists())
        for options in (["--dry-run"], ["--shard", "0/2"]):
            self.assertIn("--merge goes with", extract(part, out, "--merge", "2", *options, status=2))
        shutil.rmtree(out)
        for options in (["--format", "ark"], ["--shard", "0/2"], ["--shard", "1/2"]):
            with contextlib.suppress(AssertionError):
                extract(part, out, *options, status=status)
        held = contents(out)
        self.assertIn("in the form ark", extract(part, out, "--merge", "2", status=2))
        self.assertEqual(contents(out), held)

    def test_an_unreadable_folder_is_one_failure(self):
        source, out = self.speech("locked/a.wav").parent, self.folder / "locked.out"
        self.speech("locked/sub/b.wav")
        (source / "sub").chmod(0)
        self.addCleanup((source / "sub").chmod, 0o700)
        # Root reads every folder, unless it lacks what it does that by.
        ended = subprocess.run(["setpriv", "--bounding-set=-dac_override,-dac_read_search", EXTRACT, source, "--output", out,
                                "--include", "*.wav"], capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(ended.returncode, 1, ended.stderr)
        self.assertEqual(list(index_of(out)), ["a.wav"])
        self.assertIn("Permission denied", index_of(out, "failed.jsonl")["sub"]["reason"])

    def test_a_dry_run_writes_nothing(self):
        source, out = self.speech("dry/a.wav").parent, self.folder / "dry.out"
        extract(source, out, "--dry-run")
        self.assertFalse(out.exists())
        out.mkdir()
        extract(source, out / "new/er", "--dry-run")
        extract(source, out, "--dry-run")
        self.assertEqual(list(out.iterdir()), [])

    def test_what_going_on_cannot_cure_is_status_2(self):
        source, out = self.speech("cure/a.wav").parent, self.folder / "cure.out"
        for place in (source / "a.wav", source / "a.wav/out"):
            for more in ([], ["--dry-run"], ["--merge", "2"]):
                extract(source, place, *more, status=2)
        (self.folder / "cure.link").symlink_to("nowhere")
        for place in ("", self.folder / "cure.link", self.folder / ("n" * 300)):
            extract(source, place, status=2)
        (out / "index.jsonl").mkdir(parents=True)
        extract(source, out, status=2)
        shutil.rmtree(out)
        for options in (["--preset="], ["normalize="], ["fmin="], ["--backend="], ["--include", "*.flac"]):
            extract(source, out, *options, status=2)
        for text in (b'[{"audio_filepath": "a.wav"}]', b"\x1f\x8b\x08\x00", b'{"audio_filepath": }'):
            (source / "m.jsonl").write_bytes(text)
            extract(source / "m.jsonl", out, status=2)
        self.assertFalse(out.exists())
        (source / "m.jsonl").write_bytes(b'\xef\xbb\xbf{"audio_filepath": "a.wav"}\n')
        extract(source / "m.jsonl", out)

    def test_two_runs_on_one_folder(self):
        out = self.folder / "twice"
        first = subprocess.Popen([EXTRACT, self.source, "--output", out], stderr=subprocess.DEVNULL)
        wait_for(lambda: (out / "index.jsonl").is_file() and (out / "index.jsonl").stat().st_size > 0, "a first line")
        said = extract(self.source, out, status=3)
        self.assertIn("another npumel-extract is writing there", said)
        first.terminate()
        first.wait()

    def test_a_full_disk_keeps_what_is_whole(self):
        out = self.folder / "full"
        out.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", out], check=True)
        self.addCleanup(subprocess.run, ["umount", out], check=True)
        said = extract(self.source, out, status=3)
        self.assertIn("No space left on device", said)
        for line in index_of(out).values():
            with open(os.path.join(os.fsencode(out), file_name(line)), "rb") as file:
                self.assertEqual(sha256(np.load(file)), line["sha256"])
        self.assertGreater(len(index_of(out)), 0)
        subprocess.run(["mount", "-o", "remount,ro", out], check=True)
        self.assertIn("Read-only file system", extract(self.source, out, status=3))
        self.assertIn("Read-only file system", extract(self.source, out / "new", status=3))

    def test_settings_that_cannot_work_are_said_before_the_first_file(self):
        out = self.folder / "usage"
        for options, reason in [(["--preset", "whisper81"], "whisper81"), (["fmin=9000"], "fmin"), (["colour=3"], "colour"),
                                (["frames=10"], "whole file"), (["--shard", "4/4"], "--shard"), (["--jobs", "0"], "--jobs"),
                                (["--format", "zip"], "zip"), (["--format", "ark", "layout=mel-major"], "mel-major")]:
            self.assertIn(reason, extract(self.source, out, *options, status=2), options)
        self.assertIn("No such file", extract(self.folder / "absent", out, status=2))

    def test_the_version_is_that_of_the_project(self):
        said = subprocess.run([EXTRACT, "--version"], capture_output=True, text=True, check=True).stdout
        project = subprocess.run(["meson", "introspect", "--projectinfo", BUILD], capture_output=True, text=True, check=True)
        self.assertEqual(said, f"npumel-extract {json.loads(project.stdout)['version']}\n")

    def test_parallel_joins_what_it_was_asked_to_include(self):
        source = self.speech("included/a.wav").parent
        (source / "b.txt").write_text("no audio")
        hosts, out = self.folder / "included.hosts", self.folder / "included.out"
        hosts.write_text("2/:\n")
        ended = subprocess.run([SCRIPTS / "parallel.sh", hosts, "2", source, out, "--include", "*.wav", "--preset", "nemo80"],
                               env={**os.environ, "NPUMEL_EXTRACT": str(EXTRACT)}, capture_output=True, text=True, check=False)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(list(index_of(out)), ["a.wav"])

    def test_memory_does_not_grow(self):
        def peak(files):
            part, out = self.a_part(files), Path(tempfile.mkdtemp(dir=self.folder))
            process = subprocess.Popen([EXTRACT, part, "--output", out, "--jobs", "2"], stderr=subprocess.DEVNULL)
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
            return usage.ru_maxrss
        few, many = peak(FILES // 10), peak(FILES)
        self.assertLess(many, few * 1.25 + 4096, "KiB")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["GST_PLUGIN_PATH"] = str(BUILD / "gst")
    unittest.main(argv=[sys.argv[0], *(f"Corpus.{name}" for name in sys.argv[2:])], verbosity=2)
