# SPDX-License-Identifier: LGPL-2.1-or-later
"""One-column devices: 4 compute tiles, 1 memory tile, 1 shim tile."""


class Device:
    compute_tiles = 4


class NPU1Col1(Device):
    pass


class NPU2Col1(Device):
    pass
