"""Speech or not: scare quotes, titles of works, nicknames and headings stand between the same marks."""

import re

from stance.lexicon import PRONOUNS, SAY, verb_forms

SPEAKING = frozenset("i we you he she they".split())
SMALL = frozenset("a an and as at but by for from in into of on or the to vs with over is not".split())
WORKS = re.compile(
    r"\b(?:film|movie|book|novel|memoir|song|single|album|show|series|program|programme|episode|broadcast"
    r"|article|essay|play|documentary|magazine|newspaper|podcast|column|painting|poem|opera|musical|game"
    r"|paper|report|anthem|ballad|titled|entitled|headlined|named|dubbed|nicknamed|christened|codenamed"
    r"|code-named|called|known as|so-called|termed|labell?ed|marked|stamped|emblazoned with|reading"
    r"|translated as|word|term|acronym|character|letter|section|chapter|heading|headline|header|slide|tab"
    r"|button|box|column|folder|file|campaign|operation|initiative|strategy of|policy of|doctrine of"
    r"|(?:[A-Z][\w.]*|[a-z]+)[’']s)(?: the| a| an| its| his| her)?[\s,:(–—-]*$"
)
NAME_BEFORE = re.compile(r"[A-Z][\w.’-]+ [“\"'‘«]?$")
NAME_BEHIND = re.compile(r" [A-Z][\w’-]+")
INTERRUPTION = re.compile(r"[”\"'’»]{1,2}(?P<words> [^\n“”\"]{1,60}), [“\"‘«'][a-z]")
KNOWN_AS = re.compile(
    r"\b(?:known(?: \w+)? as|nicknamed|so-called|codenamed|code-named)(?: the| a| an)?[ “\"'‘«]*$"
)
WORDS = re.compile(r"[^\W\d_][\w’'-]*")
LETTER = re.compile(r"[^\W_]")
LONGEST_TITLE = 90  # characters
# Words: up to SHORT a fragment without an attribution is no speech, above LONG it always is.
SHORT, LONG = 4, 12


def is_nickname_or_title(article: str, start: int, end: int) -> bool:
    """What can be told without its sentence: a nickname inside a name, the title of a work, a tag's value."""
    text = article[start:end]
    if article[start - 2 : start] in ('="', "='"):
        return True
    if len(text) > LONGEST_TITLE or (text[:1].islower() and text.count(" ") >= SHORT):
        return not LETTER.search(text)
    last = text[text.rfind(" ") + 1 :]
    if last[:1].islower() and text.count(" ") >= SHORT and last.strip(",.!?…") not in SMALL:
        return False
    words = WORDS.findall(text)
    if not words:
        return not LETTER.search(text)
    before, behind = article[max(0, start - 40) : start - 1], article[end : end + 24].lstrip("”\"'’»“")
    if (
        len(words) <= 3
        and text[0].isupper()
        and text[-1] not in ",.!?"
        and NAME_BEFORE.search(before)
        and NAME_BEHIND.match(behind)
    ):
        last = before.split()[-1].strip("“\"'‘«")
        return last.lower() not in verb_forms()
    if len(words) <= SHORT and KNOWN_AS.search(before):
        return True
    if text.isupper() and behind.strip()[:8].isupper():
        return False
    if (
        text[0].isupper()
        and _in_title_case(words)
        and not re.search(r"[a-z]{2}[.!?] ", text)
        and (len(words) > 1 or WORKS.search(before.rstrip("“\"'‘« ")))
        and not (text[-1] == "," and _is_interrupted(article, end))
    ):
        return not _spoken(before)
    return False


def _is_interrupted(article: str, end: int) -> bool:
    """Whether an attribution and another quotation follow: '"The river," Ann Roe said, "is high."'."""
    between = INTERRUPTION.match(article, end)
    words = between["words"].split() if between else []
    return any(verb_forms().get(word, ("", ""))[0] == SAY for word in words)


def is_speech(article: str, start: int, end: int, *, named: bool, whole: bool) -> bool:
    """Whether a quotation whose own sentence does not say who speaks is something that somebody said.

    named: a speaker was found elsewhere. whole: it is all of its sentence.
    """
    text = article[start:end]
    words = text.split(maxsplit=LONG)
    if len(words) > LONG:
        return True
    before = article[max(0, start - 60) : start - 1].rstrip("“\"'‘« ")
    if WORKS.search(before):
        return False
    sentence = text[0].isupper() and text[-1] in ".!?,…"
    if whole:
        return len(words) >= 2 and (named or sentence)
    return len(words) > SHORT and sentence


def _in_title_case(words: list[str]) -> bool:
    if words[0].lower() in PRONOUNS or any(
        word.lower() in SPEAKING or "’" in word[:-2] or "'" in word[:-2] for word in words
    ):
        return False
    if not words[0][0].isupper():
        return False
    main = [word for word in words if word.lower() not in SMALL]
    if not main:
        return False
    return all(word[0].isupper() for word in main) and (len(main) > 1 or len(words) == 1)


def _spoken(before: str) -> bool:
    """Whether a verb of saying stands right in front of the mark: 'chanted "Lock The Gates"'."""
    last = re.sub(r"[\s,:“\"'‘«]+$", "", before).rpartition(" ")[2].lower()
    if last == "as":
        return True
    form = verb_forms().get(last)
    return bool(form and form[0] == SAY and form[1] != "base" and last not in ("read", "reads", "reading"))
