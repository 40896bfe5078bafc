# SPDX-License-Identifier: LGPL-2.1-or-later
"""GStreamer for this module: the element, its properties from keyword arguments, its errors."""
import contextlib
import difflib
import enum
import numbers

import gi
import numpy as np

gi.require_version("Gst", "1.0")
from gi.repository import GObject, Gst  # noqa: E402

# Of max-duration: an array in memory and a file have their own ends.
UNBOUNDED = 2**63 - 1

_READ = Gst.MapFlags.READ
_ERROR = Gst.MessageType.ERROR
_VALUE_ERRORS = ("gst-core-error-quark", "gst-library-error-quark", "gst-stream-error-quark")


def make(factory):
    """A new element; RuntimeError says what is missing."""
    if not Gst.is_initialized():
        Gst.init(None)
    element = Gst.ElementFactory.make(factory, None)
    if element is None and factory == "npumelspec":
        raise RuntimeError("GStreamer does not find the plugin npumelspec: install it, or set GST_PLUGIN_PATH "
                           "to the folder of libgstnpumelspec.so before the first use")
    if element is None:
        raise RuntimeError(f"GStreamer has no element {factory}: install gst-plugins-base")
    return element


def configure(element, settings):
    """Sets properties from keyword arguments: _ stands for -, enums are given by nick."""
    for keyword, value in settings.items():
        name = keyword.replace("_", "-")
        spec = element.find_property(name)
        if spec is None:
            known = [known.name for known in element.list_properties()]
            near = [other.replace("-", "_") for other in difflib.get_close_matches(name, known, 1)]
            raise TypeError(f"there is no argument {keyword!r}: npumelspec has no property {name} "
                            f"({f'{near[0]}? ' if near else ''}gst-inspect-1.0 npumelspec lists them)")
        if not spec.flags & GObject.ParamFlags.WRITABLE:
            raise TypeError(f"{name} can only be read")
        if spec.value_type.is_a(GObject.TYPE_ENUM):
            _check_nick(element, name, value)
            Gst.util_set_object_arg(element, name, value)
            continue
        _check_range(spec, name, value)
        try:
            element.set_property(name, int(value) if isinstance(value, numbers.Integral) else value)
        except (TypeError, ValueError, OverflowError) as error:
            raise type(error)(f"{name}={value!r}: {error}") from None


def _check_nick(element, name, value):
    """util_set_object_arg() passes over a nick that there is not."""
    kind = type(element.get_property(name))
    # PyGObject's own kind of enum, or Python's from 3.52 on.
    entries = kind if isinstance(kind, enum.EnumMeta) else kind.__enum_values__.values()
    nicks = [entry.value_nick for entry in entries]
    if not isinstance(value, str):
        raise TypeError(f"{name} is {type(value).__name__}: one of {', '.join(nicks)}, as a string")
    if value not in nicks:
        raise ValueError(f"{name}={value!r}: there is {', '.join(nicks)}")


_WHOLE = (GObject.TYPE_INT, GObject.TYPE_UINT, GObject.TYPE_INT64, GObject.TYPE_UINT64)


def _check_range(spec, name, value):
    """What set_property() would take without a word: a number cut to a whole one, or to the range."""
    if spec.value_type not in (*_WHOLE, GObject.TYPE_FLOAT, GObject.TYPE_DOUBLE):
        return
    whole = spec.value_type in _WHOLE
    if isinstance(value, bool) or not isinstance(value, numbers.Integral if whole else numbers.Real):
        raise TypeError(f"{name}={value!r}: a {'whole ' if whole else ''}number is needed")
    lowest, highest = spec.minimum, spec.maximum
    if not lowest <= value <= highest:
        raise ValueError(f"{name}={value!r}: {lowest} to {highest}")


def error_of(message, prefix=""):
    """The exception that an ERROR message stands for."""
    error, debug = message.parse_error()
    kind = ValueError if error.domain in _VALUE_ERRORS else RuntimeError
    text = error.message or debug or "unknown error"
    # Nothing can be inserted before an array.
    text = text.replace("insert audioconvert ! audioresample before it", "resample the array (read() does it for files)")
    return kind(prefix + text)


def pop_error(bus, prefix=""):
    """The first error on a bus as an exception, or None."""
    message = bus.pop_filtered(_ERROR)
    return None if message is None else error_of(message, prefix)


def entered(caps):
    """The first structure, for a `with`: the bindings of 1.22 give it itself, later ones something to enter."""
    structure = caps.get_structure(0)
    return structure if hasattr(structure, "__enter__") else contextlib.nullcontext(structure)


def field_of(caps, name):
    """The value of a field."""
    with entered(caps) as fields:
        return fields.get_value(name)


class Form:
    """What the caps of a pad say about its buffers."""

    def __init__(self, caps):
        with entered(caps) as fields:
            self.mels = fields.get_value("mels")
            self.mel_major = fields.get_value("layout") == "mel-major"
            self._shape = (self.mels, -1) if self.mel_major else (-1, self.mels)
            self.dtype = np.dtype("<f2" if fields.get_value("format") == "F16LE" else "<f4")

    def array(self, buffer):
        """A copy of a buffer's features: (mels, frames) or (frames, mels)."""
        # The mapping ends with the block. extract_dup() instead would leave its copy to be freed.
        with buffer.map(_READ) as info:
            return np.frombuffer(info.data, self.dtype).reshape(self._shape).copy()

    def nothing(self):
        """The array of no frames."""
        return np.zeros((self.mels, 0) if self.mel_major else (0, self.mels), self.dtype)
