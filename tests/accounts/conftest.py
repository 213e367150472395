import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client

from accounts.models import User
from notifications import services
from tests.factories.accounts import PASSWORD, UserFactory


@pytest.fixture
def person(db: None) -> User:
    """Someone with a confirmed address, Russian interface, zone Almaty."""
    return UserFactory(email="aigul@example.org", name_native="Айгуль Нурпеисова", is_verified=True)


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """Sign in through the page, in a browser of one's own unless one is given."""

    def do(user: User, client: Client | None = None) -> Client:
        browser = client or Client()
        response = browser.post("/account/login/", {"login": user.email, "password": PASSWORD})
        assert response.status_code == 302
        return browser

    return do


class Letters(Sequence[EmailMessage]):
    """The letters that have arrived; whoever looks lets the workers do first what is due."""

    def __getitem__(self, index: Any) -> Any:
        services.sweep()
        return mail.outbox[index]

    def __len__(self) -> int:
        services.sweep()
        return len(mail.outbox)


@pytest.fixture
def mailoutbox(db: None) -> Letters:
    """Letters go through the outbox of `notifications`, not out of the request."""
    mail.outbox = []
    return Letters()


@pytest.fixture
def link_in() -> Callable[[EmailMessage], str]:
    """Return the path of the first link in a letter."""

    def find(letter: EmailMessage) -> str:
        match = re.search(r"https?://(?:testserver|127\.0\.0\.1:8000)(/\S+)", letter.body)
        assert match, letter.body
        return match.group(1)

    return find
