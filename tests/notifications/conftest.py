import pytest
from django.test import Client

from accounts.models import User
from tests.factories.accounts import UserFactory


@pytest.fixture
def reader(db: None) -> User:
    """Somebody who reads in English, zone Almaty."""
    return UserFactory(email="reader@example.org", name_native="Айгуль", language="en")


@pytest.fixture
def browser(client: Client, reader: User) -> Client:
    """The reader's browser."""
    client.force_login(reader)
    return client
