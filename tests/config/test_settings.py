import re
from pathlib import Path

import pytest

from tests.config.environment import ROOT, read_settings, run_python

SETTINGS = ROOT / "platform" / "config" / "settings"
OVERLAYS = ["development", "production", "test"]
PRODUCTION = {
    "SECRET_KEY": "a-key-of-the-test-that-is-long-enough-to-please-the-checks-0123456789",
    "ALLOWED_HOSTS": "league.example.org",
    "BASE_URL": "https://league.example.org",
}


def variables_read(path: Path) -> set[str]:
    return set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", path.read_text()))


# Engines


def test_base_without_variables_uses_embedded_engines() -> None:
    settings = read_settings("DATABASES", "CACHES", "CELERY_BROKER_URL", "CELERY_BROKER_TRANSPORT_OPTIONS")

    database = settings["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert database["NAME"] == str(ROOT / "var" / "platform.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert database["OPTIONS"]["timeout"] == 20
    assert settings["CACHES"]["default"]["BACKEND"].endswith("FileBasedCache")
    assert settings["CELERY_BROKER_URL"].startswith("filesystem://")
    options = settings["CELERY_BROKER_TRANSPORT_OPTIONS"]
    assert options["data_folder_in"] == options["data_folder_out"] == str(ROOT / "var" / "queue" / "messages")


def test_base_without_variables_keeps_files_under_var() -> None:
    settings = read_settings("MEDIA_ROOT", "PRIVATE_ROOT", "STATIC_ROOT", "CELERY_BEAT_SCHEDULE_FILENAME")

    assert {str(Path(path).parent) for path in settings.values()} == {str(ROOT / "var")}


def test_base_with_var_root_keeps_everything_there(tmp_path: Path) -> None:
    settings = read_settings("DATABASES", "MEDIA_ROOT", "PRIVATE_ROOT", "STATIC_ROOT", VAR_ROOT=str(tmp_path))

    assert settings["DATABASES"]["default"]["NAME"] == str(tmp_path / "platform.sqlite3")
    assert settings["MEDIA_ROOT"] == str(tmp_path / "media")
    assert (tmp_path / "queue" / "messages").is_dir()


def test_base_with_database_url_uses_postgresql() -> None:
    settings = read_settings("DATABASES", DATABASE_URL="postgres://league:secret@db.example.org:5433/league")

    database = settings["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example.org", 5433, "league")
    assert (database["USER"], database["PASSWORD"]) == ("league", "secret")
    assert "transaction_mode" not in database.get("OPTIONS", {})


def test_base_with_redis_url_uses_redis_for_cache_and_broker() -> None:
    url = "redis://redis.example.org:6379/3"

    settings = read_settings("CACHES", "CELERY_BROKER_URL", "SESSION_ENGINE", REDIS_URL=url)

    assert settings["CACHES"]["default"] == {
        "BACKEND": "config.cache.RedisCache",
        "LOCATION": url,
    }
    assert settings["CELERY_BROKER_URL"] == url
    assert settings["SESSION_ENGINE"] == "django.contrib.sessions.backends.cached_db"


def test_base_private_files_have_no_address() -> None:
    storages = read_settings("STORAGES")["STORAGES"]

    assert storages["private"]["OPTIONS"]["base_url"] is None


# Production


def test_base_is_safe_without_overlay() -> None:
    settings = read_settings(
        "DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "SECURE_SSL_REDIRECT", "REQUIRE_STAFF_MFA", "MAILBOX_ENABLED"
    )

    assert settings == {
        "DEBUG": False,
        "SECRET_KEY": "",
        "ALLOWED_HOSTS": [],
        "SECURE_SSL_REDIRECT": True,
        "REQUIRE_STAFF_MFA": True,
        "MAILBOX_ENABLED": False,
    }


@pytest.mark.parametrize("name", sorted(PRODUCTION))
def test_production_fails_by_name(name: str) -> None:
    variables = {key: value for key, value in PRODUCTION.items() if key != name}

    result = run_python("import config.settings.production", **variables)

    assert result.returncode != 0
    assert f"Set the {name} environment variable" in result.stderr


def test_production_takes_what_the_environment_names() -> None:
    settings = read_settings(
        "SECRET_KEY", "ALLOWED_HOSTS", "WAGTAILADMIN_BASE_URL", "DEBUG", module="production", **PRODUCTION
    )

    assert settings == {
        "SECRET_KEY": PRODUCTION["SECRET_KEY"],
        "ALLOWED_HOSTS": ["league.example.org"],
        "WAGTAILADMIN_BASE_URL": "https://league.example.org",
        "DEBUG": False,
    }


def test_production_passes_the_deployment_checks() -> None:
    code = (
        "import sys; from django.core.management import execute_from_command_line\n"
        "execute_from_command_line(['manage.py', 'check', '--deploy', '--fail-level', 'WARNING'])"
    )

    result = run_python(code, DJANGO_SETTINGS_MODULE="config.settings.production", **PRODUCTION)

    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout


@pytest.mark.parametrize("name", ["mailbox", "ui"])
def test_production_has_no_routes_of_development(name: str) -> None:
    code = (
        "import django; django.setup()\n"
        "from django.urls import get_resolver\n"
        "print([str(entry.pattern) for entry in get_resolver().url_patterns])"
    )

    result = run_python(code, DJANGO_SETTINGS_MODULE="config.settings.production", **PRODUCTION)

    assert result.returncode == 0, result.stderr
    assert f"'{name}/'" not in result.stdout


# The files themselves


@pytest.mark.parametrize("name", OVERLAYS)
def test_overlay_is_short(name: str) -> None:
    lines = (SETTINGS / f"{name}.py").read_text().splitlines()

    assert len(lines) <= 30


def test_there_are_no_other_overlays() -> None:
    modules = {path.stem for path in SETTINGS.glob("*.py")}

    assert modules == {"__init__", "base", *OVERLAYS}


def test_environment_is_read_through_env_only() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for path in SETTINGS.glob("*.py")
        if re.search(r"os\.environ|os\.getenv", path.read_text())
    ]

    assert readers == []


def test_every_variable_is_documented() -> None:
    read = set().union(*(variables_read(path) for path in SETTINGS.glob("*.py")))
    example = (ROOT / ".env.example").read_text()

    documented = set(re.findall(r"^#? ?([A-Z_]+)=", example, re.MULTILINE))

    assert read - documented == set()
    assert documented - read == set()


def test_every_documented_variable_has_its_line_of_explanation() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()

    bare = [
        line
        for previous, line in zip(["", *lines], lines, strict=False)
        if re.match(r"#? ?[A-Z_]+=", line) and not previous.startswith("# ")
    ]

    assert bare == []


def test_example_of_the_environment_can_be_loaded() -> None:
    code = (
        "import json; from config.settings import production as s\n"
        "print(json.dumps([s.DATABASES['default']['ENGINE'], s.ALLOWED_HOSTS, s.DEBUG]))"
    )
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = [line.removeprefix("# ").partition("=") for line in lines if re.match(r"#? ?[A-Z_]+=", line)]

    result = run_python(code, **{name: value for name, _sign, value in pairs})

    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == '["django.db.backends.postgresql", ["league.example.org"], false]'
