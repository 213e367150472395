"""House rules that hold for every template of ours."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

ROOT = Path(__file__).parents[2]
APPS = sorted({path.parent for path in [*ROOT.glob("*/templates"), *ROOT.glob("platform/*/templates")]})
TEMPLATES = sorted(path for app in APPS for path in (app / "templates").rglob("*.html"))
# Letters stand under no policy, and mail programs know no other styles than those in attributes.
LETTERS = [path for path in TEMPLATES if path.parent.name == "mail"]
PAGES = [path for path in TEMPLATES if path not in LETTERS]
SPRITE = (ROOT / "platform/ui/static/ui/icons.svg").read_text()
ICONS = set(re.findall(r'<symbol id="i-([a-z0-9-]+)"', SPRITE))

# A script that only carries data is not run, whatever the policy says.
DATA_SCRIPT = re.compile(r'<script[^>]*type="application/(ld\+)?json"')
COMMENTS = re.compile(r"{#.*?#}|{% comment %}.*?{% endcomment %}", re.DOTALL)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", LETTERS, ids=name)
def test_letter_runs_and_loads_nothing(path: Path) -> None:
    source = COMMENTS.sub("", path.read_text())

    assert not re.search(r"<(script|link|img|iframe|object|form)\b", source)
    assert not re.search(r"url\(|\ssrc\s*=|\son[a-z]+\s*=|javascript:", source)


def test_templates_are_found() -> None:
    assert ROOT / "platform/ui/templates/base.html" in TEMPLATES


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_template_has_no_inline_script_or_style(path: Path) -> None:
    source = COMMENTS.sub("", path.read_text())

    assert not re.search(r"\sstyle\s*=", source)
    assert "<style" not in source
    assert "javascript:" not in source
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", source)
    for script in re.findall(r"<script[^>]*>", source):
        assert " src=" in script or DATA_SCRIPT.match(script)


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_template_compiles(path: Path) -> None:
    relative = path.relative_to(next(app / "templates" for app in APPS if path.is_relative_to(app)))

    assert get_template(str(relative))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_template_names_only_icons_that_exist(path: Path) -> None:
    source = path.read_text()

    named = re.findall(r'{% icon "([^"]+)"|icon_name="([^"]+)"|#i-([a-z0-9-]+)"', source)

    assert {icon for found in named for icon in found if icon} <= ICONS


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_htmx_element_works_without_it(path: Path) -> None:
    for element in re.findall(r"<[a-z][^>]*\shx-(?:get|post)=[^>]*>", path.read_text()):
        assert " href=" in element or (" action=" in element and " method=" in element)
