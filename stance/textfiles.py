"""Text files as people save them: UTF-8, Excel's Windows-1252, UTF-16."""

import codecs
from pathlib import Path

from stance.errors import UnreadableFileError

CHUNK = 1 << 20
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
WINDOWS = "cp1252"


def encoding_of(path: Path) -> str:
    """In which encoding a text file is written; UnreadableFileError where it is in none of them.

    UTF-8 and UTF-16 are told by their marks or by their bytes. What is neither, and holds no letter that
    only UTF-8 writes so, is Windows-1252, as Excel saves CSV. OSError where there is no such file.
    """
    with path.open("rb") as file:
        start = file.read(4)
    for mark, name in MARKS.items():
        if start.startswith(mark):
            return name
    if start.startswith(b"PK\x03\x04"):
        raise UnreadableFileError(
            f"{path} is no text but a workbook or an archive. In Excel, save it as 'CSV UTF-8'."
        )
    broken, letters = _broken_utf8(path)
    if broken is None:
        return "utf-8"
    where, byte = broken
    if letters or not _decodes(path, WINDOWS):
        raise UnreadableFileError(
            f"{path} is damaged: byte {where} ({byte:#04x}) is no UTF-8, while other letters are. "
            "Open it where it was written, and save it as UTF-8 (in Excel: CSV UTF-8)."
            if letters
            else f"{path} is not UTF-8 text, nor Windows-1252: byte {where} is {byte:#04x}. "
            "Save it as UTF-8 (in Excel: CSV UTF-8)."
        )
    return WINDOWS


def _broken_utf8(path: Path) -> tuple[tuple[int, int] | None, bool]:
    """The first byte that is no UTF-8 with its position, and whether there are letters that are UTF-8."""
    decoder, done, letters = codecs.getincrementaldecoder("utf-8")(), 0, False
    broken: tuple[int, int] | None = None
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            if b"\0" in chunk:
                raise UnreadableFileError(
                    f"{path} holds zero bytes: it is no text, or UTF-16 without its mark. Save it as UTF-8."
                )
            pending = decoder.getstate()[0]
            try:
                text = decoder.decode(chunk, final=not chunk)
                letters = letters or not text.isascii()
            except UnicodeDecodeError as error:
                if broken is None:
                    broken = (done - len(pending) + error.start, error.object[error.start])
                letters = letters or _has_letters(error.object)
                decoder.reset()
            done += len(chunk)
            if not chunk:
                return broken, letters


def _has_letters(content: bytes) -> bool:
    return any(character != "�" and ord(character) > 127 for character in content.decode("utf-8", "replace"))


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding) as file:
            while file.read(CHUNK):
                pass
    except UnicodeDecodeError:
        return False
    return True
