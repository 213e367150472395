"""Why did I get this, or not get it?"""

import datetime as dt

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from notifications import services
from notifications.choices import Verdict
from notifications.models import Delivery, Event, Item, Message, Preference, Reader
from tests.factories.accounts import UserFactory
from tests.factories.notifications import never_quiet, pump, tell, told
from tests.notifications.kinds import DIGESTED, TEST_KIND
from tests.notifications.pages import many_items, see, words

pytestmark = pytest.mark.django_db

PATH = "/en/notifications/deliveries/"


def rows(page: BeautifulSoup) -> list[tuple[str, str]]:
    """List sentence and verdict of each row."""
    return [(words(row.p), words(row.select_one(".tag"))) for row in page.select("main .rows .row")]


def only(page: BeautifulSoup) -> str:
    (row,) = page.select("main .rows .row")
    return words(row)


def test_deliveries_asks_visitors_to_sign_in(client: Client) -> None:
    assert client.get(PATH)["Location"] == f"/en/account/login/?next={PATH}"


def test_deliveries_without_anything_says_so(browser: Client) -> None:
    assert "Nothing was sent to you yet" in words(see(browser, PATH).select_one(".empty"))


def test_deliveries_shows_what_was_sent_and_when(browser: Client, reader: User) -> None:
    never_quiet(reader)
    tell(reader, subject=UserFactory(name_native="Topic"))
    pump()
    Message.objects.update(sent_at=dt.datetime(2026, 11, 24, 7, 5, tzinfo=dt.UTC))

    line = only(see(browser, PATH))

    assert "News about Topic (1)" in line
    assert "E-mail" in line
    assert "sent on 24 November 2026 at 12:05" in line


def test_deliveries_shows_until_when_a_letter_waits(browser: Client, reader: User) -> None:
    told(reader)
    Message.objects.update(due_at=dt.datetime(2026, 11, 25, 3, tzinfo=dt.UTC))

    assert "waiting to be sent collecting, not before 25 November 2026, 08:00" in only(see(browser, PATH))


def test_deliveries_shows_when_the_digest_comes(browser: Client, reader: User) -> None:
    told(reader, kind=DIGESTED)
    Reader.objects.update(digest_due_at=dt.datetime(2026, 11, 27, 3, tzinfo=dt.UTC))

    line = only(see(browser, PATH))

    assert "waiting for your next digest" in line
    assert "digest on 27 November 2026 at 08:00" in line


def test_deliveries_gives_reasons(browser: Client, reader: User) -> None:
    never_quiet(reader)
    topic = UserFactory(name_native="Topic")
    tell(reader, subject=topic)
    services.sweep()
    services.mark_all_read(reader, up_to=timezone.now(), at=timezone.now())
    pump()
    Preference.objects.create(user=reader, kind=TEST_KIND.name, channel="mail", mode="off")
    told(reader, subjects=[topic])
    services.mute(reader, f"{TEST_KIND.name}:{topic.pk}", at=timezone.now())
    told(reader, subjects=[topic])

    verdicts = [verdict for _line, verdict in rows(see(browser, PATH))]

    assert verdicts == [
        "not sent: you turned this off",  # by mail, the last time
        "not sent: you muted this",  # on the site, the last time
        "not sent: you turned this off",
        "not sent: you had already read it on the site",
    ]


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict != Verdict.WAITING])
def test_deliveries_has_words_for_every_verdict(browser: Client, reader: User, verdict: Verdict) -> None:
    told(reader)
    Delivery.objects.update(verdict=verdict, decided_at=timezone.now())

    line = only(see(browser, PATH))

    with translation.override("en"):
        assert str(verdict.label) in line


def test_deliveries_says_nothing_of_what_may_no_longer_be_seen(browser: Client, reader: User) -> None:
    topic = UserFactory(name_native="Canary")
    tell(reader, subject=topic, actor=UserFactory(name_native="Canary Actor"))
    services.sweep()
    topic.name_native = "Hidden canary"
    topic.save()

    page = see(browser, PATH)

    assert [line for line, _verdict in rows(page)] == ["Something that you can no longer see"]
    assert "canary" not in str(page).lower()


def test_deliveries_survives_a_kind_that_is_gone(browser: Client, reader: User) -> None:
    told(reader)
    Event.objects.update(kind="gone.kind")

    assert [line for line, _verdict in rows(see(browser, PATH))] == ["Something that you can no longer see"]


def test_deliveries_shows_only_ones_own(browser: Client, reader: User) -> None:
    told(UserFactory(name_native="Theirs"))

    page = see(browser, PATH)

    assert rows(page) == []
    assert "Theirs" not in str(page)


def test_deliveries_names_what_is_off_by_default(browser: Client, reader: User) -> None:
    def silent() -> list[str]:
        return [words(line) for line in see(browser, PATH).select("main .fold li")]

    assert f"Label of {TEST_KIND.name}: Browser push" in silent()

    Preference.objects.create(user=reader, kind=TEST_KIND.name, channel="push", mode="instant")
    assert f"Label of {TEST_KIND.name}: Browser push" not in silent()


def test_deliveries_pages_lead_through_everything_once(browser: Client, reader: User) -> None:
    many_deliveries(reader, 65)

    seen, path = [], PATH
    while path:
        page = see(browser, path)
        seen.append([line for line, _verdict in rows(page)])
        link = page.select_one("nav.pager [rel=next]")
        path = f"{PATH}{link['href']}" if link else ""

    assert [len(lines) for lines in seen] == [30, 30, 5]
    assert len({line for lines in seen for line in lines}) == 65
    assert len(rows(see(browser, f"{PATH}?after=nonsense"))) == 30


def many_deliveries(person: User, count: int) -> None:
    """Add deliveries of one moment, each with a message that was sent."""
    now = timezone.now()
    events = [item.event for item in many_items(person, count)]
    messages = Message.objects.bulk_create(
        [
            Message(
                user=person,
                channel="mail",
                kind=event.kind,
                bucket=event.collapse_key,
                urgency=event.urgency,
                state="sent",
                sent_at=now,
                created_at=now,
                due_at=now,
                expires_at=now,
            )
            for event in events
        ]
    )
    Delivery.objects.bulk_create(
        [
            Delivery(user=person, channel="mail", event=event, message=message, verdict=Verdict.SENT, created_at=now)
            for event, message in zip(events, messages, strict=True)
        ]
    )
    Item.objects.filter(user=person).delete()
