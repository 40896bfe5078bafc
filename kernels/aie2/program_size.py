#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fails when the compiled kernel cannot fit a core's program memory.

    program_size.py [--abi 1|2|3] OBJECT

Adds up the executable sections of the ELF object. The linker drops the other ABIs' emit functions,
which have sections of their own.
"""
import argparse
import pathlib
import struct
import sys

PROGRAM_MEMORY = 16 * 1024
CORE_MAIN = 1024  # the core's own loop, its locks and start-up code, roughly
EXECUTABLE = 4  # SHF_EXECINSTR


def sections(data):
    """(name, flags, size) of each section of an ELF file."""
    if data[:4] != b"\x7fELF" or data[5] != 1:
        raise SystemExit("not a little-endian ELF object")
    wide = data[4] == 2
    offset, = struct.unpack_from("<Q" if wide else "<I", data, 40 if wide else 32)
    size, count, names = struct.unpack_from("<HHH", data, 58 if wide else 46)
    form = "<II4Q" if wide else "<6I"
    headers = [struct.unpack_from(form, data, offset + i * size) for i in range(count)]
    strings = headers[names][4]
    for name, _, flags, _, _, length in headers:
        end = data.index(b"\0", strings + name)
        yield data[strings + name:end].decode(), flags, length


def program_bytes(data, abi):
    unused = [f"mel_emit_v{other}" for other in (1, 2, 3) if other != abi]
    return sum(size for name, flags, size in sections(data)
               if flags & EXECUTABLE and not any(function in name for function in unused))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--abi", type=int, choices=[1, 2, 3], default=2)
    parser.add_argument("object")
    args = parser.parse_args()
    used = program_bytes(pathlib.Path(args.object).read_bytes(), args.abi)
    print(f"program: {used} bytes of the kernel, {PROGRAM_MEMORY} on a tile")
    if used + CORE_MAIN > PROGRAM_MEMORY:
        sys.exit(f"the kernel's {used} bytes leave less than {CORE_MAIN} for the core's own loop: "
                 "AIE_CXXFLAGS=-Os, and look at what is inlined or unrolled")


if __name__ == "__main__":
    main()
