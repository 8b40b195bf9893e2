"""Text files as people save them: UTF-8, Excel's Windows-1252, UTF-16."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from stance.errors import UnreadableFileError

CHUNK = 1 << 20
LOST = "�"  # what stands for bytes that are no letter
SAMPLE = 4096  # bytes from which other kinds of files are told
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
WINDOWS = "cp1252"
SIGNATURES = {
    b"PK\x03\x04": "a workbook or an archive (.xlsx, .zip)",
    b"\xd0\xcf\x11\xe0": "a workbook of an old Excel (.xls)",
    b"\x1f\x8b": "a compressed file (.gz)",
    b"PAR1": "a Parquet table, whose name must end in .parquet",
    b"%PDF": "a PDF",
}
AGAIN = "Save it again as UTF-8 (in Excel: CSV UTF-8) where it was written."
CONTROL = bytes({*range(9), *range(14, 32)})
# Six such bytes in a row are no word of a western language, but are Chinese or Cyrillic.
FOREIGN = re.compile(rb"[\xa1-\xfe]{6}")


@dataclass(slots=True)
class _Fault:
    """The first byte that is no UTF-8.

    cut: it begins a letter of which the file holds no more. letters: how many letters beyond ASCII the
    file has that are UTF-8. others: how many places that are not.
    """

    byte: int
    offset: int
    line: int
    cut: bool
    letters: int = 0
    others: int = 0


def encoding_of(path: Path) -> str:
    """In which encoding a text file is written; UnreadableFileError where it is in none of them.

    UTF-8 and UTF-16 are told by their marks or by their bytes. What is neither, and holds no letter that
    only UTF-8 writes so, is Windows-1252, as Excel saves CSV. OSError where there is no such file.
    """
    with path.open("rb") as file:
        start = file.read(SAMPLE)
    _refuse_other_kinds(path, start)
    marked = next((name for mark, name in MARKS.items() if start.startswith(mark)), None)
    if marked == "utf-16":
        if not _decodes(path, marked):
            raise UnreadableFileError(f"{path} is damaged UTF-16: it is cut off, or has lost a byte. {AGAIN}")
        return marked
    fault = _first_fault(path)
    if fault is None:
        return marked or "utf-8"
    windows = _is_windows(path)
    if marked or (fault.letters and (windows or fault.letters > fault.others)):
        _refuse_damaged(path, fault)
    if not windows:
        raise UnreadableFileError(
            f"{path} is not UTF-8 text, nor Windows-1252: byte {fault.offset} in line {fault.line} is "
            f"{fault.byte:#04x}. Save it as UTF-8 (in Excel: CSV UTF-8)."
        )
    return WINDOWS


def _refuse_other_kinds(path: Path, start: bytes) -> None:
    for signature, what in SIGNATURES.items():
        if start.startswith(signature):
            raise UnreadableFileError(f"{path} is no text but {what}. In Excel, save a table as 'CSV UTF-8'.")
    if start.startswith(tuple(MARKS)):
        return
    if max(start[0::2].count(0), start[1::2].count(0)) > len(start) / 4:
        raise UnreadableFileError(f"{path} looks like UTF-16 without its mark. Save it as UTF-8.")
    if len(start) - len(start.translate(None, CONTROL)) > len(start) / 10:
        raise UnreadableFileError(f"{path} is no text but binary data. Give a text file.")


def _refuse_damaged(path: Path, fault: _Fault) -> NoReturn:
    if fault.cut:
        raise UnreadableFileError(
            f"{path} is cut off: line {fault.line} ends in the middle of a letter. Copy or export it again."
        )
    raise UnreadableFileError(
        f"{path} is damaged: byte {fault.offset} ({fault.byte:#04x}) is no UTF-8, while other letters are "
        f"(line {fault.line}). {AGAIN}"
    )


def _first_fault(path: Path) -> _Fault | None:
    decoder, done, lines = codecs.getincrementaldecoder("utf-8")(), 0, 1
    fault: _Fault | None = None
    letters = others = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            if b"\0" in chunk:
                line = lines + chunk[: chunk.index(0)].count(b"\n")
                raise UnreadableFileError(
                    f"{path}, line {line} holds a zero byte, which no text does: the file is damaged. {AGAIN}"
                )
            pending = decoder.getstate()[0]
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                if fault is None:
                    line = lines + error.object[: error.start].count(b"\n")
                    offset = done - len(pending) + error.start
                    fault = _Fault(error.object[error.start], offset, line, cut=not chunk)
                text = error.object.decode("utf-8", "replace")
                decoder.reset()
            others += text.count(LOST)
            letters += len(text) - len(text.encode("ascii", "ignore")) - text.count(LOST)
            done, lines = done + len(chunk), lines + chunk.count(b"\n")
            if not chunk:
                break
    if fault:
        fault.letters, fault.others = letters, others
    return fault


def _is_windows(path: Path) -> bool:
    with path.open("rb") as file:
        return _decodes(path, WINDOWS) and not any(
            FOREIGN.search(chunk) for chunk in iter(lambda: file.read(CHUNK), b"")
        )


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding) as file:
            while file.read(CHUNK):
                pass
    except UnicodeError:
        return False
    return True
