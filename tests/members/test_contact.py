"""Messages between members: who may write, how much, what is told, blocking, reporting."""

import datetime as dt

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.models import AuditEvent
from members.choices import Audience, OfficeRole, ProfileField
from members.models import Chapter, ContactBlock, ContactMessage, Profile
from members.services import contact
from notifications.models import Event, Item
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.notifications import never_quiet, pump
from tests.factories.profiles import ContactMessageFactory, create_member, lapse, show, suspend

pytestmark = pytest.mark.django_db

URL = "/en/membership/profile/messages/"
TEXT = "Не возьмётесь ли вы за второе мнение по экспертизе?"


@pytest.fixture
def chapter() -> Chapter:
    return ChapterFactory()


@pytest.fixture
def sender(chapter: Chapter) -> User:
    return create_member(chapter, name="Отправитель Писем").user


@pytest.fixture
def recipient(chapter: Chapter) -> Profile:
    return create_member(chapter, name="Получатель Писем")


def write_url(profile: Profile) -> str:
    return f"/en/members/{profile.public_id}/contact/"


def send(sender: User, recipient: User, *, at: dt.datetime | None = None) -> ContactMessage:
    return contact.send_message(recipient, actor=sender, text=TEXT, at=at or timezone.now())


def test_message_is_read_on_the_site_only(sender: User, recipient: Profile, client: Client) -> None:
    never_quiet(recipient.user)
    client.force_login(sender)

    response = client.post(write_url(recipient), {"text": TEXT})
    pump()

    assert response.status_code == 302
    message = ContactMessage.objects.get()
    letter = next(letter for letter in mail.outbox if recipient.user.email in letter.to)
    whole = f"{letter.subject}{letter.body}{letter.alternatives}"  # type: ignore[attr-defined]
    assert "экспертизе" not in whole
    assert sender.name_native not in whole
    assert sender.email not in whole
    assert Item.objects.filter(user=recipient.user).count() == 1
    assert TEXT not in str(Event.objects.values_list("data", flat=True))
    client.force_login(recipient.user)
    content = client.get(f"{URL}{message.pk}/").content.decode()
    assert TEXT in content
    assert sender.email not in content
    message.refresh_from_db()
    assert message.read_at is not None


@pytest.mark.parametrize("leave", [suspend, lapse], ids=["suspended", "lapsed"])
def test_only_active_members_write(leave: object, sender: User, recipient: Profile, client: Client) -> None:
    show(recipient, {ProfileField.NAME: Audience.PUBLIC})
    leave(sender)  # type: ignore[operator]
    client.force_login(sender)

    assert client.post(write_url(recipient), {"text": TEXT}).status_code in {302, 404}
    with pytest.raises(contact.SenderNotMember):
        send(sender, recipient.user)
    assert not ContactMessage.objects.exists()


def test_refusal_and_block_look_alike(sender: User, recipient: Profile, client: Client) -> None:
    client.force_login(sender)
    answers = []
    for is_blocked in (False, True):
        recipient.accepts_messages = is_blocked
        recipient.save()
        if is_blocked:
            contact.block_sender(sender, actor=recipient.user, at=timezone.now())
        response = client.post(write_url(recipient), {"text": TEXT}, follow=True)
        answers.append(response.content.decode().count("This member takes no messages."))
        assert write_url(recipient) not in client.get(f"/en/members/{recipient.public_id}/").content.decode()
        with pytest.raises(contact.ContactRefused):
            send(sender, recipient.user)

    assert answers == [1, 1]
    assert not ContactMessage.objects.exists()


def test_hidden_member_cannot_be_written_to(sender: User, recipient: Profile, client: Client) -> None:
    show(recipient, {ProfileField.NAME: Audience.NOBODY})
    client.force_login(sender)

    assert client.get(write_url(recipient)).status_code == 404
    assert client.post(write_url(recipient), {"text": TEXT}).status_code == 404


def test_number_of_messages_a_day_is_limited(sender: User, recipient: Profile, client: Client) -> None:
    now = timezone.now()
    for _number in range(contact.MOST_TO_ONE_A_DAY):
        send(sender, recipient.user, at=now - dt.timedelta(hours=23))
    client.force_login(sender)

    response = client.post(write_url(recipient), {"text": TEXT})

    assert response.status_code == 422
    assert "You have written enough for a day." in response.content.decode()
    assert send(sender, recipient.user, at=now + dt.timedelta(hours=2))
    ContactMessageFactory.create_batch(contact.MOST_A_DAY, sender=sender)
    with pytest.raises(contact.TooManyMessages):
        send(sender, create_member(recipient.chapter).user)


def test_answer_needs_no_consent_but_a_message(sender: User, recipient: Profile, client: Client) -> None:
    message = send(sender, recipient.user)
    Profile.objects.filter(user=sender).update(accepts_messages=False)
    client.force_login(recipient.user)

    assert client.post(f"{URL}{message.pk}/", {"text": "Возьмусь."}).status_code == 302

    answer = ContactMessage.objects.get(sender=recipient.user)
    assert (answer.recipient, answer.text) == (sender, "Возьмусь.")
    with pytest.raises(contact.ContactRefused):
        contact.send_message(sender, actor=recipient.user, text=TEXT, at=timezone.now(), in_reply_to=answer)
    with pytest.raises(contact.ContactRefused):
        send(recipient.user, recipient.user)


def test_empty_message_is_refused(sender: User, recipient: Profile, client: Client) -> None:
    client.force_login(sender)

    assert client.post(write_url(recipient), {"text": "  "}).status_code == 422


def test_block_hides_messages_and_can_be_lifted(sender: User, recipient: Profile, client: Client) -> None:
    message = send(sender, recipient.user)
    client.force_login(recipient.user)

    assert client.post(f"{URL}{message.pk}/block/").status_code == 302
    assert f"{URL}{message.pk}/" not in client.get(URL).content.decode()
    block = ContactBlock.objects.get()
    client.force_login(sender)
    assert client.post(f"{URL}blocked/{block.pk}/remove/").status_code == 404
    client.force_login(recipient.user)
    assert client.post(f"{URL}blocked/{block.pk}/remove/").status_code == 302
    assert f"{URL}{message.pk}/" in client.get(URL).content.decode()
    assert set(AuditEvent.objects.values_list("action", flat=True)) >= {
        "members.sender_blocked",
        "members.sender_unblocked",
    }


def test_reported_message_is_read_by_the_registrar(sender: User, recipient: Profile, client: Client) -> None:
    registrar = OfficeTermFactory(role=OfficeRole.REGISTRAR, chapter=None).user
    message = send(sender, recipient.user)
    client.force_login(registrar)
    assert client.get(f"{URL}{message.pk}/").status_code == 404

    client.force_login(recipient.user)
    assert client.post(f"{URL}{message.pk}/report/", {"reason": ""}).status_code == 422
    assert client.post(f"{URL}{message.pk}/report/", {"reason": "Угрозы"}).status_code == 302
    client.post(f"{URL}{message.pk}/report/", {"reason": "Снова"})

    assert list(Event.objects.filter(kind="members.contact_report").values_list("recipients", flat=True)) == [
        [registrar.pk]
    ]
    client.force_login(registrar)
    content = client.get(f"{URL}{message.pk}/").content.decode()
    assert TEXT in content
    assert "Угрозы" in content
    assert client.post(f"{URL}{message.pk}/", {"text": "?"}).status_code == 404
    seen = AuditEvent.objects.get(action="members.message_seen")
    assert (seen.actor_id, seen.person_id) == (registrar.pk, sender.pk)
    with pytest.raises(contact.AlreadyReported):
        contact.report_message(message, actor=recipient.user, reason="x", at=timezone.now())


def test_messages_are_nobody_elses(sender: User, recipient: Profile, client: Client) -> None:
    message = send(sender, recipient.user)
    contact.report_message(message, actor=recipient.user, reason="x", at=timezone.now())
    others = [
        create_member(recipient.chapter).user,
        UserFactory(is_superuser=True),
        OfficeTermFactory(chapter=recipient.chapter).user,
        OfficeTermFactory(role=OfficeRole.BOARD, chapter=None).user,
    ]

    for other in others:
        client.force_login(other)
        assert client.get(f"{URL}{message.pk}/").status_code == 404
        assert client.post(f"{URL}{message.pk}/report/").status_code == 404
        assert client.post(f"{URL}{message.pk}/block/").status_code == 404
    client.force_login(sender)
    assert client.get(f"{URL}{message.pk}/").status_code == 200
    assert client.post(f"{URL}{message.pk}/report/").status_code == 404


@pytest.mark.parametrize("count", [1, 3, 30])
def test_message_list_costs_the_same_for_many(
    count: int, recipient: Profile, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ContactMessageFactory.create_batch(count, recipient=recipient.user)
    client.force_login(recipient.user)
    client.get(URL)

    with django_assert_num_queries(5):
        client.get(URL)
