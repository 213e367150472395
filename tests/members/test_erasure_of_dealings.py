"""Erasing a person empties what was written to the League and to colleagues, and ends what was given in that name."""

import datetime as dt

import pytest
from django.utils import timezone

from members.models import CardToken, CommitteeMember, ContactMessage, CpdEntry, Transfer, league_day
from members.services.cards import issue_card
from members.services.cpd import record_course
from members.services.personal_data import erase_person
from members.services.transfers import ask_transfer
from tests.factories.committees import CommitteeFactory
from tests.factories.members import ChapterFactory
from tests.factories.membership import MembershipFactory

pytestmark = pytest.mark.django_db


def test_dealings_are_emptied_and_the_ledger_stays() -> None:
    membership, friend = MembershipFactory(), MembershipFactory()
    user, now, today = membership.user, timezone.now(), league_day()
    issue_card(membership, actor=user, at=now)
    record_course(user, key="course:1", title="Суд присяжных", minutes=120, on=today, at=now)
    there = ChapterFactory(country="KG")
    ask_transfer(membership, actor=user, to_chapter=there, reason="Семейные обстоятельства.", at=now)
    ContactMessage.objects.create(sender=user, recipient=friend.user, text="Здравствуйте!", sent_at=now)
    seat = CommitteeMember.objects.create(
        committee=CommitteeFactory(), user=user, role="member", starts_on=today - dt.timedelta(days=9)
    )

    erase_person(user, actor=user, at=now)

    seat.refresh_from_db()
    assert seat.ends_on is not None
    assert not CardToken.objects.filter(revoked_at=None).exists()
    assert not ContactMessage.objects.exists()
    assert Transfer.objects.get().reason == ""
    assert not Transfer.objects.open().exists()
    assert CpdEntry.objects.filter(user=user).count() == 1
