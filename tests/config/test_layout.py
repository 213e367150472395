"""The guard of the tree: `platform/` is an import root beside the standard library's module of that name."""

import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLATFORM = ROOT / "platform"
NOT_APPS = {"tests", "docker", "docs", "locale", "requirements", "var"}


def first_party() -> list[str]:
    """List our packages: every folder with an `__init__.py` in the two import roots."""
    folders = [*ROOT.iterdir(), *PLATFORM.iterdir()]
    return sorted(
        folder.name for folder in folders if (folder / "__init__.py").exists() and folder.name not in NOT_APPS
    )


def test_platform_of_the_standard_library_is_itself() -> None:
    import platform  # noqa: PLC0415 -- the import is what is tested

    assert platform.python_version() == ".".join(map(str, sys.version_info[:3]))
    assert platform.__file__ is not None
    assert ROOT not in Path(platform.__file__).parents


def test_platform_folder_is_no_package() -> None:
    files = sorted(path.name for path in PLATFORM.iterdir() if path.is_file())

    assert [name for name in files if name.endswith(".py")] == []


def test_platform_folder_holds_no_tests() -> None:
    strays = [
        path.relative_to(ROOT)
        for pattern in ("test_*.py", "*_test.py", "conftest.py")
        for path in PLATFORM.rglob(pattern)
    ]

    assert strays == []


def test_first_party_packages_are_the_apps_of_the_issue() -> None:
    packages = first_party()

    assert {"accounts", "config", "courses", "members", "pages", "ui"} <= set(packages)


@pytest.mark.parametrize("name", first_party())
def test_first_party_package_comes_from_this_checkout(name: str) -> None:
    module = importlib.import_module(name)

    assert module.__file__ is not None
    assert Path(module.__file__).parent in {ROOT / name, PLATFORM / name}
    assert name not in sys.stdlib_module_names


def test_two_apps_never_share_a_name() -> None:
    packages = first_party()

    assert len(packages) == len(set(packages))


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}

    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
