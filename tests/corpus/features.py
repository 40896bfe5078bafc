# SPDX-License-Identifier: LGPL-2.1-or-later
"""Independent readers of what npumel-extract writes, with NumPy and the standard library alone."""
import hashlib
import io
import json
import struct
import tarfile
from urllib.parse import unquote_to_bytes

import numpy as np


def index_of(folder, name="index.jsonl"):
    """{path: line} of an index; a path that occurs twice is an error."""
    lines = {}
    for text in (folder / name).read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        assert line["path"] not in lines, f"{line['path']} occurs twice"
        lines[line["path"]] = line
    return lines


def file_name(line, field="output"):
    """The bytes of a name."""
    text = line[field]
    return unquote_to_bytes(text) if "path-encoding" in line else text.encode()


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def read_tars(folder):
    """{path: array}, from the tar files alone."""
    arrays = {}
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as tar:
            members = tar.getmembers()
            assert len(members) % 2 == 0
            for about, data in zip(members[::2], members[1::2]):
                assert about.name.removesuffix(".json") == data.name.removesuffix(".npy")
                assert "." not in about.name.removesuffix(".json").rsplit("/", maxsplit=1)[-1]
                path_in_corpus = json.load(tar.extractfile(about))["path"]
                arrays[path_in_corpus] = np.load(io.BytesIO(tar.extractfile(data).read()))
    return arrays


def read_scp(path):
    """{utterance id: matrix}, by the script file, as Kaldi's readers do."""
    matrices = {}
    for line in path.read_bytes().splitlines():
        key, place = line.split(b" ", 1)
        archive, offset = place.rsplit(b":", 1)
        with open(archive, "rb") as stream:
            stream.seek(int(offset))
            assert stream.read(5) == b"\0BFM ", "a binary float matrix"
            four, rows, also_four, columns = struct.unpack("<bibi", stream.read(10))
            assert four == also_four == 4
            matrices[unquote_to_bytes(key)] = np.frombuffer(stream.read(4 * rows * columns), "<f4").reshape(rows, columns)
    return matrices


def read_ark(path):
    """{utterance id: matrix}, front to back."""
    matrices, data, at = {}, path.read_bytes(), 0
    while at < len(data):
        blank = data.index(b" ", at)
        key, at = unquote_to_bytes(data[at:blank]), blank + 1
        assert data[at:at + 5] == b"\0BFM "
        _, rows, _, columns = struct.unpack("<bibi", data[at + 5:at + 15])
        at += 15
        matrices[key] = np.frombuffer(data[at:at + 4 * rows * columns], "<f4").reshape(rows, columns)
        at += 4 * rows * columns
    return matrices
