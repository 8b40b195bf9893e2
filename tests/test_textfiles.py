from pathlib import Path

import pytest

from stance import textfiles
from stance.errors import UnreadableFileError
from stance.textfiles import encoding_of

LINE = "“Déjà vu”, she said — again.\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        pytest.param(b"", "utf-8", id="nothing"),
        pytest.param(b"We hope.\n", "utf-8", id="ASCII"),
        pytest.param(LINE.encode(), "utf-8", id="UTF-8"),
        pytest.param(LINE.encode("utf-8-sig"), "utf-8-sig", id="UTF-8 with a mark"),
        pytest.param(LINE.encode("utf-16"), "utf-16", id="UTF-16"),
        pytest.param(b"\xfe\xff" + LINE.encode("utf-16-be"), "utf-16", id="UTF-16, big end first"),
        pytest.param(LINE.encode("cp1252"), "cp1252", id="Windows-1252"),
        pytest.param("Un café".encode("cp1252"), "cp1252", id="Windows-1252 that ends with an accent"),
        pytest.param("我们希望对话。\n".encode(), "utf-8", id="Chinese in UTF-8"),
    ],
)
def test_the_encoding_is_told_from_marks_and_bytes(content: bytes, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    assert encoding_of(path) == encoding
    path.read_text(encoding=encoding)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_letter_may_lie_across_two_chunks(
    size: int, encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(textfiles, "CHUNK", size)
    path = tmp_path / "a.txt"
    path.write_bytes((LINE * 3).encode(encoding))
    assert encoding_of(path) == encoding


@pytest.mark.parametrize("size", [1, 4, 1 << 20])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            LINE.encode() + b"caf\xe9 au lait\n",
            r"is damaged: byte 40 \(0xe9\) is no UTF-8, while other letters are \(line 2\)\. Save it again",
            id="one letter",
        ),
        pytest.param(
            b"caf\xe9 au lait\n" + LINE.encode() * 2,
            r"is damaged: byte 3 \(0xe9\) is no UTF-8, while other letters are \(line 1\)",
            id="the first letter",
        ),
        pytest.param(
            (LINE * 2).encode("utf-8-sig") + b"caf\xe9\n", r"is damaged: byte 80 .* \(line 3\)", id="marked"
        ),
        pytest.param(
            (LINE + "É").encode()[:-1], "is cut off: line 2 ends in the middle of a letter", id="cut off"
        ),
        pytest.param(b"a\nb\0c\n" + b"and so on\n" * 30, "line 2 holds a zero byte", id="a zero"),
        pytest.param(
            b"\xef\xbb\xbf" + "Мы надеемся\n".encode("cp1251"),
            r"is damaged: byte 3 \(0xcc\) is no UTF-8",
            id="marked, but Russian",
        ),
        pytest.param(b"a\n\x9d\n", "byte 2 in line 2 is 0x9d. Save it as UTF-8", id="no letter of Windows"),
        pytest.param(LINE.encode("utf-16")[:-1], "is damaged UTF-16: it is cut off", id="half a UTF-16"),
        pytest.param(LINE.encode("utf-16-be"), "looks like UTF-16 without its mark", id="UTF-16 unmarked"),
        pytest.param(b"PK\x03\x04rest", "no text but a workbook or an archive", id="a workbook"),
        pytest.param(bytes(range(32)) * 9, "no text but binary data", id="binary"),
    ],
)
def test_what_cannot_be_read_says_where_and_why(
    size: int, content: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(textfiles, "CHUNK", size)
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=f"a.txt.*{message}"):
        encoding_of(path)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        pytest.param("Мы надеемся на разговор", "cp1251", id="Russian"),
        pytest.param("希望对话继续下去", "gb18030", id="Chinese"),
        pytest.param("話し合いを望みます", "shift_jis", id="Japanese"),
        pytest.param("대화를 희망합니다", "euc-kr", id="Korean"),
    ],
)
def test_letters_of_another_code_page_are_not_taken_for_western_ones(
    text: str, encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(f"quote,side\n{text},China\n".encode(encoding))
    with pytest.raises(UnreadableFileError, match=r"not UTF-8 text, nor Windows-1252: byte \d+ in line 2"):
        encoding_of(path)


def test_a_missing_file_is_left_to_the_caller(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        encoding_of(tmp_path / "a.txt")
