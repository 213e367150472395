import gzip
import re
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command

from ui.management.commands import build_css
from ui.storage import StaticStorage

STATIC = build_css.FOLDER.parents[1]


def test_site_css_is_not_stale() -> None:
    assert (build_css.FOLDER / "site.css").read_text() == build_css.stylesheet()


def test_every_part_is_in_the_order() -> None:
    parts = [path.stem for path in (build_css.FOLDER / "parts").glob("*.css")]

    assert sorted(parts) == sorted(build_css.PARTS)


def test_build_css_writes_the_stylesheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "parts").mkdir()
    for number, part in enumerate(build_css.PARTS):
        (tmp_path / "parts" / f"{part}.css").write_text(f".c{number} {{}}\n")
    monkeypatch.setattr(build_css, "FOLDER", tmp_path)

    call_command("build_css", verbosity=0)

    assert (tmp_path / "site.css").read_text().endswith(f".c{len(build_css.PARTS) - 1} {{}}\n")


def test_stylesheet_and_script_stay_within_their_budget() -> None:
    assert len(gzip.compress((build_css.FOLDER / "site.css").read_bytes())) < 10_000
    assert (STATIC / "ui/js/site.js").stat().st_size < 2_000


def test_stylesheet_asks_no_other_host() -> None:
    addresses = re.findall(r"url\([\"']?([^)\"']+)", build_css.stylesheet())

    assert all(address.startswith(("../fonts/", "data:")) for address in addresses)


def test_files_get_hashed_names_that_find_each_other(tmp_path: Path) -> None:
    source = FileSystemStorage(STATIC)
    paths = {str(path.relative_to(STATIC)): source for path in STATIC.rglob("*") if path.is_file()}
    storage = StaticStorage(location=tmp_path)
    for name in paths:
        with source.open(name) as file:
            storage.save(name, file)

    processed = list(storage.post_process({name: (source, name) for name in paths}))

    assert not [outcome for _, _, outcome in processed if isinstance(outcome, Exception)]
    css = (tmp_path / storage.stored_name("ui/css/site.css")).read_text()
    assert re.search(r"league-serif-600\.[0-9a-f]{12}\.woff2", css)
