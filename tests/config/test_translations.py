"""The Russian catalogue says everything, says it with the same placeholders, and is the one that is compiled."""

import ast
import gettext
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = Path("locale/ru/LC_MESSAGES/django.po")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|%[sd]|\{\w*\}|</?\w+")
FIELD = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) (".*")')
NOT_COPIED = shutil.ignore_patterns(".*", "var", "tests", "docs", "*.pyc", "media")


@dataclass
class Entry:
    """One text of a catalogue."""

    fields: dict[str, str] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str | None, str, str | None]:
        return self.fields.get("msgctxt"), self.fields["msgid"], self.fields.get("msgid_plural")

    @property
    def translations(self) -> list[str]:
        return [text for name, text in self.fields.items() if name.startswith("msgstr")]

    @property
    def compiled(self) -> dict[str | tuple[str, int], str]:
        context, msgid, plural = self.key
        name = msgid if context is None else f"{context}\x04{msgid}"
        if plural is None:
            return {name: self.fields["msgstr"]}
        return {(name, form): text for form, text in enumerate(self.translations)}


def read_catalogue(path: Path) -> list[Entry]:
    """Read a .po file, its header first."""
    entries = []
    for block in path.read_text("utf-8").split("\n\n"):
        entry, name = Entry(), ""
        for line in block.splitlines():
            if line.startswith("#,"):
                entry.flags = line.removeprefix("#,").replace(" ", "").split(",")
            elif found := FIELD.fullmatch(line):
                name = found[1]
                entry.fields[name] = ast.literal_eval(found[2])
            elif line.startswith('"'):
                entry.fields[name] += ast.literal_eval(line)
        if entry.fields:
            entries.append(entry)
    return entries


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return read_catalogue(ROOT / CATALOGUE)


@pytest.fixture(scope="module")
def texts(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.fields["msgid"]]


def placeholders(text: str) -> list[str]:
    return sorted(set(PLACEHOLDER.findall(text)))


def test_every_text_is_translated(texts: list[Entry]) -> None:
    missing = [entry.key for entry in texts if not all(text.strip() for text in entry.translations)]

    assert len(texts) > 500
    assert missing == []


def test_no_translation_is_a_guess_or_a_leftover(texts: list[Entry]) -> None:
    assert [entry.key for entry in texts if "fuzzy" in entry.flags] == []
    assert "\n#~" not in (ROOT / CATALOGUE).read_text("utf-8")


def test_every_plural_form_is_given(entries: list[Entry], texts: list[Entry]) -> None:
    forms = re.search(r"nplurals=(\d)", entries[0].fields["msgstr"])
    assert forms

    counts = {entry.key: len(entry.translations) for entry in texts if entry.fields.get("msgid_plural")}

    assert counts
    assert {key: count for key, count in counts.items() if count != int(forms[1])} == {}


def test_translations_keep_placeholders_and_tags(texts: list[Entry]) -> None:
    different = [
        (entry.key, translation)
        for entry in texts
        for translation in entry.translations
        if placeholders(translation) != placeholders(entry.fields.get("msgid_plural", entry.fields["msgid"]))
    ]

    assert different == []


def test_compiled_catalogue_is_the_one_in_the_source(entries: list[Entry]) -> None:
    source = {name: text for entry in entries for name, text in entry.compiled.items()}

    with (ROOT / CATALOGUE).with_suffix(".mo").open("rb") as file:
        compiled = dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]  # it has no public door

    # Newer versions of msgfmt leave the day of collecting out of what they compile.
    source[""] = re.sub(r"POT-Creation-Date: .*\n", "", source[""])
    compiled[""] = re.sub(r"POT-Creation-Date: .*\n", "", compiled[""])
    assert compiled == source


def test_catalogue_holds_the_texts_of_the_code_and_no_others(entries: list[Entry], tmp_path: Path) -> None:
    """Collect the texts anew, in a copy of the project, by the very command of `make messages`."""
    if not (shutil.which("xgettext") and shutil.which("msgmerge")):
        if os.environ.get("CI"):
            pytest.fail("GNU gettext is missing: install it, or the catalogue may drift unnoticed.")
        pytest.skip("GNU gettext is not installed.")
    copy = tmp_path / "project"
    shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
    (copy / CATALOGUE).unlink()
    command = re.search(r"manage\.py (makemessages .+)", (ROOT / "Makefile").read_text("utf-8"))
    assert command
    environment = os.environ | {"PYTHONPATH": str(copy / "platform"), "DJANGO_SETTINGS_MODULE": "config.settings.test"}

    subprocess.run(
        [sys.executable, "manage.py", *shlex.split(command[1])], cwd=copy, env=environment, check=True, timeout=120
    )

    assert {entry.key for entry in read_catalogue(copy / CATALOGUE)} == {entry.key for entry in entries}
