# SPDX-License-Identifier: LGPL-2.1-or-later
"""Array type descriptors as IRON uses them: np.ndarray[(n,), np.dtype[np.int16]]."""


class ArrayType:
    def __init__(self, shape, dtype):
        (self.count,) = shape
        self.dtype = dtype

    @property
    def bytes(self):
        return self.count * self.dtype.bytes

    def __eq__(self, other):
        return (self.count, self.dtype) == (other.count, other.dtype)

    def __repr__(self):
        return f"{self.count} x {self.dtype.__name__}"


class ndarray:
    def __class_getitem__(cls, args):
        return ArrayType(*args)


class dtype:
    def __class_getitem__(cls, scalar):
        return scalar


class int8:
    bytes = 1


class int16:
    bytes = 2


class int32:
    bytes = 4


class float32:
    bytes = 4
