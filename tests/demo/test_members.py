"""The members of the demo world."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import User
from demo.loader import load_demo, read_demo
from members.choices import Country, Standing
from members.models import Licence, Membership, MembershipPeriod, TierPrice
from members.rules.standing import standing_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> dt.datetime:
    now = timezone.now()
    load_demo(read_demo(), hostname="testserver", port=80, at=now)
    return now


def test_members_reach_every_standing_in_every_country(at: dt.datetime) -> None:
    fictional = Membership.objects.filter(user__email__regex=r"^[a-z]{2}\d{3}@")
    assert fictional.count() == 160
    for country in Country:
        reached = set(fictional.filter(chapter__country=country).values_list("standing", flat=True))
        assert reached >= set(Standing) - {Standing.NONE}, country
    derived = {row.pk: standing_on(row.facts(), at.date()) for row in Membership.objects.with_facts()}
    assert derived == dict(Membership.objects.values_list("pk", "standing"))


def test_members_have_numbers_of_their_own_licences_and_prices(at: dt.datetime) -> None:
    full = Membership.objects.filter(tier__needs_licence=True)
    assert Licence.objects.count() == full.count()
    assert TierPrice.objects.count() == 30
    assert User.objects.filter(membership__isnull=True).values_list("email", flat=True).get() == "applicant@example.org"
    assert not MembershipPeriod.objects.filter(starts_on__gt=at.date()).exists()
