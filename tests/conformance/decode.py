"""Compares the stored values that `dhc film decode` gives with those of the reference codecs.

    decode.py DHC TABLE check   the rows of pydicom's own files are as TABLE has them; those of
                                DHC_TEST_DATA too, where it is set
    decode.py DHC TABLE write   writes TABLE; needs DHC_TEST_DATA

The references are pydicom with each of its plugins that takes the file: pylibjpeg (libjpeg,
OpenJPEG, RLE), GDCM, Pillow, CharLS. A lossless value must be equal to theirs. A lossy one may be
as far from the nearest of them as they are from each other. Ends with 1 where a value is wrong,
or a row differs.
"""

import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings
import zipfile
import zlib
from collections import Counter

import numpy as np
import pydicom
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames
from pydicom.pixels import get_decoder
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    JPEG2000MC,
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
)

LOSSY = {JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless, JPEG2000, JPEG2000MC, HTJ2K}
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
# Where one reference alone takes a lossy file (12-bit JPEG: libjpeg): what libjpeg and DCMTK
# 3.6.7's codec differ by at most on the 12-bit files of the table.
ALONE = 2
SECONDS = 120
# Frames of one file that are compared: the first ones, and the last.
FRAMES = 12
# A row of DHC_TEST_DATA begins with the name of a folder there.
FILMS = re.compile(r"^\| (?:wg04|pydicom-data|mr-t1)/", re.MULTILINE)

INTRODUCTION = """\
# Conformance of decoding

Written by `cargo xtask conformance` (with `DHC_TEST_DATA` set); every test run compares it with
what is decoded then. Of each file, the *stored values* (PS3.3 C.7.6.3, before any modality, VOI,
palette or colour transform) of up to {frames} frames are compared with those of pydicom {pydicom}
and its codecs: {codecs}.

- **same**: equal to a reference in every sample.
- **within tolerance**: a lossy syntax; nowhere further from the nearest reference than the
  references are from each other there at most (*spread*), or than {alone} where only one takes it.
- **decoded**: no reference decodes it. The reason why our values are taken to be right is below.
- **no image**: the object has no pixel data; the references find none either.
- **refused**: with the code and the sentence that the person gets.
"""


class Dhc:
    """The program under test."""

    def __init__(self, program, scratch):
        self.program = program
        self.out = scratch / "frame"

    def frame(self, path, index):
        """Layout and samples of a frame, or the refusal."""
        run = subprocess.run(
            [self.program, "--json", "film", "decode", path, "--frame", str(index), "--out", self.out],
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        if run.returncode:
            return json.loads((run.stderr or run.stdout).strip().splitlines()[-1]), None
        layout = json.loads(run.stdout)
        bits = max(layout["bits_allocated"], 8)
        kind = "f" if layout["float"] else "i" if layout["signed"] else "u"
        return layout, np.fromfile(self.out, dtype=np.dtype(f"<{kind}{bits // 8}"))


def inflated(data, index):
    """A frame of Deflated Image Frame Compression, for which pydicom has no decoder."""
    fragments = list(generate_frames(data.PixelData, number_of_frames=int(data.get("NumberOfFrames", 1))))
    plain = zlib.decompress(fragments[index], wbits=-zlib.MAX_WBITS)
    samples = data.Rows * data.Columns * data.SamplesPerPixel
    if data.BitsAllocated == 1:
        return np.unpackbits(np.frombuffer(plain, "u1"), bitorder="little")[:samples]
    return np.frombuffer(plain, f"<u{data.BitsAllocated // 8}")[:samples]


def with_whole_spectrum(data):
    """Some writers of 12-bit JPEG end the only scan at coefficient 0 instead of 63; libjpeg and
    DCMTK agree on what it holds, but libjpeg wants the header right."""
    pixels = bytearray(data.PixelData)
    scan = pixels.find(b"\xff\xda")
    end = scan + 2 + int.from_bytes(pixels[scan + 2 : scan + 4], "big")
    if pixels[end - 3 : end] == b"\0\0\0":
        pixels[end - 2] = 63
        data.PixelData = bytes(pixels)


def references(data, index):
    """A frame's samples by every reference that takes it."""
    syntax = data.file_meta.TransferSyntaxUID
    if syntax == DEFLATED_FRAMES:
        return {"zlib": inflated(data, index)}
    if syntax == JPEGExtended12Bit and data.BitsStored > 8:
        with_whole_spectrum(data)
    decoder = get_decoder(syntax)
    plugins = decoder.available_plugins if decoder.UID.is_encapsulated else ("",)
    found = {}
    for plugin in plugins:
        try:
            # Values that ringing took past the stored bits would come back wrapped.
            kept = {"correct_unused_bits": False} if syntax in LOSSY else {}
            array, _ = decoder.as_array(data, index=index, raw=True, decoding_plugin=plugin, **kept)
        except Exception:  # Each library refuses in its own way.
            continue
        if syntax in LOSSY and array.dtype.kind == "u":
            array = array.clip(max=(1 << data.BitsStored) - 1)
        found[plugin or "pydicom"] = array.reshape(-1)
    return found


def distance(a, b):
    """The largest difference; none between arrays of different size."""
    if a.size != b.size:
        return None
    return float(np.abs(a.astype("f8") - b.astype("f8")).max(initial=0))


def number(value):
    return f"{value:g}"


class Row:
    """What is said of one file."""

    def __init__(self, name, syntax, verdict, largest="", spread="", wrong=False):
        self.cells = (name, syntax, verdict, largest, spread)
        self.wrong = wrong

    def __str__(self):
        return "| " + " | ".join(self.cells) + " |"


def read(path):
    """As pydicom reads it; nothing where it does not."""
    try:
        data = dcmread(path, force=True)
    except Exception:
        return None
    if "TransferSyntaxUID" not in data.file_meta:
        implicit, little = data.original_encoding
        data.file_meta.TransferSyntaxUID = (
            ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        )
    try:
        int(data.get("NumberOfFrames") or 1)
    except ValueError:
        data.NumberOfFrames = 1
    return data


def compare(dhc, name, path):
    data = read(path)
    syntax = UID(data.file_meta.TransferSyntaxUID) if data is not None else None
    syntax_name = syntax.name if syntax else "–"
    first, samples = dhc.frame(path, 0)
    if samples is None:
        if "holds no image" in first["message"]:
            return Row(name, syntax_name, "no image", wrong=data is not None and bool(references(data, 0)))
        if first["code"] == "not_dicom":
            syntax_name = "–"
        return Row(name, syntax_name, f"refused: `{first['code']}`, {first['message']}")
    syntax_name = UID(first["transfer_syntax"]).name
    frames = first["frames"]
    chosen = list(range(min(frames, FRAMES - 1))) + ([frames - 1] if frames >= FRAMES else [])
    largest, spread, compared, most_known, refused = 0.0, 0.0, 0, 0, []
    for index in chosen:
        layout, samples = (first, samples) if index == 0 else dhc.frame(path, index)
        if samples is None:
            refused.append(f"frame {index}: `{layout['code']}`, {layout['message']}")
            continue
        known = list(references(data, index).values()) if data is not None else []
        known = [one for one in known if one.size == samples.size] or known
        if not known:
            continue
        compared += 1
        most_known = max(most_known, len(known))
        near = [distance(samples, one) for one in known]
        if None in near:
            return Row(name, syntax_name, f"**wrong**: {samples.size} samples, not {known[0].size}", wrong=True)
        largest = max(largest, min(near))
        spread = max(spread, max(distance(a, b) for a in known for b in known))
    if refused:
        return Row(name, syntax_name, "refused: " + "; ".join(refused))
    if not compared:
        return Row(name, syntax_name, "decoded")
    if largest == 0:
        return Row(name, syntax_name, "same", "0", number(spread))
    if UID(first["transfer_syntax"]) in LOSSY and largest <= max(spread, ALONE * (most_known == 1)):
        return Row(name, syntax_name, "within tolerance", number(largest), number(spread))
    return Row(name, syntax_name, "**wrong**", number(largest), number(spread), wrong=True)


def bundled():
    """The test files within pydicom's wheel."""
    folder = pathlib.Path(get_testdata_file("CT_small.dcm")).parent
    return [(str(path.relative_to(folder)), path) for path in files(folder)]


def files(folder):
    skipped = {".py", ".pyc", ".md"}
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix not in skipped)


def kept(folder, scratch):
    """The films of DHC_TEST_DATA, archives and packed references opened."""
    for path in files(folder):
        name = str(path.relative_to(folder))
        if path.suffix == ".zst":
            import zstandard

            plain = scratch / path.stem
            with path.open("rb") as packed, plain.open("wb") as out:
                zstandard.ZstdDecompressor().copy_stream(packed, out)
            yield name, [plain]
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                archive.extractall(scratch / path.stem)
            yield name, files(scratch / path.stem)
        elif path.name != "LICENSE":
            yield name, [path]


def together(name, rows):
    """One row for the files of an archive."""
    if len(rows) == 1:
        return Row(name, *rows[0].cells[1:], wrong=rows[0].wrong)
    verdicts = Counter(row.cells[2] for row in rows)
    told = [f"{count} × {verdict}" for verdict, count in verdicts.items()]
    verdict = "; ".join(told) if len(told) > 1 else rows[0].cells[2]
    syntaxes = ", ".join(sorted({row.cells[1] for row in rows}))
    worst = max((float(row.cells[3] or 0) for row in rows), default=0)
    return Row(f"{name} ({len(rows)} files)", syntaxes, verdict, number(worst), "", any(r.wrong for r in rows))


HEAD = "| file | transfer syntax | verdict | largest difference | spread |\n|---|---|---|---|---|"


def section(title, rows):
    counts = Counter(row.cells[2].split(":")[0] for row in rows)
    sums = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    return "\n".join([f"## {title}", "", f"{len(rows)} rows: {sums}.", "", HEAD, *map(str, rows), ""])


def codecs():
    from importlib.metadata import version

    names = ["pylibjpeg-libjpeg", "pylibjpeg-openjpeg", "pylibjpeg-rle", "python-gdcm", "pillow", "pyjpegls"]
    return ", ".join(f"{name} {version(name)}" for name in names)


def main(program, table, task):
    warnings.simplefilter("ignore")
    table = pathlib.Path(table)
    held = os.environ.get("DHC_TEST_DATA")
    folder = pathlib.Path(held, "dicom") if held else None
    if task == "write" and not folder:
        sys.exit("error: DHC_TEST_DATA names no folder with dicom")
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        dhc = Dhc(program, scratch)
        rows = [compare(dhc, name, path) for name, path in bundled()]
        wrong = [row for row in rows if row.wrong]
        sections = [section("pydicom's bundled test files", rows)]
        if folder:
            rows = []
            for name, paths in kept(folder, scratch):
                rows.append(together(name, [compare(dhc, name, path) for path in paths]))
            wrong += [row for row in rows if row.wrong]
            sections.append(section("The films of `DHC_TEST_DATA`", rows))
    for row in wrong:
        print(f"wrong: {row}", file=sys.stderr)
    introduction = INTRODUCTION.format(frames=FRAMES, alone=ALONE, pydicom=pydicom.__version__, codecs=codecs())
    reasons = (pathlib.Path(__file__).parent / "reasons.md").read_text()
    if task == "write":
        table.write_text("\n".join([introduction, *sections, reasons]))
    have = table.read_text() if table.exists() else ""
    told = [line for part in sections for line in part.splitlines()]
    differs = [line for line in told if line and line not in have.splitlines()]
    for line in differs:
        print(f"not in {table.name}: {line}", file=sys.stderr)
    # Without the headings.
    count = sum(line.startswith("| ") for line in told) - len(sections)
    bad = max(len(differs), len(wrong))
    left_out = 0 if folder else len(FILMS.findall(have))
    print(f"{count - bad} passed, {bad} failed, {left_out} skipped")
    sys.exit(bool(wrong or differs))


if __name__ == "__main__":
    main(*sys.argv[1:])
