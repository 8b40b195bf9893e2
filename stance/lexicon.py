"""The words by which an attribution is known: speech verbs, human nouns, given names, function words."""

import csv
from collections.abc import Iterator
from functools import cache
from importlib import resources

AUXILIARIES = frozenset(
    "has have had is are was were be been being do does did will would can could may might must shall should "
    "’s ’ve ’d ’ll ’re ’m 's 've 'd 'll 're 'm having".split()
)
AUXILIARIES |= {
    f"{word}n{mark}t"
    for word in "has have had is are was were do does did would could should need must".split()
    for mark in "’'"
} | {"can’t", "can't", "won’t", "won't", "cannot"}
ADVERBS = frozenset(
    "here also then later earlier once again often still just even never always recently now soon first only "
    "simply further instead both all rather previously twice once already since ever sometimes today "
    "yesterday tonight elsewhere however too therefore thus meanwhile there immediately nonetheless "
    "nevertheless perhaps reportedly famously instead similarly previously publicly".split()
)
PRONOUNS = frozenset("he she they it i we you who which".split())
POSSESSIVES = frozenset("his her their its my our your whose".split())
DETERMINERS = frozenset(
    "a an the one another some several many two three four five six seven eight nine ten this that these "
    "those each every both no any most all few dozens hundreds other".split()
)
NOBODIES = frozenset("nobody no none anybody anyone everybody everyone somebody someone there".split())
PREPOSITIONS = frozenset(
    "about above across after against along amid among around as at before behind below beneath beside "
    "besides between beyond by concerning despite down during except for from in inside into like near of "
    "off on onto out outside over past regarding since through throughout till to toward towards under "
    "until unlike up upon via with within without because while when whether if although though where how "
    "why whereas unless than so but and or nor yet according what whatever whose".split()
)
CLAUSE_STARTS = frozenset("and but or as while when where because that which who whether if though".split())
TITLES = frozenset(
    "mr mrs ms miss mx dr sir lady dame lord madam madame prof professor rev reverend sen sens senator "
    "rep reps representative govs gov governor gen general lt col colonel maj major capt captain sgt "
    "sergeant adm admiral president vice premier chancellor prime minister secretary ambassador judge "
    "justice mayor king queen prince princess pope cardinal archbishop bishop chairman chairwoman "
    "commissioner congressman congresswoman sheriff attorney speaker chief deputy former ex-president "
    "acting del delegate".split()
)
GENDERED_TITLES = {
    **dict.fromkeys("mr sir lord king prince pope father brother chairman congressman".split(), "m"),
    **dict.fromkeys(
        "mrs ms miss madam madame lady dame queen princess sister chairwoman congresswoman".split(), "f"
    ),
}
ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof rev sen sens rep reps gov govs gen lt col maj capt sgt adm st jr sr inc corp co "
    "ltd no vs dept jan feb mar apr jun jul aug sept oct nov dec mass calif conn fla ill mich minn tex va "
    "wash ariz ark colo del kan ky la md miss mo mont neb nev okla ore pa tenn vt wis wyo messrs hon d.-n "
    "r.-n".split()
)
MONTHS = "january february march april may june july august september october november december".split()
DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
TIMES = frozenset((*MONTHS, *DAYS, "jan", "feb", "aug", "sept", "oct", "nov", "dec"))

IRREGULAR_PASTS = frozenset(
    "came went took made gave got began rose fell ran held kept left lost met paid put set sent spent "
    "stood won broke built bought chose drew drove felt found grew heard knew led let meant saw sold "
    "spoke taught thought threw understood brought caught cut became hit cost".split()
)

# Chinese and Korean family names that stand first, and are no English word.
FAMILY_NAMES = frozenset(
    "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Zhu Hu Guo Gao Lin Luo Zheng Liang Xie "
    "Tang Feng Deng Cao Peng Zeng Xiao Tian Pan Yuan Cai Jiang Yu Du Ye Cheng Wei Su Lu Ding Ren Shen "
    "Yao Cui Zhong Tan Liao Shi Jin Jia Xia Fu Fang Bai Zou Meng Xiong Qin Qiu Yin Xue Yan Duan Lei "
    "Hou Tao Gu Mao Hao Gong Shao Qian Qi Niu Shui Geng Hua Ouyang Situ Tsai Chang Chiang Hsu Hsieh "
    "Tseng Kuo Yeh Chou Chu Lai Lam Leung Chan Cheung Wong Ng Tam Tsang Yip Kwok Chow Lau Yuen Shum "
    "Mak Tse Fung Kwan Kim Lee Choi Jung Kang Yoon Jang Seo Kwon Hwang Ahn Ryu Bae Xi Luan Ai Dai "
    "Pang Kong Hong Wen Nie Zang Zhuang Cen Lyu Lü Chai Che Jing Ning Ruan Sheng Shang Teng Weng Xing "
    "Yi Zhan Zuo".split()
)
PLACES = frozenset(
    "china america russia ukraine japan taiwan india europe asia africa australia canada mexico "
    "germany france britain england scotland ireland italy spain poland israel iran iraq syria turkey "
    "egypt vietnam thailand philippines malaysia singapore indonesia cambodia myanmar burma pakistan "
    "afghanistan brazil argentina chile cuba beijing shanghai guangdong shenzhen guangzhou wuhan "
    "xinjiang tibet hong macao macau taipei tokyo seoul pyongyang moscow kyiv kiev london paris "
    "berlin brussels geneva rome madrid vienna washington york chicago houston boston seattle dallas "
    "denver detroit philadelphia atlanta miami california texas florida ohio iowa michigan wisconsin "
    "pennsylvania georgia arizona nevada virginia carolina illinois minnesota hawaii alaska oregon "
    "colorado congress parliament senate delhi canberra sydney melbourne ottawa toronto manila hanoi "
    "jakarta bangkok tehran jerusalem cairo davos brexit covid states kingdom emirates nations zealand "
    "arabia korea kong lanka".split()
)

SAY, TELL, ASK, JUDGE, THINK = "say", "tell", "ask", "judge", "think"
QUOTING = frozenset("quoted quotes quoting cited cites citing".split())  # "quoted Ann Roe as saying"
NOUN_CUES = frozenset(
    "claim claims statement statements remark remarks warning warnings comment comments assertion "
    "promise pledge vow call calls description characterization complaint accusation accusations "
    "allegation allegations criticism words tweet tweets post letter speech declaration response "
    "reply answer argument admission suggestion insistence contention prediction question quip joke "
    "phrase term testimony denial admonition observation report belief view opinion verdict message "
    "slogan motto words verdict assessment conclusion refrain reaction retort rebuke plea".split()
)


@cache
def verb_forms() -> dict[str, tuple[str, str]]:
    """Form of a verb of speech → (its class, "finite", "participle" or "base"); from speech_verbs.csv."""
    forms: dict[str, tuple[str, str]] = {}
    for row in _rows("speech_verbs.csv"):
        verb, kind = row["verb"], row["class"]
        forms.setdefault(verb, (kind, "base"))
        forms.setdefault(_inflected(verb, "ing"), (kind, "participle"))
        forms.setdefault(row["participle"] or _inflected(verb, "ed"), (kind, "finite"))
        forms[_third_person(verb)] = (kind, "finite")
        forms[row["past"] or _inflected(verb, "ed")] = (kind, "finite")
    return forms


@cache
def role_nouns() -> dict[str, tuple[str, str]]:
    """Noun → (person, people, body or text; f, m or nothing), from role_nouns.csv, with the plurals."""
    nouns = {row["noun"]: (row["kind"], row["gender"]) for row in _rows("role_nouns.csv")}
    plurals = {
        _third_person(noun): ("people" if kind == "person" else kind, gender)
        for noun, (kind, gender) in nouns.items()
        if kind != "people"
    }
    return {**plurals, **nouns}


@cache
def given_names() -> dict[str, str]:
    """Given name → f or m: the commoner ones of the 1990 US census, and others."""
    return {row["name"]: row["gender"] for row in _rows("given_names.csv")}


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = resources.files("stance").joinpath(name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


def _inflected(verb: str, ending: str) -> str:
    if verb.endswith("ee"):
        return verb + ending[-1:] if ending == "ed" else verb + ending
    if verb.endswith("e") and not verb.endswith("oe"):
        return verb[:-1] + ending
    if verb.endswith("y") and verb[-2] not in "aeiou" and ending == "ed":
        return verb[:-1] + "ied"
    if _doubles(verb):
        return verb + verb[-1] + ending
    return verb + ending


def _doubles(verb: str) -> bool:
    """Whether the last consonant is doubled: short or stressed last syllables."""
    short = len(verb) > 2 and verb[-1] in "bdgmnpt" and verb[-2] in "aeiou" and verb[-3] not in "aeiou"
    one_syllable = sum(letter in "aeiou" for letter in verb.replace("qu", "q")) == 1
    short = short or (len(verb) > 3 and verb[-4:-2] == "qu")
    return short and (one_syllable or verb in ("admit", "begin", "rebut", "submit", "deadpan"))


def _third_person(verb: str) -> str:
    if verb.endswith(("s", "sh", "ch", "x", "z")):
        return verb + "es"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"
