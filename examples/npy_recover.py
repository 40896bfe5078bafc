#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Completes .npy files that npyenc was not allowed to finish (a crash, kill -9, a full disk).

usage: npy_recover.py FILE...

Counts the rows (mode=stack: the buffers) that arrived in the file and writes the header that NumPy
reads; what follows the last whole row is cut off. Rows that gst-launch-1.0 held in memory are lost.
A finished file is left alone. Exit status 1 when a file is not recovered: it is still being written,
holds no whole row, or is none of npyenc's.
"""
import ast
import errno
import fcntl
import os
import sys

MAGIC = b"\x93NUMPY\x01\x00"
UNFINISHED = "unfinished file, npy_recover.py completes it"
ITEM_SIZE = {"<f4": 4, "<f2": 2}


class NotRecovered(Exception):
    """Why a file stays as it is."""


def refuse_while_written(path):
    """A read lease is granted on Linux only when nobody has the file open for writing."""
    with open(path, "rb") as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError as error:
            if error.errno == errno.EAGAIN:
                raise NotRecovered("is still being written") from None
            # No leases on this file system, or the file of somebody else: nobody can tell.


def read_header(file):
    """(dictionary, bytes of header)"""
    start = file.read(10)
    if not start:
        raise NotRecovered("is empty: the recording ended before its first features, and there is nothing to recover")
    if start[:8] != MAGIC or len(start) < 10:
        raise NotRecovered("is no .npy file of format 1.0")
    length = int.from_bytes(start[8:], "little")
    try:
        header = ast.literal_eval(file.read(length).decode("latin-1"))
    except (SyntaxError, ValueError):
        raise NotRecovered("has a damaged header") from None
    return header, 10 + length


def recover(path):
    """Completes one file. Returns (shape, was it unfinished)."""
    refuse_while_written(path)
    with open(path, "r+b") as file:
        header, start = read_header(file)
        if not isinstance(header, dict):
            raise NotRecovered("has a damaged header")
        if "shape" in header:
            return header["shape"], False
        if list(header) != [UNFINISHED]:
            raise NotRecovered("is none of npyenc's unfinished files")
        descr, shape = header[UNFINISHED]
        size = os.fstat(file.fileno()).st_size - start
        unit = ITEM_SIZE[descr]
        for dimension in shape:
            unit *= dimension if dimension >= 0 else 1
        if size <= 0:
            raise NotRecovered("holds no rows: the recording ended before its first features")
        units = size // unit if unit else 0
        if units == 0:
            raise NotRecovered("holds no whole row" if -1 in shape else "holds less than its one matrix")
        shape = tuple(units if dimension < 0 else dimension for dimension in shape)
        text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
        # Cut first: while the header is the old one, this can be done again.
        file.truncate(start + (units if -1 in header[UNFINISHED][1] else 1) * unit)
        file.seek(10)
        file.write(text.encode().ljust(start - 11) + b"\n")
        file.flush()
        os.fsync(file.fileno())
        return shape, True


def main(paths):
    if not paths:
        sys.exit(__doc__)
    failed = False
    for path in paths:
        try:
            shape, recovered = recover(path)
            print(f"{path!a}: {shape}" + ("" if recovered else ", was finished"))
        except (NotRecovered, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            print(f"{path!a}: {reason}", file=sys.stderr)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
