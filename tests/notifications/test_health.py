"""What operators ask: does the process live, do the engines answer, how long has the oldest work waited."""

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from notifications.models import Event, Message
from notifications.services import health
from tests.factories.accounts import UserFactory
from tests.factories.notifications import never_quiet, tell, told

DEAD_REDIS = "redis://127.0.0.1:1/0"


def answer(response: HttpResponse) -> dict[str, dict[str, object]]:
    parsed: dict[str, dict[str, object]] = json.loads(response.content)
    return parsed


@pytest.fixture
def dead_broker(settings: Settings) -> Iterator[None]:
    """A broker at a port where nobody listens."""
    kept = (current_app.conf.broker_write_url, current_app.conf.broker_transport_options)
    current_app.conf.broker_write_url, current_app.conf.broker_transport_options = DEAD_REDIS, {}
    yield
    current_app.conf.broker_write_url, current_app.conf.broker_transport_options = kept


def test_healthz_asks_no_database(client: Client) -> None:
    response = client.get("/healthz/")

    assert (response.status_code, response.content) == (200, b"ok")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_healthz_makes_no_query(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        client.get("/healthz/")


@pytest.mark.django_db
def test_readyz_when_everything_answers(client: Client) -> None:
    response = client.get("/readyz/")

    body = answer(response)
    assert response.status_code == 200
    assert body["status"] == "ok"
    assert {name: check["status"] for name, check in body["checks"].items()} == {  # type: ignore[index, attr-defined]  # JSON
        "database": "ok",
        "broker": "ok",
        "cache": "ok",
    }
    assert all(isinstance(check["ms"], int) for check in body["checks"].values())  # type: ignore[index]  # JSON
    assert body["oldest_due_seconds"] == {"events": None, "messages": None}
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


@pytest.mark.django_db
def test_readyz_tells_how_long_the_oldest_work_has_waited(client: Client) -> None:
    person = UserFactory()
    never_quiet(person)
    told(person)
    Message.objects.update(due_at=timezone.now() - dt.timedelta(seconds=90))
    tell(person)
    Event.objects.filter(state="new").update(due_at=timezone.now() - dt.timedelta(seconds=40))

    ages = answer(client.get("/readyz/"))["oldest_due_seconds"]

    assert 40 <= ages["events"] < 45  # type: ignore[operator]  # a number
    assert 90 <= ages["messages"] < 95  # type: ignore[operator]  # a number


@pytest.mark.django_db
def test_readyz_when_the_broker_is_down(client: Client, dead_broker: None) -> None:
    began = time.monotonic()

    response = client.get("/readyz/")

    assert response.status_code == 503
    checks = answer(response)["checks"]
    assert checks["broker"]["status"] == "failed"  # type: ignore[index]  # JSON
    assert checks["database"]["status"] == checks["cache"]["status"] == "ok"  # type: ignore[index]  # JSON
    assert "redis" not in response.content.decode().lower()
    assert time.monotonic() - began < 4


if not django_settings.REDIS_URL:  # the broker is a folder: there is one to lose

    @pytest.mark.django_db
    def test_readyz_when_the_folder_of_the_broker_is_gone(client: Client, tmp_path: Path) -> None:
        kept = current_app.conf.broker_transport_options
        current_app.conf.broker_transport_options = {**kept, "data_folder_out": str(tmp_path / "nowhere")}
        try:
            response = client.get("/readyz/")
        finally:
            current_app.conf.broker_transport_options = kept

        assert response.status_code == 503
        assert answer(response)["checks"]["broker"]["status"] == "failed"  # type: ignore[index]  # JSON


@pytest.mark.django_db
def test_readyz_when_the_cache_is_down(client: Client, settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "config.cache.RedisCache", "LOCATION": DEAD_REDIS}}

    response = client.get("/readyz/")

    assert response.status_code == 503
    assert answer(response)["checks"]["cache"]["status"] == "failed"  # type: ignore[index]  # JSON


@pytest.mark.django_db
def test_readyz_waits_two_seconds_for_an_engine_that_hangs(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network's edge: an engine that takes a connection and never answers."""
    release = threading.Event()
    monkeypatch.setitem(health.CHECKS, "broker", lambda: release.wait(20))
    began = time.monotonic()

    try:
        response = client.get("/readyz/")
        took = time.monotonic() - began
        again = client.get("/readyz/")
        hanging = [thread for thread in threading.enumerate() if thread.name.endswith("(_run)")]
    finally:
        release.set()

    assert response.status_code == again.status_code == 503
    assert took < 3
    assert len(hanging) <= 2  # the one that hangs, and one that gives up at this moment
    assert answer(response)["checks"]["database"]["status"] == "ok"  # type: ignore[index]  # JSON


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz/", "/readyz/"])
def test_health_is_neither_redirected_nor_under_maintenance(path: str, client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.MAINTENANCE = True

    assert client.get(path).status_code == 200
    assert client.get("/account/login/").status_code == 301


@pytest.mark.parametrize("path", ["/healthz/", "/readyz/"])
def test_health_is_only_read(path: str, client: Client) -> None:
    assert client.post(path).status_code == 405
