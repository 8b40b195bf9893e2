"""Quotes → token ids: the one place that decides what the model sees, in training too.

The input has three forms: the quotation; quotation and speaker; quotation, speaker and context. It is
a pair of texts, (quotation | speaker — context), of which the second is absent where nothing is known.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

from stance.actors import Actors
from stance.quotes import Quote

GAP = "…"  # stands where words were left out
HALF = re.compile(r"[\ud800-\udfff]")  # of a letter, which no tokenizer reads
FIRST_PART = 128  # tokens that a long quotation keeps at least, as long as there is context to cut

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One quotation as the model sees it."""

    ids: list[int]
    types: list[int]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Encoded quotations side by side: arrays [quotes, length], padded on the right."""

    ids: Ids
    mask: Ids
    types: Ids


class Encoder:
    """Encodes quotations for one model.

    window: how many tokens the model reads at most. pad_id: what fills up the shorter ones.
    """

    def __init__(
        self, tokenizer: Tokenizer, *, window: int, pad_id: int = 0, actors: Actors | None = None
    ) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self._actors = actors or Actors.shipped()
        self.window = window
        self.pad_id = pad_id

    def written_out(self, quote: Quote) -> Quote:
        """The quotation with its speaker as the model sees it: a bare known name with its office."""
        if not quote.speaker:
            return quote
        return replace(quote, speaker=_written_out(quote, self._actors))

    def encode(self, quotes: Sequence[Quote]) -> list[Encoded]:
        """What the model sees of each quotation, never more than ``window`` tokens."""
        # The same people speak again and again.
        speakers = {_said_by(quote): quote for quote in quotes}
        known = {key: _written_out(quote, self._actors) for key, quote in speakers.items()}
        texts = [_Texts.of(quote, known[_said_by(quote)]) for quote in quotes]
        whole = self._encoded([text.pair() for text in texts])
        return [
            _encoded(found, truncated=False)
            if len(found.ids) <= self.window
            else _encoded(self._cut(text), truncated=True)
            for text, found in zip(texts, whole, strict=True)
        ]

    def _encoded(self, pairs: Sequence[str | tuple[str, str]]) -> list[Encoding]:
        if len(pairs) > 1:
            return list(self._tokenizer.encode_batch(pairs))
        # One alone is not worth waking other threads.
        return [self._tokenizer.encode(*([one] if isinstance(one, str) else one)) for one in pairs]

    def pad(self, encoded: Sequence[Encoded]) -> Batch:
        """Encoded quotations → one batch as long as the longest of them."""
        shape = len(encoded), max(len(one.ids) for one in encoded)
        ids = np.full(shape, self.pad_id, dtype=np.int64)
        mask, types = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for row, one in enumerate(encoded):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = 1
            types[row, : len(one.types)] = one.types
        return Batch(ids, mask, types)

    def _cut(self, texts: "_Texts") -> Encoding:
        """Cuts by rule: the quotation's middle first, then the context, the speaker last."""
        pieces = self._tokenizer.encode_batch(
            [texts.quote, texts.context, texts.speaker], add_special_tokens=False
        )
        # A cut text can have a token more than planned where a word was split: then plan for less.
        for room in range(self.window - 6, 0, -2):
            quote, context, speaker = _shares(room, *(len(piece.ids) for piece in pieces))
            kept = _Texts(
                quote=_without_middle(texts.quote, pieces[0], quote),
                context=_beginning(texts.context, pieces[1], context),
                speaker=_beginning(texts.speaker, pieces[2], speaker),
            )
            found = self._tokenizer.encode(*kept.both())
            if len(found.ids) <= self.window:
                return found
        return found


def batches(lengths: Sequence[int], *, tokens: int) -> Iterator[list[int]]:
    """Positions of encoded quotations, alike in length, at most ``tokens`` with their padding."""
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        if batch and (len(batch) + 1) * lengths[batch[0]] > tokens:
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class _Texts:
    quote: str
    speaker: str
    context: str

    @classmethod
    def of(cls, quote: Quote, speaker: str) -> "_Texts":
        # The context repeats the quotation: only what is around it is news.
        context = " ".join((quote.context or "").replace(quote.text, GAP).split())
        around = context if context.strip(f"{GAP}\"“”'., ") else ""
        return cls(
            *(
                HALF.sub("\ufffd", part)
                for part in (" ".join(quote.text.split()), " ".join(speaker.split()), around)
            )
        )

    def both(self) -> tuple[str, str | None]:
        second = " — ".join(text for text in (self.speaker, self.context) if text)
        return self.quote, second or None

    def pair(self) -> str | tuple[str, str]:
        first, second = self.both()
        return (first, second) if second else first


def _said_by(quote: Quote) -> tuple[str | None, ...]:
    return quote.speaker, quote.date, quote.context


def _written_out(quote: Quote, actors: Actors) -> str:
    return actors.written_out(quote.speaker, date=quote.date, context=quote.context) if quote.speaker else ""


def _shares(room: int, quote: int, context: int, speaker: int) -> tuple[int, int, int]:
    """How many tokens of quotation, context and speaker fit into ``room``."""
    least_quote = min(quote, FIRST_PART, room // 2)
    kept_speaker = min(speaker, room - least_quote)
    kept_context = min(context, room - least_quote - kept_speaker)
    return min(quote, room - kept_speaker - kept_context), kept_context, kept_speaker


def _without_middle(text: str, tokens: Encoding, kept: int) -> str:
    if len(tokens.ids) <= kept:
        return text
    head = (kept + 1) // 2
    end, start = tokens.offsets[head - 1][1], tokens.offsets[len(tokens.ids) - (kept - head)][0]
    return f"{text[:end].rstrip()} {GAP} {text[start:].lstrip()}" if kept > head else text[:end]


def _beginning(text: str, tokens: Encoding, kept: int) -> str:
    if len(tokens.ids) <= kept:
        return text
    return text[: tokens.offsets[kept - 1][1]] if kept else ""


def _encoded(found: Encoding, *, truncated: bool) -> Encoded:
    return Encoded(found.ids, found.type_ids, truncated)
