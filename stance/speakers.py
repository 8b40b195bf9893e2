"""Who said it: the attribution beside a quotation, and the fullest form of a name in the article."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

Span = tuple[int, int]

VERBS = (
    "said says told tells added adds wrote writes noted notes stated states stressed stresses argued argues "
    "warned warns declared insisted explained remarked replied responded claimed asserted acknowledged "
    "announced commented continued concluded emphasized emphasised observed tweeted posted asked urged "
    "vowed pledged complained recalled admitted denied repeated reiterated"
)
VERB = rf"(?:{'|'.join(VERBS.split())})"
# A sentence ends at a stop that follows neither an initial nor a common title.
STOP = re.compile(r"(?<![A-Z])(?<!Mr|Ms|Dr|St)(?<!Mrs|Gen|Sen|Rep|Gov|Col|Lt.)[.!?](?=[\s”\"]|$)")
PRONOUN = re.compile(r"(?:he|she|they|it|i|we|who)$", re.IGNORECASE)
TAIL = re.compile(rf"^\W*(?P<name>[^\n“”\"]{{1,200}}?)\s+(?:also\s+|then\s+)?(?P<cue>{VERB})\b")
INVERTED = re.compile(rf"^\W*(?P<cue>{VERB})\s+(?P<name>[^\n“”\"]{{1,200}})")
LEAD = re.compile(
    rf"(?P<name>[^\n“”\"]{{1,200}}?)\s+(?:also\s+|then\s+)?(?P<cue>{VERB})\b[^\n“”\"]{{0,100}}\W*$"
)
ACCORDING = re.compile(r"(?P<cue>according to)\s+(?P<name>[^\n“”\"]{1,200})", re.IGNORECASE)
LABEL = re.compile(r"^\W*(?P<name>[A-Z][^\n“”\":.]{1,80})(?P<cue>:)\s*$")
# What follows a name in an inverted attribution is not part of it.
AFTER_NAME = re.compile(
    r"\s+(?:on|in|at|during|after|before|when|while|as|to|about|via|through|late|early|last|this|earlier|later"
    r"|yesterday|today|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b(?!\s+of\s+the\s+House)|[;:.](?:\s|$)"
)
WORD = r"[A-Z][\w.’'-]*"
LONGEST = 20  # words in the name of a speaker


@dataclass(frozen=True, slots=True)
class Attribution:
    """A speaker's name, the span of the words that gave it, and how sure it is; or nothing at all."""

    name: str | None = None
    cue: Span | None = None
    confidence: float | None = None


class SpeakerFinder:
    """Attributes the quotations of one article, in text order."""

    def __init__(self, article: str, spans: Sequence[Span]) -> None:
        self._article = article
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]
        self._last = Attribution()
        self._last_end = 0

    def interrupts(self, first: Span, second: Span) -> bool:
        """Whether nothing but an attribution stands between two spans of one sentence."""
        gap = self._article[first[1] : second[0]]
        inside = gap.strip('“”" \n')
        if "\n" in gap or not inside or len(inside) > 200 or not inside.endswith(","):
            return False
        return bool(re.search(rf"\b{VERB}\b", inside)) and not STOP.search(inside)

    def speaker_of(self, parts: Sequence[Span]) -> Attribution:
        """The speaker of one quotation, given as the spans of its parts."""
        found = self._beside(parts) or self._carried(parts)
        self._last, self._last_end = found, parts[-1][1]
        return found

    def _beside(self, parts: Sequence[Span]) -> Attribution | None:
        places = [self._after(end) for _, end in parts] + [self._before(parts[0][0])]
        matches = [match for place in places for match in self._matches(*place)]
        for name, cue in matches:
            if PRONOUN.match(name):
                if self._last.name:
                    return Attribution(self._last.name, cue, 0.6)
                continue
            return Attribution(self._fullest(name, parts[0][0]), cue, 0.9)
        return None

    def _matches(self, start: int, end: int, patterns: tuple[re.Pattern[str], ...]) -> list[tuple[str, Span]]:
        text, found = self._article[start:end], []
        for pattern in patterns:
            match = pattern.search(text)
            name = _cleaned(match["name"], cut=pattern in (INVERTED, ACCORDING)) if match else ""
            if match and name:
                found.append((name, (start + match.start("cue"), start + match.end("cue"))))
        return found

    def _after(self, end: int) -> tuple[int, int, tuple[re.Pattern[str], ...]]:
        """The rest of the sentence behind a closing mark, unless the quotation ended the sentence."""
        start = end + 1
        if self._article[end - 1 : end] in ".!?" and not re.match(
            rf"\s(?:{VERB}|[a-z])", self._article[start : start + 20]
        ):
            return start, start, ()
        following = bisect_left(self._starts, start)
        limit = self._starts[following] - 1 if following < len(self._starts) else len(self._article)
        limit = min(limit, start + 400, self._paragraph_end(start))
        stop = STOP.search(self._article, start, limit)
        return start, stop.start() if stop else limit, (INVERTED, TAIL, ACCORDING)

    def _before(self, start: int) -> tuple[int, int, tuple[re.Pattern[str], ...]]:
        """The sentence that leads up to an opening mark."""
        preceding = bisect_left(self._ends, start) - 1
        limit = self._ends[preceding] + 1 if preceding >= 0 else 0
        paragraph = self._article.rfind("\n", 0, start) + 1
        begin = max(limit, paragraph, start - 400)
        stops = list(STOP.finditer(self._article, begin, start - 1))
        return stops[-1].end() if stops else begin, start - 1, (LEAD, ACCORDING, LABEL)

    def _carried(self, parts: Sequence[Span]) -> Attribution:
        """A quotation without attribution, in the paragraph of the last one, has its speaker."""
        between = self._article[self._last_end : parts[0][0]]
        if self._last.name and "\n" not in between and len(between) < 300:
            return Attribution(self._last.name, self._last.cue, 0.5)
        return Attribution()

    def _fullest(self, name: str, before: int) -> str:
        """A bare surname → the longest form of the name in the article so far."""
        bare = re.sub(r"^(?:Mr|Mrs|Ms|Dr)\.?\s+", "", name)
        if not re.fullmatch(r"[A-Z][\w’'-]+", bare):
            return name
        joined = rf"(?:{WORD}\s+){{1,6}}{re.escape(bare)}\b(?![’'-])"
        forms = [match[0] for match in re.finditer(joined, self._article[:before])]
        return max(forms, key=len, default=name)

    def _paragraph_end(self, start: int) -> int:
        end = self._article.find("\n", start)
        return len(self._article) if end < 0 else end


def _cleaned(name: str, *, cut: bool) -> str:
    """The name without what hangs on to it; empty where it cannot be one."""
    if cut:
        # "said Mr. Wu in Geneva" has a stop that belongs to the title
        name = re.split(AFTER_NAME, re.sub(r"\b(Mr|Ms|Mrs|Dr)\.", r"\1", name))[0]
    name = re.split(r",\s+(?:which|who|whose|that)\b", name)[0]
    name = re.sub(r"^(?:and|but|as|while|that|which|when|where|because)\s+", "", name.strip(" ,;:–—-\t"))
    words = name.split()
    named = any(word[:1].isupper() for word in words) or bool(
        re.match(r"(?:an?|the|one|his|her|their)\b", name)
    )
    plausible = 0 < len(words) <= LONGEST and (named or bool(PRONOUN.match(name)))
    return name if plausible else ""
