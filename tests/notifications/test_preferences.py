"""The page of settings: what is told where, the digest, quiet hours, what letters may say, what is muted."""

import datetime as dt

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications import services
from notifications.choices import Channel, Mode, Verdict
from notifications.forms import Week
from notifications.models import Delivery, Item, MailAddress, Mute, Preference, Reader
from notifications.registry import all_kinds
from tests.factories.accounts import UserFactory
from tests.factories.notifications import told
from tests.notifications.kinds import DIGESTED, LOCKED, PUSHED, SITE_ONLY, TEST_KIND
from tests.notifications.pages import messages_of, see, tell_about, words

pytestmark = pytest.mark.django_db

PATH = "/en/notifications/settings/"
NIGHT = [22 * 60, 8 * 60]
TUESDAY = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


def fields(page: BeautifulSoup) -> dict[str, list[str]]:
    """Return what the browser sends if the form is saved as it is."""
    sent: dict[str, list[str]] = {}
    form = page.select_one(f'form[action="{PATH}"]:has(.matrix)')
    for control in form.select("input, select"):
        name, kind = control.get("name"), control.get("type")
        if not name or (kind in {"checkbox", "radio"} and not control.has_attr("checked")):
            continue
        if control.name == "select":
            option = control.select_one("option[selected]") or control.select_one("option")
            value = option["value"]
        else:
            value = control.get("value", "on" if kind == "checkbox" else "")
        sent.setdefault(name, []).append(value)
    return sent


def save(browser: Client, *, without: tuple[str, ...] = (), **changes: str) -> HttpResponse:
    """Change some fields of the page and save it."""
    data = {name: value for name, value in fields(see(browser, PATH)).items() if name not in without}
    return browser.post(PATH, data | changes)


def field_name(kind: str, channel: str) -> str:
    return f"{kind}-{channel}"


@pytest.fixture
def with_push(settings: Settings) -> None:
    """A League that has keys for push."""
    settings.VAPID_PUBLIC_KEY = settings.VAPID_PRIVATE_KEY = "key"


# The page


@pytest.mark.parametrize("method", ["get", "post"])
def test_settings_asks_visitors_to_sign_in(client: Client, method: str) -> None:
    assert getattr(client, method)(PATH)["Location"] == f"/en/account/login/?next={PATH}"


@pytest.mark.usefixtures("with_push")
def test_settings_has_a_cell_only_where_the_kind_has_the_channel(browser: Client) -> None:
    table = see(browser, PATH).select_one("table.matrix")

    names = {control["name"] for control in table.select("[name]:not([type=hidden])")}
    expected = {
        field_name(kind.name, channel)
        for kind in all_kinds()
        if kind.is_listed
        for channel in kind.channels
        if channel not in kind.locked
    }
    assert names == expected
    widths = {len(row.select("td, th")) for row in table.select("tr:not(.group)")}
    assert widths == {4}
    options = table.select_one(f'select[name="{TEST_KIND.name}-mail"]').select("option")
    assert [words(option) for option in options] == ["off", "at once", "in the digest"]
    assert table.select_one(f'[name="{SITE_ONLY.name}-site"]')["type"] == "checkbox"


def test_settings_shows_locked_channels_as_always_on(browser: Client) -> None:
    page = see(browser, PATH)
    row = page.select_one(f'tr:has(input[value="{LOCKED.name}"])')

    boxes = row.select("input[type=checkbox][checked][disabled]")
    assert [box["aria-label"].rpartition(": ")[2] for box in boxes] == ["On the site, always on", "E-mail, always on"]
    assert "it concerns your safety or a legal deadline" in words(row.th)


def test_settings_without_keys_for_push_has_no_column_for_it(browser: Client) -> None:
    page = see(browser, PATH)

    assert [words(head) for head in page.select("table.matrix thead th")] == ["On the site", "E-mail"]
    assert page.select("push-switch") == []


def test_settings_groups_kinds_and_hides_those_not_listed(browser: Client) -> None:
    page = see(browser, PATH)

    headings = [words(row) for row in page.select("tr.group")]
    assert {"Your account", "Learning", "Tests"} <= set(headings)
    assert len(headings) == len(set(headings))
    assert "members.announcement_test" not in str(page)


def test_settings_shows_an_address_that_bounces(browser: Client, reader: User) -> None:
    MailAddress.objects.create(address=reader.email, cooling_until=timezone.now() + dt.timedelta(days=7))

    assert reader.email in words(see(browser, PATH).select_one("main .notice"))


# Saving the table


@pytest.mark.usefixtures("with_push")
def test_settings_saved_as_they_are_change_nothing(browser: Client, reader: User) -> None:
    response = save(browser)

    assert (response.status_code, response["Location"]) == (302, PATH)
    assert messages_of(response) == ["Your settings are saved."]
    assert Preference.objects.count() == 0
    stored, fresh = Reader.objects.get(), Reader()
    for name in ("digest", "digest_hour", "digest_weekday", "quiet_hours", "mail_floor", "digest_due_at"):
        assert getattr(stored, name) == getattr(fresh, name)


@pytest.mark.usefixtures("with_push")
def test_settings_stores_what_differs_from_the_default(browser: Client, reader: User) -> None:
    save(
        browser,
        without=(field_name(TEST_KIND.name, "site"),),
        **{field_name(TEST_KIND.name, "mail"): "digest", field_name(TEST_KIND.name, "push"): "on"},
    )

    stored = set(Preference.objects.values_list("kind", "channel", "mode"))
    assert stored == {
        (TEST_KIND.name, "site", "off"),
        (TEST_KIND.name, "mail", "digest"),
        (TEST_KIND.name, "push", "instant"),
    }
    told(reader)
    assert Item.objects.count() == 0

    save(
        browser,
        without=(field_name(TEST_KIND.name, "push"),),
        **{field_name(TEST_KIND.name, "mail"): "instant", field_name(TEST_KIND.name, "site"): "on"},
    )
    assert Preference.objects.count() == 0


def test_settings_without_keys_for_push_leaves_the_choices_of_push(browser: Client, reader: User) -> None:
    Preference.objects.create(user=reader, kind=PUSHED.name, channel=Channel.PUSH, mode=Mode.OFF)

    save(browser)

    assert Preference.objects.get().mode == Mode.OFF


def test_settings_leaves_kinds_that_were_not_on_the_page(browser: Client) -> None:
    data = fields(see(browser, PATH))
    data["kind"].remove(TEST_KIND.name)
    del data[field_name(TEST_KIND.name, "site")]

    browser.post(PATH, data)

    assert Preference.objects.count() == 0


def test_settings_cannot_turn_off_what_is_locked(browser: Client, reader: User) -> None:
    save(browser, **{field_name(LOCKED.name, "mail"): "off", field_name("accounts.security", "site"): ""})

    assert Preference.objects.count() == 0
    with pytest.raises(services.LockedChannel):
        services.save_preferences(reader, {(LOCKED.name, "mail"): "off"})


@pytest.mark.parametrize(("name", "value"), [("mail", "hourly"), ("mail", "")])
def test_settings_refuses_a_mode_that_does_not_exist(browser: Client, name: str, value: str) -> None:
    response = save(browser, **{field_name(TEST_KIND.name, name): value})

    page = BeautifulSoup(response.content, "html.parser")
    assert response.status_code == 200
    assert page.title.text.strip().startswith("Error:")
    assert f"Label of {TEST_KIND.name}" in words(page.select_one(".error-summary"))
    assert (Preference.objects.count(), Reader.objects.count()) == (0, 0)


def test_settings_of_one_person_are_not_those_of_another(browser: Client, reader: User) -> None:
    other = UserFactory()
    save(browser, **{field_name(TEST_KIND.name, "mail"): "off"})

    assert services.matrix(reader)[TEST_KIND.name, "mail"] == "off"
    assert services.matrix(other)[TEST_KIND.name, "mail"] == "instant"


# Digest


@pytest.fixture
def waiting(reader: User) -> Delivery:
    """Something that waits for the reader's digest."""
    with time_machine.travel(TUESDAY, tick=False):
        told(reader, kind=DIGESTED)
    return Delivery.objects.get(verdict=Verdict.DIGEST)


def in_zone(reader: User) -> str:
    due = Reader.objects.get(user=reader).digest_due_at
    assert due is not None
    return due.astimezone(dt.timezone(dt.timedelta(hours=5))).isoformat(" ", "minutes")


@time_machine.travel(TUESDAY, tick=False)
def test_settings_moves_a_digest_that_waits(browser: Client, reader: User, waiting: Delivery) -> None:
    browser.force_login(reader)
    assert in_zone(reader) == "2026-11-27 08:00+05:00"

    save(browser, digest_hour="19", digest_weekday="0")
    assert in_zone(reader) == "2026-11-30 19:00+05:00"

    save(browser, digest="daily")
    assert in_zone(reader) == "2026-11-24 19:00+05:00"


@time_machine.travel(TUESDAY, tick=False)
def test_settings_without_digest_ends_what_waits(browser: Client, reader: User, waiting: Delivery) -> None:
    browser.force_login(reader)

    save(browser, digest="off")

    waiting.refresh_from_db()
    assert (waiting.verdict, waiting.decided_at) == (Verdict.OFF, TUESDAY)
    assert Reader.objects.get().digest_due_at is None


@time_machine.travel(TUESDAY, tick=False)
def test_settings_without_anything_waiting_plan_no_digest(browser: Client, reader: User) -> None:
    browser.force_login(reader)
    Reader.objects.create(user=reader, digest_due_at=TUESDAY)

    save(browser, digest="daily")

    assert Reader.objects.get().digest_due_at is None


@pytest.mark.parametrize(
    ("name", "value"), [("digest", "hourly"), ("digest_hour", "24"), ("digest_weekday", "7"), ("mail_floor", "3")]
)
def test_settings_refuses_what_is_no_choice(browser: Client, name: str, value: str) -> None:
    response = save(browser, **{name: value})

    assert response.status_code == 200
    assert Reader.objects.count() == 0


# Quiet hours


def quiet(browser: Client, *, without: tuple[str, ...] = (), **changes: str) -> list[list[int] | None]:
    assert save(browser, without=without, **changes).status_code == 302
    stored = Reader.objects.get().quiet_hours
    # What was stored is shown and saved again without a change.
    assert save(browser).status_code == 302
    assert Reader.objects.get().quiet_hours == stored
    return stored


def test_quiet_hours_of_every_day(browser: Client) -> None:
    assert quiet(browser, quiet_from="23:30", quiet_to="07:15") == [[23 * 60 + 30, 7 * 60 + 15]] * 7


def test_quiet_hours_can_be_turned_off(browser: Client) -> None:
    assert quiet(browser, without=("is_quiet",)) == [None] * 7


def test_quiet_weekend_lasts_from_friday_night_to_monday_morning(browser: Client, reader: User) -> None:
    stored = quiet(browser, is_weekend_whole="on")

    assert stored == [NIGHT] * 5 + [[480, 480]] * 2
    zone = services.preferences.zone_of(reader.time_zone)
    friday_night = dt.datetime(2026, 11, 27, 22, tzinfo=zone)
    until = services.schedule.after_quiet(friday_night, zone=zone, quiet_hours=stored)
    assert until == dt.datetime(2026, 11, 30, 8, tzinfo=zone)


def test_quiet_weekend_without_quiet_nights(browser: Client) -> None:
    assert quiet(browser, without=("is_quiet",), is_weekend_whole="on") == [None] * 5 + [[0, 0]] * 2


def test_quiet_hours_differ_by_day(browser: Client) -> None:
    stored = quiet(
        browser, day_0="never", day_1="whole", day_2="own", day_2_from="13:00", day_2_to="14:00", is_weekend_whole="on"
    )

    assert stored == [None, [480, 480], [780, 840], NIGHT, NIGHT, [480, 480], [480, 480]]
    fold = see(browser, PATH).select_one("details.fold")
    assert fold.has_attr("open")
    assert fold.select_one("[name=day_2_from]")["value"] == "13:00"


def test_quiet_days_are_folded_where_none_differs(browser: Client) -> None:
    assert not see(browser, PATH).select_one("details.fold").has_attr("open")


@pytest.mark.parametrize(
    "changes",
    [
        {"quiet_from": ""},
        {"quiet_to": "25:00"},
        {"day_3": "own"},
        {"day_3": "own", "day_3_from": "13:00"},
        {"day_3": "sometimes"},
    ],
)
def test_quiet_hours_need_both_ends(browser: Client, changes: dict[str, str]) -> None:
    response = save(browser, **changes)

    assert response.status_code == 200
    page = BeautifulSoup(response.content, "html.parser")
    assert page.select(".error-summary li") != []
    assert page.select_one("details.fold").has_attr("open") == ("day_3" in changes)
    assert Reader.objects.count() == 0


@pytest.mark.parametrize(
    "stored",
    [
        [NIGHT] * 7,
        [None] * 7,
        [NIGHT] * 5 + [[480, 480]] * 2,
        [None] * 5 + [NIGHT] * 2,
        [NIGHT, None, [1, 2], [480, 480], NIGHT, None, [480, 480]],
        [[0, 0]] * 7,
    ],
)
def test_week_taken_apart_is_put_together_again(stored: list[list[int] | None]) -> None:
    assert Week.read(stored).join() == stored


def test_quiet_hours_need_not_be_the_same_for_the_form_to_show_them(browser: Client, reader: User) -> None:
    Reader.objects.create(user=reader, quiet_hours=[[60, 120], *[None] * 6])

    page = see(browser, PATH)

    assert not page.select_one("[name=is_quiet]").has_attr("checked")
    assert page.select_one("[name=day_0] [selected]")["value"] == "own"


# What letters may say


def test_settings_stores_what_letters_may_say(browser: Client) -> None:
    save(browser, mail_floor="0")

    assert Reader.objects.get().mail_floor == 0


def test_settings_says_what_the_league_allows_at_most(browser: Client, settings: Settings) -> None:
    assert "The League lets letters say at most" not in words(see(browser, PATH).main)

    settings.NOTIFICATIONS_FLOOR = 1
    expected = "The League lets letters say at most: what it is about, without names and text."
    assert expected in words(see(browser, PATH).main)


# Back to the recommended


@time_machine.travel(TUESDAY, tick=False)
def test_reset_returns_to_what_is_recommended(browser: Client, reader: User, waiting: Delivery) -> None:
    browser.force_login(reader)
    save(browser, digest="daily", mail_floor="0", quiet_from="20:00", **{field_name(TEST_KIND.name, "mail"): "off"})
    services.mute(reader, "tests.news:1", at=TUESDAY)

    response = browser.post(PATH, {"reset": "1"})

    assert messages_of(response)[-1] == "The recommended settings are back."
    assert Preference.objects.count() == 0
    stored = Reader.objects.get()
    assert (stored.digest, stored.mail_floor, stored.quiet_hours) == ("weekly", 2, [NIGHT] * 7)
    assert in_zone(reader) == "2026-11-27 08:00+05:00"
    assert Mute.objects.count() == 1


# What is muted


def test_settings_lists_what_is_muted(browser: Client, reader: User) -> None:
    topic, hidden = tell_about(reader, "Topic", "Hidden canary")
    for number, scope in enumerate((topic.scope, hidden.scope, "gone:1")):
        services.mute(reader, scope, at=timezone.now() - dt.timedelta(minutes=number))
    services.mute(UserFactory(), "theirs:1", at=timezone.now())

    page = see(browser, PATH)

    neutral = "Something that you can no longer see"
    rows = page.select("section[aria-labelledby=muted] .row .grow > p:first-child")
    assert [words(row) for row in rows] == ["Topic", neutral, neutral]
    assert "canary" not in str(page).lower()


def test_unmute_tells_again(browser: Client, reader: User) -> None:
    item = tell_about(reader, "Topic")[0]
    services.mute(reader, item.scope, at=timezone.now())
    button = see(browser, PATH).select_one("section[aria-labelledby=muted] button")

    response = browser.post(button["formaction"])

    assert response["Location"] == PATH
    assert messages_of(response) == ["You are told about this again."]
    assert Mute.objects.count() == 0


def test_unmute_of_another_person_is_not_found(browser: Client) -> None:
    services.mute(UserFactory(), "theirs:1", at=timezone.now())

    assert browser.post(f"{PATH}mutes/{Mute.objects.get().pk}/remove/").status_code == 404
    assert Mute.objects.count() == 1


def test_settings_lists_the_latest_hundred_that_are_muted(browser: Client, reader: User) -> None:
    now = timezone.now()
    Mute.objects.bulk_create([Mute(user=reader, scope=f"x:{number}", created_at=now) for number in range(101)])

    section = see(browser, PATH).select_one("section[aria-labelledby=muted]")

    assert len(section.select(".row")) == 100
    assert "These are the latest 100." in words(section)
