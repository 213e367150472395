"""The notification centre and the bell."""

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from members.models import Announcement
from notifications import services
from notifications.models import Event, Item, Mute, Preference, Reader
from tests.factories.accounts import UserFactory
from tests.factories.notifications import tell, told
from tests.notifications.kinds import LOCKED, SITE_ONLY, kind
from tests.notifications.pages import CENTRE, lines, many_items, messages_of, move, see, tell_about, words

pytestmark = pytest.mark.django_db

OTHER_GROUP = kind("tests.other_group", group="Other tests")
NEUTRAL = "Something that you can no longer see"


# The list


def test_centre_asks_visitors_to_sign_in(client: Client) -> None:
    assert client.get(CENTRE)["Location"] == f"/en/account/login/?next={CENTRE}"


def test_centre_without_anything_leads_to_the_settings(browser: Client) -> None:
    page = see(browser)

    assert words(page.select_one(".empty h2")) == "No notifications yet"
    assert page.select_one(".empty a")["href"] == "/en/notifications/settings/"
    assert page.select("nav.tabs, nav.pager") == []


def test_centre_shows_unread_first_and_the_latest_first(browser: Client, reader: User) -> None:
    items = tell_about(reader, "One", "Two", "Three")
    move(items[2], timezone.now(), read=True)

    page = see(browser)

    assert lines(page) == ["*News about Two (1)", "*News about One (1)", "News about Three (1)"]
    assert [words(heading) for heading in page.select("main h2")][:2] == ["New", "Already read"]


def test_centre_names_actor_and_count(browser: Client, reader: User) -> None:
    actor = UserFactory(name_native="Нурлан Бекенов", name_latin="Nurlan Bekenov")
    subject = UserFactory(name_native="Topic")
    for _time in range(3):
        tell(reader, subject=subject, actor=actor)
    services.sweep()

    assert lines(see(browser)) == ["*Nurlan Bekenov wrote about Topic (3)"]


@time_machine.travel(dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC), tick=False)
def test_centre_groups_by_the_days_of_the_readers_zone(browser: Client, reader: User) -> None:
    one, two, three, four = tell_about(reader, "One", "Two", "Three", "Four")
    move(four, dt.datetime(2026, 11, 23, 19, 1, tzinfo=dt.UTC))  # 00:01 in Almaty
    move(three, dt.datetime(2026, 11, 23, 18, 59, tzinfo=dt.UTC))
    move(two, dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))
    move(one, dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC))
    browser.force_login(reader)

    page = see(browser)

    assert [words(heading) for heading in page.select("main h3")] == ["Today", "Yesterday", "1 March", "1 March 2025"]
    assert [words(row.time) for row in page.select("li.notif")][:2] == ["00:01", "23:59"]


@pytest.mark.parametrize("is_read", [False, True])
def test_centre_says_nothing_of_what_may_no_longer_be_seen(browser: Client, reader: User, is_read: bool) -> None:
    actor = UserFactory(name_native="Canary Actor")
    item = tell_about(reader, "Hidden canary")[0]
    item.actor = actor
    move(item, timezone.now(), read=is_read)

    page = see(browser)

    assert [line.lstrip("*") for line in lines(page)] == [NEUTRAL]
    assert "canary" not in str(page).lower()
    assert page.select("li.notif a") == []


def test_centre_survives_a_kind_that_is_gone(browser: Client, reader: User) -> None:
    tell_about(reader, "One")
    Item.objects.update(kind="gone.kind")
    Event.objects.update(kind="gone.kind")

    assert lines(see(browser)) == [f"*{NEUTRAL}"]


def test_centre_shows_only_ones_own(browser: Client, reader: User) -> None:
    tell_about(UserFactory(), "Theirs")

    assert lines(see(browser)) == []


def test_centre_has_tabs_for_groups_that_have_something(browser: Client, reader: User) -> None:
    tell_about(reader, "One")
    assert [words(tab) for tab in see(browser).select("nav.tabs a")] == ["All Unread: 1", "Tests"]

    tell_about(reader, "Two", kind=OTHER_GROUP)
    page = see(browser, f"{CENTRE}?group=tests.other_group")

    assert lines(page) == ["*News about Two (1)"]
    assert words(page.select_one("nav.tabs [aria-current]")) == "Other tests"


def test_centre_of_an_unknown_group_or_cursor_is_the_first_page(browser: Client, reader: User) -> None:
    tell_about(reader, "One")

    for query in (
        "group=nonsense",
        "after=nonsense",
        "after=new-99999999999999999-1",
        "after=sent-1-1",
        "after=new-1-x",
    ):
        assert lines(see(browser, f"{CENTRE}?{query}")) == ["*News about One (1)"]


def test_centre_pages_lead_through_everything_once(browser: Client, reader: User) -> None:
    many_items(reader, 40)
    many_items(reader, 35, kind=SITE_ONLY, read=True)

    seen: list[str] = []
    path, sizes = CENTRE, []
    while path:
        page = see(browser, path)
        ids = [row["id"] for row in page.select("li.notif")]
        seen += ids
        sizes.append(len(ids))
        link = page.select_one("nav.pager [rel=next]")
        path = f"{CENTRE}{link['href']}" if link else ""

    assert sizes == [30, 30, 15]
    assert len(set(seen)) == 75
    unread = set(Item.objects.unread().values_list("pk", flat=True))
    assert {int(name[1:]) for name in seen[:40]} == unread


def test_centre_pages_split_rows_of_one_moment(browser: Client, reader: User) -> None:
    many_items(reader, 31)
    Item.objects.update(updated_at=timezone.now())

    first = see(browser)
    second = see(browser, f"{CENTRE}{first.select_one('nav.pager [rel=next]')['href']}")

    ids = [row["id"] for page in (first, second) for row in page.select("li.notif")]
    assert (len(ids), len(set(ids))) == (31, 31)


def test_centre_keeps_the_group_on_further_pages(browser: Client, reader: User) -> None:
    many_items(reader, 31)
    tell_about(reader, "Two", kind=OTHER_GROUP)

    page = see(browser, f"{CENTRE}?group=tests.news")
    link = page.select_one("nav.pager [rel=next]")["href"]

    assert link.startswith("?group=tests.news&after=")
    assert len(lines(see(browser, CENTRE + link))) == 1


def test_centre_says_how_one_is_told(browser: Client, reader: User) -> None:
    def ways() -> dict[str, str]:
        facts = see(browser).select_one("aside dl")
        return {words(name): words(name.find_next("dd")) for name in facts.select("dt")}

    assert ways() == {
        "On the site": "everything",
        "E-mail": "some at once, the rest in the digest",
        "Digest": "once a week: Friday, 08:00",
        "Browser push": "what you turned on",
        "Quiet hours": "22:00–08:00",
    }

    Preference.objects.create(user=reader, kind="tests.site", channel="site", mode="off")
    Reader.objects.create(user=reader, digest="daily", digest_hour=19, quiet_hours=[None] * 7)
    changed = ways()

    assert changed["On the site"] == "what you did not turn off"
    assert changed["Digest"] == "every day at 19:00"
    assert changed["Quiet hours"] == "none"

    Reader.objects.update(digest="off", quiet_hours=[[60, 120], *[None] * 6])
    assert (ways()["Digest"], ways()["Quiet hours"]) == ("none", "different by day")


# Opening a line


def test_open_item_marks_it_read_and_leads_on(browser: Client, reader: User) -> None:
    item = tell_about(reader, "One")[0]

    response = browser.get(f"{CENTRE}{item.pk}/")

    assert (response.status_code, response["Location"]) == (302, f"/people/{item.subject_id}/")
    item.refresh_from_db()
    assert item.read_at is not None


def test_open_item_by_head_changes_nothing(browser: Client, reader: User) -> None:
    item = tell_about(reader, "One")[0]

    browser.head(f"{CENTRE}{item.pk}/")

    assert Item.objects.unread().count() == 1


@pytest.mark.parametrize("is_gone", [False, True])
def test_open_item_that_is_out_of_sight_leads_back(browser: Client, reader: User, is_gone: bool) -> None:
    item = tell_about(reader, "Hidden")[0]
    if is_gone:
        Item.objects.update(kind="gone.kind")

    response = browser.get(f"{CENTRE}{item.pk}/")

    assert response["Location"] == CENTRE
    assert messages_of(response) == ["What this notification was about can no longer be seen."]
    assert Item.objects.unread().count() == 0


@pytest.mark.parametrize(("path", "method"), [("", "get"), ("read/", "post"), ("mute/", "post")])
def test_item_of_another_person_is_not_found(browser: Client, path: str, method: str) -> None:
    item = tell_about(UserFactory(), "Theirs")[0]

    response = getattr(browser, method)(f"{CENTRE}{item.pk}/{path}")

    assert response.status_code == 404
    assert (Item.objects.unread().count(), Mute.objects.count()) == (1, 0)


@pytest.mark.parametrize("path", ["1/read/", "1/mute/", "read/", "read/pulled/"])
def test_buttons_refuse_get(browser: Client, path: str) -> None:
    assert browser.get(f"{CENTRE}{path}").status_code == 405


@pytest.mark.parametrize("path", ["1/", "1/read/", "1/mute/", "read/", "read/pulled/", "pulse/"])
def test_addresses_ask_visitors_to_sign_in(client: Client, path: str) -> None:
    response = client.get(f"{CENTRE}{path}") if path in {"1/", "pulse/"} else client.post(f"{CENTRE}{path}")

    assert response["Location"].startswith("/en/account/login/")


# Marking and muting


def press(browser: Client, button: str, page_path: str = CENTRE) -> object:
    """Press a button of the page as a browser without scripts does; the button is a CSS selector."""
    page = see(browser, page_path)
    pressed = page.select_one(button)
    form = page.select_one(f"form#{pressed['form']}")
    data = {field["name"]: field["value"] for field in form.select("input")}
    if pressed.get("name"):
        data[pressed["name"]] = pressed["value"]
    return browser.post(pressed.get("formaction") or form["action"], data)


def test_read_item_keeps_the_place(browser: Client, reader: User) -> None:
    one, _two = tell_about(reader, "One", "Two")

    response = press(browser, f"#n{one.pk} .btn", f"{CENTRE}?group=tests.news")

    assert response["Location"] == f"{CENTRE}?group=tests.news#n{one.pk}"
    assert lines(see(browser)) == ["*News about Two (1)", "News about One (1)"]


def test_mute_item_and_undo(browser: Client, reader: User) -> None:
    item = tell_about(reader, "One")[0]
    button = f"#n{item.pk} .meta button"

    response = press(browser, button)

    assert messages_of(response) == ["You are told no more about this. You can undo it beside the notification."]
    assert Mute.objects.get().scope == item.scope
    assert words(see(browser).select_one(button)) == "Tell me again"
    told(reader, subjects=[User.objects.get(pk=item.subject_id)])
    assert lines(see(browser)) == ["*News about One (1)"]  # not a second time

    press(browser, button)

    assert Mute.objects.count() == 0
    told(reader, subjects=[User.objects.get(pk=item.subject_id)])
    assert lines(see(browser)) == ["*News about One (2)"]


def test_mute_item_is_not_offered_where_it_changes_nothing(browser: Client, reader: User) -> None:
    item = tell_about(reader, "One", kind=LOCKED)[0]

    assert see(browser).select(f"#n{item.pk} .meta button") == []
    assert browser.post(f"{CENTRE}{item.pk}/mute/").status_code == 404


def test_read_all_leaves_what_came_later(browser: Client, reader: User) -> None:
    many_items(reader, 40)
    page = see(browser)
    data = {field["name"]: field["value"] for field in page.select("form#marks input")}
    told(reader, subjects=[UserFactory(name_native="Later")])

    response = browser.post(f"{CENTRE}read/", data)

    assert response["Location"] == CENTRE
    assert lines(see(browser))[:2] == ["*News about Later (1)", "Имя 0 wrote about Имя 0 (1)"]
    assert Item.objects.unread().count() == 1


def test_read_all_leaves_a_line_that_has_grown(browser: Client, reader: User) -> None:
    item = tell_about(reader, "One")[0]
    page = see(browser)
    data = {field["name"]: field["value"] for field in page.select("form#marks input")}
    told(reader, subjects=[User.objects.get(pk=item.subject_id)])

    browser.post(f"{CENTRE}read/", data)

    assert lines(see(browser)) == ["*News about One (2)"]


def test_read_all_of_a_group_leaves_the_others(browser: Client, reader: User) -> None:
    tell_about(reader, "One")
    tell_about(reader, "Two", kind=OTHER_GROUP)

    press(browser, "header .btn[form=marks]", f"{CENTRE}?group=tests.other_group")

    assert lines(see(browser)) == ["*News about One (1)", "News about Two (1)"]


def test_read_all_leaves_those_of_others(browser: Client, reader: User) -> None:
    tell_about(reader, "One")
    tell_about(UserFactory(), "Theirs")

    press(browser, "header .btn[form=marks]")

    assert list(Item.objects.unread().values_list("user", flat=True)) == [
        Item.objects.exclude(user=reader).get().user_id
    ]


@pytest.mark.parametrize("up_to", ["", "yesterday", "2026-11-24T12:00:00", "2026-13-24T12:00:00+00:00"])
def test_read_all_refuses_what_is_no_moment(browser: Client, reader: User, up_to: str) -> None:
    tell_about(reader, "One")

    assert browser.post(f"{CENTRE}read/", {"up_to": up_to}).status_code == 400
    assert Item.objects.unread().count() == 1


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "", "x"])
def test_buttons_lead_to_our_own_pages_only(browser: Client, reader: User, target: str) -> None:
    item = tell_about(reader, "One")[0]

    response = browser.post(f"{CENTRE}{item.pk}/read/", {"next": target})

    assert response["Location"] == f"{CENTRE}#n{item.pk}"


def test_read_all_is_not_offered_without_anything_new(browser: Client, reader: User) -> None:
    many_items(reader, 2, read=True)

    assert see(browser).select("header .btn[form=marks]") == []


def test_buttons_need_the_token(reader: User) -> None:
    item = tell_about(reader, "One")[0]
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(reader)

    assert browser.post(f"{CENTRE}{item.pk}/read/").status_code == 403


# What has no line of its own


def announce(number: int, moment: dt.datetime) -> Announcement:
    return Announcement.objects.create(
        title_ru=f"Весть {number}", text_ru="Текст", title_en=f"Word {number}", text_en="Text", published_at=moment
    )


def test_centre_shows_announcements_until_they_are_read(browser: Client, reader: User) -> None:
    now = timezone.now()
    User.objects.update(joined_at=now - dt.timedelta(days=3))
    old, new = announce(1, now - dt.timedelta(days=1)), announce(2, now - dt.timedelta(minutes=1))
    tell_about(reader, "One")

    page = see(browser)

    assert lines(page) == [
        "*News about One (1)",
        "*The League announces: Word 2",
        "*The League announces: Word 1",
    ]
    assert words(page.select_one("nav.tabs .count")) == "Unread: 3"
    assert [a["href"] for a in page.select("li.notif a")][1:] == [new.get_absolute_url(), old.get_absolute_url()]

    press(browser, f'li.notif:has(a[href="{old.get_absolute_url()}"]) .btn')
    assert lines(see(browser)) == ["*News about One (1)", "*The League announces: Word 2"]

    press(browser, "header .btn[form=marks]")
    assert lines(see(browser)) == ["News about One (1)"]
    assert see(browser).select_one("unread-bell .count").has_attr("hidden")


def test_read_all_of_a_group_without_announcements_leaves_them(browser: Client, reader: User) -> None:
    User.objects.update(joined_at=timezone.now() - dt.timedelta(days=3))
    announce(1, timezone.now() - dt.timedelta(days=1))
    tell_about(reader, "One")

    press(browser, "header .btn[form=marks]", f"{CENTRE}?group=tests.news")

    assert lines(see(browser)) == ["*The League announces: Word 1", "News about One (1)"]


# The bell


def test_bell_shows_the_number_and_hides_without_one(browser: Client, reader: User) -> None:
    assert see(browser).select_one("unread-bell .count").has_attr("hidden")

    many_items(reader, 7)
    bell = see(browser, "/en/notifications/deliveries/").select_one("unread-bell")

    assert words(bell.a) == "Notifications Unread: 7"
    assert not bell.select_one(".count").has_attr("hidden")
    assert (bell.a["href"], bell["data-url"]) == (CENTRE, f"{CENTRE}pulse/")


@pytest.mark.parametrize(("count", "shown"), [(99, "99"), (100, "99+"), (300, "99+")])
def test_bell_shows_ninety_nine_at_most(browser: Client, reader: User, count: int, shown: str) -> None:
    many_items(reader, count)

    assert see(browser).select_one("[data-number]").text == shown


def test_bell_is_not_shown_to_visitors(client: Client, home_pages: object) -> None:
    assert see(client, "/en/").select("unread-bell") == []


def test_pulse_answers_304_until_something_changes(browser: Client, reader: User) -> None:
    first = browser.get(f"{CENTRE}pulse/")
    same = browser.get(f"{CENTRE}pulse/", headers={"if-none-match": first["ETag"]})
    many_items(reader, 2)
    changed = browser.get(f"{CENTRE}pulse/", headers={"if-none-match": first["ETag"]})

    assert (first.json(), first["Cache-Control"]) == ({"unread": 0}, "private, no-cache")
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    assert (changed.status_code, changed.json()) == (200, {"unread": 2})


def test_pulse_of_another_person_is_never_the_same(browser: Client, reader: User) -> None:
    etag = browser.get(f"{CENTRE}pulse/")["ETag"]
    browser.force_login(UserFactory())

    assert browser.get(f"{CENTRE}pulse/", headers={"if-none-match": etag}).status_code == 200


# The start page


def test_home_shows_the_three_latest_unread(browser: Client, reader: User, home_pages: object) -> None:
    *_older, hidden, read = tell_about(reader, "One", "Two", "Three", "Hidden", "Read")
    move(read, timezone.now(), read=True)

    section = see(browser, "/en/home/").select_one("section[aria-labelledby=unread]")

    assert [words(link) for link in section.select("li a")] == ["News about Three (1)", "News about Two (1)"]
    assert str(hidden.pk) not in [link["href"].split("/")[-2] for link in section.select("li a")]


def test_home_without_anything_new_says_nothing(browser: Client, reader: User, home_pages: object) -> None:
    many_items(reader, 1, read=True)

    assert see(browser, "/en/home/").select("section[aria-labelledby=unread]") == []
