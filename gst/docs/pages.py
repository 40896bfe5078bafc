#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keeps the element pages of this folder as the elements are: what gst-inspect-1.0 reads, as tables.

usage: GST_PLUGIN_PATH=BUILD/gst gst/docs/pages.py [--check]

In NAME.md, what lies between <!-- properties --> and <!-- end --> (and pads, caps, stats alike) is written
anew from the element NAME; the rest is left alone. --check changes nothing, prints the pages that are not
as they should be, and exits 1 when there are any.
"""
import enum
import re
import sys
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GObject, Gst  # noqa: E402

HERE = Path(__file__).resolve().parent
BLOCK = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
GROUP = re.compile(r"^\[(\w+)\] ")
MUTABLE = {1 << 12: "any state", 1 << 11: "PAUSED"}  # GST_PARAM_MUTABLE_PLAYING, _PAUSED
# The largest values of GObject's whole numbers: such a property has no limit.
LARGEST = (2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1)
TYPES = {"gchararray": "text", "gboolean": "true, false", "GstStructure": "structure", "guint64": "uint64",
         "gint": "int", "gdouble": "double"}
# The fields of the property stats.
STATS = {
    "frames": "frames sent downstream",
    "buffers": "buffers sent downstream",
    "batches": "batches computed, of up to 100 frames: npu-batches and software-batches",
    "npu-batches": "batches computed by the NPU",
    "npu-direct-batches": "of npu-batches, sent in the memory that the NPU wrote them to",
    "software-batches": "batches computed by the CPU",
    "fallbacks": "batches that the CPU computed again because the NPU failed",
    "npu-timeouts": "batches that the NPU did not finish within npu-timeout",
    "npu-late-batches": "live: batches that the CPU computed because the NPU was late",
    "npu-overflow-batches": "live: batches that the CPU computed because too many waited for the NPU",
    "verify-failures": "NPU batches whose values were wrong",
    "samples-in": "samples of the audio that came in",
    "samples-inserted": "samples of silence put into gaps and appended by tail-silence",
    "samples-dropped": "samples that the segment clips or a flush discards",
    "samples-gap": "samples of buffers flagged GAP, which count as zeros",
    "resyncs": "times that the time base moved or frames restarted",
    "nonfinite-samples": "samples that were NaN or infinite, read as 0",
    "late-buffers": "live: buffers that took longer than processing-latency",
    "kernel-time": "ns that the NPU computed",
    "transfer-time": "ns of copying to and from the NPU",
    "convert-time": "ns of converting what the NPU returns",
    "software-time": "ns that the CPU computed frames",
    "mean-frame-time": "ns a frame, of the four times above",
    "mean-batch-time": "ns a batch, of the four times above",
    "realtime-factor": "seconds of audio computed in a second of the four times above",
    "input-buffer-size": "bytes of a batch's samples",
    "output-buffer-size": "bytes of a batch's results",
    "instruction-buffer-size": "bytes of the NPU kernel's instructions",
    "runlist-depth": "batches handed to the NPU at a time: 1, or a list of up to 4; 0 without an NPU",
    "npu-run-frames": "frames of a run on the NPU, as chosen last: 100, or 1000 for a backlog; 0 without an NPU",
    "npu-frame-time": "ns that a frame of a backlog takes in runs of 100 frames; 0 = not known",
    "npu-frame-time-1000": "the same in runs of 1000 frames",
    "npu-available": "whether the NPU can be used now",
    "npu-reason": "why it is not used, in words",
}
# GstBaseTransform's and GstObject's own say nothing about these elements.
INHERITED = {"name", "parent", "qos"}


def nicks(element, spec):
    kind = type(element.get_property(spec.name))
    # PyGObject's own kind of enum, or Python's from 3.52 on.
    values = kind if isinstance(kind, enum.EnumMeta) else kind.__enum_values__.values()
    return [value.value_nick for value in values]


def number(value):
    if isinstance(value, float):
        return "largest" if value > 1e300 else "lowest" if value < -1e300 else f"{value:g}"
    return "no limit" if value in LARGEST else str(value)


def values(element, spec):
    """Type, range and default of a property."""
    if spec.value_type.is_a(GObject.TYPE_ENUM):
        names = nicks(element, spec)
        return f"{', '.join(names)}; default {element.get_property(spec.name).value_nick}"
    if hasattr(spec, "minimum"):
        kind = "number" if isinstance(spec.minimum, float) else "whole number"
        return f"{kind}, {number(spec.minimum)} to {number(spec.maximum)}; default {number(spec.default_value)}"
    default = getattr(spec, "default_value", None)
    name = TYPES.get(spec.value_type.name, spec.value_type.name)
    return name + ("" if default is None else f"; default {str(default).lower()}")


def properties(element):
    """A table for each group, in the order in which the groups are first named."""
    groups = {}
    for spec in element.list_properties():
        if spec.name in INHERITED:
            continue
        blurb = spec.blurb
        group = GROUP.match(blurb)
        when = "read" if not spec.flags & GObject.ParamFlags.WRITABLE else next(
            (text for bit, text in MUTABLE.items() if int(spec.flags) & bit), "READY")
        text = GROUP.sub("", blurb).replace("|", "\\|")
        groups.setdefault(group.group(1) if group else "", []).append(
            f"| `{spec.name}` | {values(element, spec)} | {when} | {text} |")
    lines = []
    for group in sorted(groups):
        if group:
            lines += [f"**{group}**", ""]
        lines += ["| property | values | set in | meaning |", "|---|---|---|---|", *sorted(groups[group]), ""]
    return lines


def pads(element):
    lines = ["| pad | caps |", "|---|---|"]
    for template in sorted(element.get_factory().get_static_pad_templates(), key=lambda pad: pad.name_template):
        for caps in template.get_caps().to_string().split("; "):
            lines.append(f"| {template.name_template} | `{caps}` |")
    return [*lines, ""]


def caps(_):
    """The fields of the source caps, with the header's words."""
    header = (HERE.parent / "npumelspec" / "npumelspec.h").read_text(encoding="utf-8")
    rows = re.findall(r'NPU_MEL_FIELD_\w+ "([\w-]+)"\s*/\* (.*?) \*/', header)
    return ["| field | type and meaning |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in rows), ""]


def stats(element):
    structure = element.get_property("stats")
    kinds = {name: structure.get_field_type(name).name
             for name in (structure.nth_field_name(i) for i in range(structure.n_fields()))}
    if kinds.keys() != STATS.keys():
        raise SystemExit(f"pages.py: STATS and the property differ: {sorted(kinds.keys() ^ STATS.keys())}")
    return ["| field | type | meaning |", "|---|---|---|",
            *(f"| `{name}` | {TYPES.get(kinds[name], kinds[name])} | {text} |" for name, text in STATS.items()), ""]


WRITERS = {"properties": properties, "pads": pads, "caps": caps, "stats": stats}


def written(page):
    element = Gst.ElementFactory.make(page.stem, None)
    if element is None:
        raise SystemExit(f"pages.py: there is no element {page.stem}")
    text = page.read_text(encoding="utf-8")
    return text, BLOCK.sub(lambda m: "\n".join([m[1], *WRITERS[m[2]](element)]) + m[3], text)


def main():
    Gst.init(None)
    check = sys.argv[1:] == ["--check"]
    pages = [page for page in sorted(HERE.glob("*.md")) if BLOCK.search(page.read_text(encoding="utf-8"))]
    stale = []
    for page in pages:
        before, after = written(page)
        if before != after:
            stale.append(page.name)
            if not check:
                page.write_text(after, encoding="utf-8")
    if not pages:
        raise SystemExit("pages.py: there is no page")
    print(f"{len(pages)} pages, {'stale' if check else 'written'}: {', '.join(stale) or 'none'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
