"""Names of the region in one spelling: what a search compares, and what finds one person written in two scripts.

A name may stand in Russian, Kazakh, Kyrgyz, Tajik, Uzbek or Turkmen letters, or in one of several Latin
transcriptions: "Қасымбеков", "Касымбеков", "Qasymbekov" and "Kasimbekov" are one name. `fold` leads all of them to
the same few Latin letters. It is made for comparing and never for reading, and it is coarser than any
transcription: two names may fold into one, and whoever merges people looks at more than the name.
"""

import re
import unicodedata

# Signs that stand for the apostrophe of Uzbek and of transcriptions, whatever a keyboard offers.
_APOSTROPHES = re.compile("['`´ʻʼʹʽˈ‘’‛′＇]")

# Cyrillic letters, then Latin ones that a mere loss of their marks would falsify.
_LETTERS = str.maketrans(
    {
        **dict(zip("абвгдезийклмнопрстуф", "abvgdeziyklmnoprstuf", strict=True)),
        "ё": "yo",
        "ж": "zh",
        "х": "kh",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "shch",
        "ъ": "",
        "ы": "y",
        "ь": "",
        "э": "e",
        "ю": "yu",
        "я": "ya",
        **dict(zip("әғқңөұүһіўҳҷӣӯҗєїґ", "agknouuhiuhjiujeig", strict=True)),
        "ş": "sh",
        "š": "sh",
        "ç": "ch",
        "č": "ch",
        "ž": "zh",
        "ŋ": "n",
        "ı": "i",
        "ə": "a",
        "ø": "o",
        "ł": "l",
    }
)

# One after another: the longer ones first, so that no rule eats the beginning of another's letters.
_REDUCTIONS = (
    ("shch", "sh"),
    ("sch", "sh"),
    ("tch", "ch"),
    ("dzh", "j"),
    ("dj", "j"),
    ("zh", "j"),
    ("kh", "h"),
    ("gh", "g"),
    ("x", "h"),
    ("q", "k"),
    ("w", "v"),
    ("ye", "e"),  # Yerlan and Erlan, Sergeyev and Sergeev
    ("yo", "e"),  # ё is written е more often than not
    ("y", "i"),  # й, ы, и and their transcriptions
    ("ng", "n"),  # ң
)
_DOUBLED = re.compile(r"([a-z])\1+")
_REST = re.compile(r"[^a-z0-9]+")


def fold(text: str) -> str:
    """Return words in the one spelling that is the same in every script of the region: small, Latin, without marks."""
    folded = unicodedata.normalize("NFC", text.casefold())
    folded = _APOSTROPHES.sub("'", folded)
    folded = re.sub(r"o'(?=\w)", "u", folded)  # Uzbek oʻ is ў, which Russian writes у
    folded = folded.replace("'", "").translate(_LETTERS)
    folded = "".join(sign for sign in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(sign))
    folded = _DOUBLED.sub(r"\1", folded)
    for spelling, letter in _REDUCTIONS:
        folded = folded.replace(spelling, letter)
    folded = _DOUBLED.sub(r"\1", folded)
    return _REST.sub(" ", folded).strip()
