"""Each template, model and address is exercised at least once, whoever wrote it."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.template.loader import get_template
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from django.utils import translation

from pages.models import HomePage

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = {"photosize": "small", "int": 1, "str": "abc", "slug": "abc", "uuid": uuid.UUID(int=1), "path": "abc"}
# Arguments of addresses that are written as regular expressions.
REGEX_SAMPLES: dict[str, dict[str, object]] = {
    "account_confirm_email": {"key": "abc"},
    "account_reset_password_from_key": {"uidb36": "1", "key": "abc"},
    "mfa_edit_webauthn": {"pk": 1},
    "mfa_remove_webauthn": {"pk": 1},
}
FOREIGN = {"wagtailadmin", "wagtaildocs"}
# Routes of pages, tested with pages, and Wagtail's own sign-in page, whose place our door takes.
NOT_SWEPT = {"pages:serve", "wagtailcore_login"}


def our_templates() -> list[str]:
    names = []
    for config in apps.get_app_configs():
        folder = Path(config.path) / "templates"
        if ROOT in folder.parents and ".venv" not in folder.parts and folder.exists():
            names += [
                str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix in {".html", ".txt", ".xml"}
            ]
    return sorted(names)


def our_addresses() -> list[tuple[str, URLPattern]]:
    """List our named addresses with their namespaces; Wagtail's own hundreds are Wagtail's to test."""

    def walk(resolver: URLResolver, namespaces: tuple[str, ...]) -> Iterator[tuple[str, URLPattern]]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
                is_foreign = str(entry.urlconf_module).find("wagtail/admin") > 0 or entry.app_name in FOREIGN
                if not is_foreign:
                    yield from walk(entry, inner)
            elif entry.name and not str(entry.callback.__module__).startswith("wagtail."):
                yield ":".join((*namespaces, entry.name)), entry

    found = (pair for pair in walk(get_resolver(), ()) if pair[0] not in NOT_SWEPT)
    return sorted(found, key=lambda pair: pair[0])


def arguments(name: str, pattern: URLPattern) -> dict[str, object]:
    if name in REGEX_SAMPLES:
        return REGEX_SAMPLES[name]
    kinds = {
        key: next(kind for kind in SAMPLES if kind in type(converter).__name__.lower())
        for key, converter in getattr(pattern.pattern, "converters", {}).items()
    }
    return {key: SAMPLES[kind] for key, kind in kinds.items()}


ADDRESSES = our_addresses()


@pytest.mark.parametrize("name", our_templates())
def test_template_compiles(name: str) -> None:
    assert get_template(name).template


def test_templates_are_found() -> None:
    assert {"base.html", "pages/home_page.html", "dashboard/home.html"} <= set(our_templates())


@pytest.mark.django_db
def test_every_model_has_its_migrations(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("makemigrations", "--check", "--dry-run")

    assert capsys.readouterr().out.strip() == "No changes detected"


def test_checks_find_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check", "--fail-level", "WARNING")

    assert "no issues" in capsys.readouterr().out


def test_addresses_are_found() -> None:
    names = {name for name, _pattern in ADDRESSES}

    assert {"dashboard:home", "courses:certificate_verify", "pages:news_feed", "account_login"} <= names


@pytest.mark.parametrize(("name", "pattern"), ADDRESSES, ids=[name for name, _pattern in ADDRESSES])
@pytest.mark.parametrize("language", ["ru", "en"])
def test_address_leads_back_to_its_view(name: str, pattern: URLPattern, language: str) -> None:
    with translation.override(language):
        url = reverse(name, kwargs=arguments(name, pattern))
        match = resolve(url)

    assert match.func is pattern.callback


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "pattern"), ADDRESSES, ids=[name for name, _pattern in ADDRESSES])
@pytest.mark.parametrize("language", ["ru", "en"])
def test_address_answers_visitors(
    name: str, pattern: URLPattern, language: str, client: Client, home_pages: dict[str, HomePage]
) -> None:
    """Whoever asks for anything gets an answer, never a failure."""
    with translation.override(language):
        url = reverse(name, kwargs=arguments(name, pattern))

    response = client.get(url)

    assert response.status_code in {200, 302, 404, 405}
