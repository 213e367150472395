import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import User
from notifications import services, tasks
from notifications.models import Delivery, Event, Item, Message
from tests.factories.accounts import UserFactory
from tests.factories.notifications import never_quiet, pump, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    person = UserFactory()
    never_quiet(person)
    return person


def test_what_is_a_year_old_is_forgotten_whole(person: User) -> None:
    old = tell(person)
    pump()
    Event.objects.update(created_at=timezone.now() - dt.timedelta(days=366))
    Message.objects.update(created_at=timezone.now() - dt.timedelta(days=366))
    new = tell(person, subject=UserFactory())
    pump()

    assert tasks.forget_old() == 1

    assert list(Event.objects.all()) == [new]
    assert old.pk not in Delivery.objects.values_list("event_id", flat=True)
    assert (Item.objects.count(), Message.objects.count()) == (1, 1)


def test_what_is_not_finished_is_never_forgotten(person: User) -> None:
    tell(person)
    Event.objects.update(created_at=timezone.now() - dt.timedelta(days=366))

    assert services.forget_old(at=timezone.now()) == 0
    assert Event.objects.count() == 1
