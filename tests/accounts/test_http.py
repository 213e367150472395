from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone, translation
from django.utils.formats import date_format
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.http import TimeZoneMiddleware
from accounts.models import User
from tests.factories.accounts import UserFactory

MOMENT = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)


class UntouchableSession(SessionBase):
    """A session that fails the test when it is read."""

    def __getitem__(self, key: str) -> None:
        raise AssertionError(f"The session was read for {key}.")


def local_hour(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{timezone.localtime(MOMENT):%H:%M}")


@pytest.mark.parametrize(
    ("zone", "hour"), [("Asia/Almaty", "01:30"), ("Europe/London", "20:30"), ("Mars/Olympus", "01:30")]
)
def test_time_zone_of_the_person_is_active_during_the_request_only(
    rf: RequestFactory, settings: Settings, zone: str, hour: str
) -> None:
    request = rf.get("/")
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "any"
    request.user = User(email="a@example.org", time_zone=zone)

    response = TimeZoneMiddleware(local_hour)(request)

    assert response.content.decode() == hour
    assert timezone.get_current_timezone_name() == "Asia/Almaty"


def test_time_zone_leaves_visitors_without_a_session_alone(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.session = UntouchableSession()

    response = TimeZoneMiddleware(local_hour)(request)

    assert response.content.decode() == "01:30"


@pytest.mark.django_db
def test_visitors_cost_no_query(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    client.get("/account/login/")

    with django_assert_num_queries(0):
        client.get("/account/login/")


@pytest.mark.django_db
def test_page_shows_moments_in_the_persons_zone(client: Client) -> None:
    user = UserFactory(is_verified=True, time_zone="Pacific/Kiritimati")
    client.force_login(user)

    response = client.get("/account/sessions/")

    signed_in_at = response.context["sessions"][0].created_at.astimezone(ZoneInfo(user.time_zone))
    with translation.override("ru"):
        assert date_format(signed_in_at, "DATETIME_FORMAT") in response.content.decode()
