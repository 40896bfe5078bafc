# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which elements of a buffer a transfer visits, and in which order."""
import itertools


class TensorAccessPattern:
    def __init__(self, tensor_dims, offset, sizes, strides):
        if len(sizes) != len(strides) or not 1 <= len(sizes) <= 4:
            raise ValueError("sizes and strides must have the same length, at most 4")
        self.tensor_dims = tuple(tensor_dims)
        self.offset = offset
        self.sizes = list(sizes)
        self.strides = list(strides)

    def indices(self):
        for place in itertools.product(*map(range, self.sizes)):
            yield self.offset + sum(i * stride for i, stride in zip(place, self.strides))
