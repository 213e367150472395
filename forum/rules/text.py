"""What people write, and the HTML made of it: plain text with few signs, everything else escaped.

an empty line           begins a paragraph
> text                  a quotation; its first line may name the post: “> №12”
- text                  an item of a list
**text**                strong
@KZ-00012               a member, by the number of membership
https://…               a link
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

MOST_CHARACTERS = 60_000  # about thirty printed pages
QUOTED = re.compile(r"№\s?(\d{1,7})\s*")
WORD = re.compile(r"\w+(?:-\w+)*")
HANDLE = re.compile(r"@([A-Z]{2}-\d{1,9})\b")
LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]»”]")
STRONG = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
# Word and browsers paste signs that nobody sees; they would stand in names of the parties and break a search.
UNSEEN = re.compile(
    "[\u200b\u200c\u200d\u2060\ufeff\u00ad]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\u202a-\u202e\u2066-\u2069]"
)


class TextTooLong(ValueError):
    """Raised for a text of more than `MOST_CHARACTERS`."""


class TextEmpty(ValueError):
    """Raised for a text in which nothing can be read."""


@dataclass(frozen=True)
class Parsed:
    """A text with what it refers to: numbers of quoted posts, members’ numbers."""

    source: str
    quoted: frozenset[int] = frozenset()
    handles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class References:
    """What the references of a text lead to: names of members by their numbers, addresses of posts by theirs."""

    names: Mapping[str, str] = field(default_factory=dict)
    posts: Mapping[int, str] = field(default_factory=dict)


def parse(text: str) -> Parsed:
    """Return a text in its one spelling with its references. Raises TextTooLong, TextEmpty."""
    source = UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(source) > MOST_CHARACTERS:
        raise TextTooLong(len(source))
    if not source:
        raise TextEmpty
    quoted = {int(match[1]) for line in source.split("\n") if (match := QUOTED.match(_unquoted(line)))}
    return Parsed(source, frozenset(quoted), frozenset(HANDLE.findall(source)))


def to_html(parsed: Parsed, references: References) -> SafeString:
    """Return the HTML of a text: paragraphs, quotations, lists, links, strong words, and nothing else."""
    blocks = [_block(lines, references) for lines in _blocks(parsed.source)]
    return mark_safe("\n".join(blocks))


def excerpt(source: str, length: int) -> str:
    """Return the beginning of a text in one line, without what it quotes."""
    own = [line for line in source.split("\n") if line.strip() and not line.startswith(">")]
    line = " ".join(" ".join(own).replace("**", "").split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def quote(source: str, no: int) -> str:
    """Return a post’s own words as a quotation for the composer."""
    own = [line for line in source.split("\n") if not line.startswith(">")]
    lines = "\n".join(own).strip().split("\n")
    return "\n".join([f"> №{no}", *(f"> {line}".rstrip() for line in lines)]) + "\n\n"


def _unquoted(line: str) -> str:
    return line[1:].strip() if line.startswith(">") else ""


def _kind(line: str) -> str:
    if line.startswith(">"):
        return "quote"
    return "list" if re.match(r"[-•–]\s", line) else "text"


def _blocks(source: str) -> list[list[str]]:
    """Part the lines where a line is empty or another kind of block begins."""
    blocks: list[list[str]] = []
    is_open = False
    for line in source.split("\n"):
        if not line.strip():
            is_open = False
        elif is_open and _kind(blocks[-1][-1]) == _kind(line):
            blocks[-1].append(line)
        else:
            blocks.append([line])
            is_open = True
    return blocks


def _block(lines: list[str], references: References) -> str:
    kind = _kind(lines[0])
    if kind == "list":
        return "<ul>" + "".join(f"<li>{_line(line[1:].strip(), references)}</li>" for line in lines) + "</ul>"
    if kind == "text":
        return "<p>" + "<br>".join(_line(line, references) for line in lines) + "</p>"
    inner = [_unquoted(line) for line in lines]
    head = ""
    if match := QUOTED.match(inner[0]):
        head, inner[0] = _source(int(match[1]), references), inner[0][match.end() :]
    paragraphs = "\n".join(inner).strip().split("\n\n")
    body = "".join(
        "<p>" + "<br>".join(_line(line, references) for line in one.split("\n")) + "</p>" for one in paragraphs if one
    )
    return f"<blockquote>{head}{body}</blockquote>"


def _source(no: int, references: References) -> str:
    address = references.posts.get(no)
    label = f"№{no}"
    return format_html('<p><a href="{}">{}</a></p>', address, label) if address else f"<p>{label}</p>"


def _line(line: str, references: References) -> str:
    """Return a line with links, members and strong words; what lies between them is escaped."""
    return _replace(
        line,
        LINK,
        lambda match: format_html('<a href="{0}" rel="nofollow noopener noreferrer">{0}</a>', match[0]),
        lambda rest: _replace(
            rest, HANDLE, lambda match: _member(match[1], references), lambda words: _strong(escape(words))
        ),
    )


def _replace(
    text: str, pattern: re.Pattern[str], found: Callable[[re.Match[str]], str], between: Callable[[str], str]
) -> str:
    parts, end = [], 0
    for match in pattern.finditer(text):
        parts += [between(text[end : match.start()]), found(match)]
        end = match.end()
    return "".join([*parts, between(text[end:])])


def _member(handle: str, references: References) -> str:
    name = references.names.get(handle)
    return format_html('<b class="mention">@{}</b>', name) if name else escape(f"@{handle}")


def _strong(escaped: str) -> str:
    return STRONG.sub(r"<b>\1</b>", escaped)


def plain_word(word: str) -> str:
    """Return a word as it is compared with others: without a difference of capitals, and of ё and е."""
    return word.strip().casefold().replace("ё", "е")


def words_of(text: str) -> set[str]:
    """Return the whole words of a text, as they are compared."""
    return set(WORD.findall(plain_word(text)))
