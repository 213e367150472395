"""Letters about accounts: made late, so they must not open what has changed hands meanwhile."""

import smtplib
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications import services
from notifications.adapters import AccountAdapter
from notifications.choices import MessageState, Verdict
from notifications.models import Delivery, Event, Message, Reader
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

LOCMEM = "django.core.mail.backends.locmem.EmailBackend"


class Busy(EmailBackend):
    """A mail server that takes nothing for now."""

    def send_messages(self, messages: list[mail.EmailMessage]) -> int:
        raise smtplib.SMTPDataError(451, b"later")


@pytest.fixture
def person() -> User:
    return UserFactory(email="aigul@example.org", name_native="Aigul", language="en", is_verified=True)


def ask_for_reset(person: User) -> None:
    Client().post("/en/account/password/reset/", {"email": person.email})
    services.sweep()


def try_again() -> None:
    Message.objects.unfinished().update(due_at=timezone.now())
    services.deliver_due()


def change_password(person: User) -> None:
    person.set_password("another long secret of hers")
    person.save()


def change_address(person: User) -> None:
    EmailAddress.objects.filter(user=person).update(email="new@example.org")
    User.objects.filter(pk=person.pk).update(email="new@example.org")


@pytest.mark.parametrize("change", [change_password, change_address])
def test_reset_that_was_held_up_dies_with_what_it_would_open(
    person: User, settings: Settings, change: Callable[[User], None]
) -> None:
    settings.EMAIL_BACKEND = "tests.notifications.test_account_letters.Busy"
    ask_for_reset(person)
    settings.EMAIL_BACKEND = LOCMEM

    change(person)
    try_again()

    assert mail.outbox == []
    assert Message.objects.get().state == MessageState.SUPPRESSED
    assert Delivery.objects.get().verdict == Verdict.NOT_VISIBLE


def test_reset_that_was_held_up_still_works(person: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "tests.notifications.test_account_letters.Busy"
    ask_for_reset(person)
    settings.EMAIL_BACKEND = LOCMEM

    try_again()

    assert "/account/password/reset/key/" in mail.outbox[0].body


def test_confirmation_names_nobody_and_links_only_to_us() -> None:
    Client().post(
        "/en/account/signup/",
        {
            "email": "victim@example.org",
            "name_native": "Prize waits at www.evil.com",
            "language": "en",
            "time_zone": "Asia/Almaty",
            "password1": "three unrelated garden words",
        },
    )
    services.sweep()

    letter = mail.outbox[0]
    html = str(letter.alternatives[0][0])
    assert "evil" not in letter.body
    assert "evil" not in html
    assert html.count("<a ") == html.count('href="http://127.0.0.1:8000/') > 0


def test_link_in_a_name_is_no_link(person: User) -> None:
    User.objects.filter(pk=person.pk).update(name_native="Look at www.evil.com")

    ask_for_reset(person)

    html = str(mail.outbox[0].alternatives[0][0])
    assert "www.evil.com" in html
    assert 'href="http://www.evil' not in html


def test_security_letter_says_nothing_where_letters_must_not(person: User) -> None:
    Reader.objects.create(user=person, mail_floor=0)
    context = {"user": person, "ip": "10.1.2.3", "user_agent": "Browser"}

    AccountAdapter().send_mail("account/email/password_changed", person.email, context)
    services.sweep()

    assert mail.outbox[0].subject == "There is news for you at the League"
    assert "10.1.2.3" not in mail.outbox[0].message().as_string()


def test_addresses_are_forgotten_once_the_letter_is_sent(person: User) -> None:
    ask_for_reset(person)

    assert Event.objects.get().data == {"letter": "account/email/password_reset_key"}


def test_letters_of_a_deleted_person_are_forgotten(person: User) -> None:
    ask_for_reset(person)

    person.delete()

    assert not Event.objects.exists()
