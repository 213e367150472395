"""Text files with their lines: every mistake in the content is told with its file and line."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


class ContentError(Exception):
    """Raised for a content file that cannot be loaded: says which, where and why."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}, line {line}: {problem}")


@dataclass
class Text:
    """A piece of a file with the number of its first line."""

    path: Path
    line: int
    text: str

    def error(self, problem: str, offset: int = 0) -> ContentError:
        return ContentError(self.path, self.line + offset, problem)


class Entry(dict[Any, Any]):
    """A YAML mapping that knows where it stands: asking for a key that is not there names file and line."""

    def __init__(self, where: Text) -> None:
        super().__init__()
        self.where = where

    def __missing__(self, key: str) -> Any:
        raise self.where.error(f"“{key}” is missing.")


class _Lines:
    """Makes entries of mappings, and tells the line of a date that does not exist."""

    source: Text

    def construct_entry(self, node: yaml.MappingNode) -> Generator[dict[Any, Any], None, None]:
        entry = Entry(Text(self.source.path, self.source.line + node.start_mark.line, ""))
        yield entry
        entry.update(self.construct_mapping(node))  # type: ignore[attr-defined]  # a loader's

    def construct_date(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)  # type: ignore[attr-defined]  # a loader's
        except ValueError as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from error


class _Loader(_Lines, yaml.SafeLoader):
    """Slow, with the exact line of every mistake."""


class _FastLoader(_Lines, yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]  # one of two
    """In C where PyYAML was built with it: several times as fast, but it tells some mistakes a line too late."""


for _kind in (_Loader, _FastLoader):
    _constructors: dict[str, Any] = {"map": _kind.construct_entry, "timestamp": _kind.construct_date}
    for _tag, _constructor in _constructors.items():
        _kind.add_constructor(f"tag:yaml.org,2002:{_tag}", _constructor)


# What the database holds of the texts that stand in front matter, in characters.
LENGTHS = {"title": 255, "summary": 300}


@dataclass
class Document:
    """A file of front matter and body."""

    meta: dict[str, Any]
    body: Text


def read_yaml(path: Path) -> Any:
    """Read a YAML file. Raises ContentError."""
    return parse_yaml(Text(path, 1, _read(path)))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ContentError(path, 1, "the file is missing.") from error
    except UnicodeDecodeError as error:
        raise ContentError(path, 1, f"the file is not UTF-8 (byte {error.start}).") from error


def parse_yaml(text: Text) -> Any:
    """Read a piece of YAML. Raises ContentError."""
    try:
        return _parse(text, _FastLoader)
    except yaml.YAMLError:
        pass  # read again, for the line
    try:
        return _parse(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "this is not YAML"
        raise text.error(f"{problem}.", mark.line if mark else 0) from error


def _parse(text: Text, kind: type[_Loader] | type[_FastLoader]) -> Any:
    loader = kind(text.text)
    loader.source = text
    return loader.get_single_data()


def read_document(path: Path, *required: str) -> Document:
    """Read front matter and body. Raises ContentError, also when a required key is missing."""
    lines = _read(path).split("\n")
    if lines[0].strip() != "---":
        raise ContentError(path, 1, "the file must begin with front matter between two lines “---”.")
    try:
        end = lines.index("---", 1)
    except ValueError:
        raise ContentError(path, 1, "the front matter is not closed by a line “---”.") from None
    meta = parse_yaml(Text(path, 2, "\n".join(lines[1:end])))
    if not isinstance(meta, dict):
        raise ContentError(path, 2, "the front matter must be “key: value” lines.")
    for key in required:
        if not meta.get(key):
            raise ContentError(path, 2, f"“{key}” is missing in the front matter.")
    for key, most in LENGTHS.items():
        if len(str(meta.get(key, ""))) > most:
            raise ContentError(path, 2, f"“{key}” is longer than {most} characters.")
    return Document(meta, Text(path, end + 2, "\n".join(lines[end + 1 :])))


def whole_number(where: Text, values: dict[str, Any], key: str, *, least: int, most: int = 100_000) -> int:
    """Return a number of the options or the front matter. Raises ContentError unless it is in range."""
    value = values[key]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise where.error(f"“{key}” must be a whole number from {least} to {most}.")
    return value


def choice(entry: Entry, key: str, known: Iterable[Any]) -> str:
    """Return a value that is one of the known ones. Raises ContentError."""
    names = [str(getattr(one, "value", one)) for one in known]
    value = str(entry[key])
    if value not in names:
        raise entry.where.error(f"“{key}” is “{value}”; there are: {', '.join(names)}.")
    return value


def check_keys(entry: Entry, *known: str) -> None:
    """Raise ContentError for a key that nothing reads: it is misspelt, or somebody expects what does not exist."""
    for key in entry:
        if key not in known:
            raise entry.where.error(f"“{key}” is unknown here; there are: {', '.join(known)}.")


def codes(entry: Entry, key: str, known: Iterable[str]) -> list[str]:
    """Return a list of known codes. Raises ContentError."""
    values, names = entry[key], list(known)
    if not isinstance(values, list):
        raise entry.where.error(f"“{key}” must be a list.")
    for value in values:
        if value not in names:
            raise entry.where.error(f"“{value}” is unknown under “{key}”; there are: {', '.join(names)}.")
    return values
