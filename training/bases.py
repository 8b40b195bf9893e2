"""Where a network starts from: the shipped model, a local folder, the Hub's cache, or the Hub."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from stance.errors import SettingsError
from stance.folder import CONFIG, MANIFEST, TOKENIZER, WEIGHTS, ModelFolder, shipped_path


@dataclass(frozen=True)
class KnownBase:
    """A base on the Hub that is pinned to a revision and to the bytes of its weights."""

    name: str
    revision: str
    sha256: str
    licence: str


KNOWN = (
    KnownBase(
        name="sentence-transformers/all-MiniLM-L6-v2",
        revision="1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        licence="Apache-2.0",
    ),
    KnownBase(
        name="sentence-transformers/all-mpnet-base-v2",
        revision="e8c3b32edf5434bc2275fc9bab85f82640a19130",
        sha256="78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
        licence="Apache-2.0",
    ),
)
NEEDED = [CONFIG, WEIGHTS, "tokenizer*", "special_tokens_map.json", "vocab*", "merges.txt", "*.model"]


@dataclass(frozen=True)
class Base:
    """A folder with an encoder and its tokenizer; the name and the licence that a card states."""

    folder: Path
    name: str
    licence: str = "not known here: see where it came from"


def resolve(base: str | None) -> Base:
    """The folder of a base: None is the shipped model; a folder; or a name on the Hub, cached or fetched.

    A model folder of stance is checked against its own hashes, a known base against the pinned one.
    SettingsError where there is no such base, or its weights are not those that they should be.
    """
    if base is None:
        return _own(shipped_path())
    folder = Path(base)
    if (folder / MANIFEST).exists():
        return _own(folder)
    if folder.is_dir():
        if not (folder / CONFIG).exists():
            raise SettingsError(f"{folder} holds no {CONFIG}, so it is not an encoder that can be trained.")
        known = next((k for k in KNOWN if _hash(folder / WEIGHTS) == k.sha256), None)
        return Base(folder, known.name, known.licence) if known else Base(folder, folder.name)
    return _from_hub(base)


def _own(folder: Path) -> Base:
    opened = ModelFolder.open(folder)
    for name in (WEIGHTS, CONFIG, TOKENIZER):
        opened.checked(name)
    return Base(folder, opened.name, opened.manifest.get("provenance", {}).get("licence", Base.licence))


def _from_hub(name: str) -> Base:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    known = next((k for k in KNOWN if k.name == name), None)
    revision = known.revision if known else None
    try:
        try:
            found = snapshot_download(name, revision=revision, allow_patterns=NEEDED, local_files_only=True)
        except LocalEntryNotFoundError:
            found = snapshot_download(name, revision=revision, allow_patterns=NEEDED)
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise SettingsError(
            f"The base {name!r} is no folder here, not in the Hub's cache, and cannot be fetched: {reason}. "
            "Give a folder, check the name, or leave --base out to start from the shipped model."
        ) from error
    folder = Path(found)
    if known and _hash(folder / WEIGHTS) != known.sha256:
        raise SettingsError(
            f"{folder / WEIGHTS} is not the file of {name} at revision {known.revision[:8]}: its SHA-256 "
            "differs. Delete it from the cache and fetch it again."
        )
    return Base(folder, name, known.licence) if known else Base(folder, name)


def _hash(path: Path) -> str | None:
    if not path.exists():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
