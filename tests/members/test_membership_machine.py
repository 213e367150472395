"""Membership: what each transition does, who may do it, and that nothing else is possible."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import User
from audit.models import AuditEvent
from members.choices import Country, OfficeRole, PeriodSource, SanctionGround, SanctionKind, Standing
from members.models import ExpulsionVote, Membership, Sanction, Transfer, league_day
from members.rules.transitions import MEMBERSHIP, Party
from members.services import sanctions, transfers
from members.services.memberships import (
    MembershipRefused,
    NotRenewable,
    add_months,
    add_period,
    admit_member,
    refresh_standing,
    renew_membership,
)
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import MembershipFactory, PeriodFactory, SanctionFactory, TierFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

DAY = dt.timedelta(days=1)


def holder(role: OfficeRole, membership: Membership) -> User:
    """Somebody who holds an office over this membership."""
    in_chapter = role in {OfficeRole.CHAPTER_OFFICER, OfficeRole.CHAPTER_REVIEWER}
    return OfficeTermFactory(role=role, chapter=membership.chapter if in_chapter else None).user


def suspend(membership: Membership, actor: User, **changes: object) -> Sanction:
    today = membership.chapter.today()
    options: dict[str, object] = {
        "ground": SanctionGround.CODE_OF_CONDUCT,
        "text_for_member": "Решение комиссии.",
        "internal_note": "",
        "decision_reference": "№ 3",
        "starts_on": today,
        "ends_on": today + 10 * DAY,
    }
    return sanctions.suspend_member(membership, actor=actor, at=timezone.now(), **{**options, **changes})  # type: ignore[arg-type]  # a table of options


def propose(membership: Membership, actor: User, **changes: object) -> Sanction:
    options: dict[str, object] = {
        "ground": SanctionGround.CONFIDENTIALITY,
        "text_for_member": "Решение правления.",
        "internal_note": "",
        "decision_reference": "№ 4",
        "hearing_on": membership.chapter.today() - DAY,
    }
    return sanctions.propose_expulsion(membership, actor=actor, at=timezone.now(), **{**options, **changes})  # type: ignore[arg-type]  # a table of options


def proposal(membership: Membership) -> Sanction:
    return sanctions.propose_licence_suspension(membership, at=timezone.now(), on=membership.chapter.today())


@pytest.mark.parametrize(
    ("day", "months", "result"),
    [("2026-01-31", 1, "2026-02-28"), ("2027-01-31", 13, "2028-02-29"), ("2026-12-01", 12, "2027-12-01")],
)
def test_months_end_where_the_month_ends(day: str, months: int, result: str) -> None:
    assert add_months(dt.date.fromisoformat(day), months) == dt.date.fromisoformat(result)


def test_admission_gives_a_number_a_period_a_profile_and_a_standing() -> None:
    chapter, user, today = ChapterFactory(), UserFactory(), league_day()

    membership = admit_member(
        user,
        chapter=chapter,
        tier=TierFactory(),
        source=PeriodSource.ADMISSION,
        actor=None,
        at=timezone.now(),
        on=today,
    )

    assert membership.number == "KZ-00001"
    assert membership.standing == Standing.ACTIVE
    assert user.profile.chapter == chapter
    assert membership.cards.current().count() == 1
    period = membership.periods.get()
    assert (period.starts_on, period.ends_on) == (today, add_months(today, 12) - DAY)
    assert [event.action for event in AuditEvent.objects.about(membership).order_by("pk")] == [
        "members.period_added",
        "members.admit",
    ]


def test_renewal_in_grace_dates_back_to_the_end() -> None:
    membership = MembershipFactory(paid=375)
    end = membership.periods.get().ends_on
    assert membership.standing == Standing.GRACE

    period = renew_membership(membership, actor=None, at=timezone.now(), on=league_day())

    assert period.starts_on == end + DAY
    membership.refresh_from_db()
    assert membership.standing == Standing.ACTIVE


def test_renewal_after_a_lapse_begins_today() -> None:
    membership = MembershipFactory(paid=500)
    assert membership.standing == Standing.LAPSED

    period = renew_membership(membership, actor=None, at=timezone.now(), on=league_day())

    assert period.starts_on == league_day()


@pytest.mark.parametrize("days_ago", [30, 1200], ids=["not open yet", "lapsed for over a year"])
def test_renewal_is_refused(days_ago: int) -> None:
    membership = MembershipFactory(paid=days_ago)

    with pytest.raises(NotRenewable):
        renew_membership(membership, actor=None, at=timezone.now(), on=league_day())

    assert membership.periods.count() == 1


def test_a_suspended_member_renews_and_stays_suspended() -> None:
    membership = MembershipFactory(paid=330)
    suspend(membership, holder(OfficeRole.ETHICS, membership))

    renew_membership(membership, actor=None, at=timezone.now(), on=league_day())

    membership.refresh_from_db()
    assert membership.standing == Standing.SUSPENDED
    assert membership.periods.count() == 2


def test_a_suspension_ends_by_itself_and_tells_the_member() -> None:
    membership = MembershipFactory()
    sanction = suspend(membership, holder(OfficeRole.ETHICS, membership))

    membership.refresh_from_db()
    assert membership.standing == Standing.SUSPENDED
    assert membership.standing_until == sanction.ends_on + DAY if sanction.ends_on else None
    assert refresh_standing(membership, on=membership.chapter.today() + 11 * DAY) == Standing.ACTIVE


@pytest.mark.parametrize(
    ("role", "changes", "sentence"),
    [
        (OfficeRole.REGISTRAR, {"ends_on": None}, "30 days at most"),
        (OfficeRole.REGISTRAR, {"ends_on": league_day() + 40 * DAY}, "30 days at most"),
        (OfficeRole.ETHICS, {"starts_on": league_day() - 5 * DAY}, "begins today or later"),
        (OfficeRole.ETHICS, {"ends_on": league_day() - DAY}, "cannot end before"),
        (OfficeRole.CHAPTER_OFFICER, {}, "does not allow"),
        (OfficeRole.BOARD, {}, "does not allow"),
        (OfficeRole.TREASURER, {}, "does not allow"),
    ],
)
def test_a_suspension_is_refused(role: OfficeRole, changes: dict[str, object], sentence: str) -> None:
    membership = MembershipFactory()
    actor = holder(role, membership)

    with pytest.raises(MembershipRefused, match=sentence):
        suspend(membership, actor, **changes)

    assert not membership.sanctions.exists()


def test_a_state_record_suspends_nobody_until_an_officer_confirms() -> None:
    membership = MembershipFactory()
    proposed = proposal(membership)
    assert proposal(membership) == proposed
    assert refresh_standing(membership, on=membership.chapter.today()) == Standing.ACTIVE

    sanctions.confirm_proposal(proposed, actor=holder(OfficeRole.CHAPTER_OFFICER, membership), at=timezone.now())

    membership.refresh_from_db()
    assert membership.standing == Standing.SUSPENDED


def test_a_licence_taken_in_reprisal_leaves_a_member_a_member() -> None:
    membership = MembershipFactory()
    proposed = proposal(membership)
    board = holder(OfficeRole.BOARD, membership)

    sanctions.dismiss_proposal(proposed, actor=board, reason="Преследование за защиту.", at=timezone.now())

    assert refresh_standing(membership, on=membership.chapter.today()) == Standing.ACTIVE
    with pytest.raises(MembershipRefused, match="decided this already"):
        sanctions.confirm_proposal(proposed, actor=holder(OfficeRole.CHAPTER_OFFICER, membership), at=timezone.now())


def test_the_ethics_committee_lifts_a_suspension_once() -> None:
    membership = MembershipFactory()
    ethics = holder(OfficeRole.ETHICS, membership)
    sanction = suspend(membership, ethics)
    today = membership.chapter.today()

    sanctions.lift_sanction(sanction, actor=ethics, reason="Жалоба отозвана.", on=today, at=timezone.now())

    membership.refresh_from_db()
    assert membership.standing == Standing.ACTIVE
    with pytest.raises(MembershipRefused):
        sanctions.lift_sanction(sanction, actor=ethics, reason="", on=today, at=timezone.now())


def test_two_thirds_of_the_board_expel() -> None:
    membership = MembershipFactory()
    board = [holder(OfficeRole.BOARD, membership) for _seat in range(3)]
    sanction = propose(membership, holder(OfficeRole.ETHICS, membership))

    sanctions.vote_on_expulsion(sanction, actor=board[0], is_for=True, at=timezone.now())
    membership.refresh_from_db()
    assert membership.standing == Standing.ACTIVE
    with pytest.raises(MembershipRefused, match="voted on this already"):
        sanctions.vote_on_expulsion(sanction, actor=board[0], is_for=True, at=timezone.now())
    sanctions.vote_on_expulsion(sanction, actor=board[1], is_for=True, at=timezone.now())

    membership.refresh_from_db()
    assert membership.standing == Standing.EXPELLED
    assert ExpulsionVote.objects.count() == 2


def test_the_board_refuses_an_expulsion() -> None:
    membership = MembershipFactory()
    board = [holder(OfficeRole.BOARD, membership) for _seat in range(3)]
    sanction = propose(membership, holder(OfficeRole.ETHICS, membership))

    for voter in board[:2]:
        sanctions.vote_on_expulsion(sanction, actor=voter, is_for=False, at=timezone.now())

    membership.refresh_from_db()
    sanction.refresh_from_db()
    assert membership.standing == Standing.ACTIVE
    assert sanction.dismissed_at is not None


def test_nobody_is_expelled_without_a_hearing() -> None:
    membership = MembershipFactory()

    with pytest.raises(MembershipRefused, match="could be heard"):
        propose(membership, holder(OfficeRole.ETHICS, membership), hearing_on=membership.chapter.today() + DAY)


def test_resigning_with_the_period_can_be_taken_back() -> None:
    membership = MembershipFactory()
    day = sanctions.resign_membership(membership, actor=membership.user, at_period_end=True, at=timezone.now())
    assert day == membership.periods.get().ends_on + DAY
    assert refresh_standing(membership, on=day) == Standing.RESIGNED

    sanctions.take_back_resignation(membership, actor=membership.user, at=timezone.now())

    assert refresh_standing(membership, on=day) == Standing.GRACE


def test_resigning_today_ends_the_membership_today() -> None:
    membership = MembershipFactory()

    sanctions.resign_membership(membership, actor=membership.user, at_period_end=False, at=timezone.now())

    membership.refresh_from_db()
    assert membership.standing == Standing.RESIGNED
    with pytest.raises(MembershipRefused):
        sanctions.take_back_resignation(membership, actor=membership.user, at=timezone.now())


def test_a_death_ends_everything_and_tells_nobody() -> None:
    membership = MembershipFactory()
    officer = holder(OfficeRole.CHAPTER_OFFICER, membership)

    sanctions.record_death(
        membership, actor=officer, on=membership.chapter.today(), note="Сообщила семья.", at=timezone.now()
    )

    membership.refresh_from_db()
    assert membership.standing == Standing.DECEASED
    assert not User.objects.get(pk=membership.user_id).is_active
    with pytest.raises(NotRenewable):
        renew_membership(membership, actor=None, at=timezone.now(), on=league_day())


ACTS: dict[str, Callable[[Membership, User], object]] = {
    "suspend": lambda membership, actor: suspend(membership, actor),
    "confirm_licence": lambda membership, actor: sanctions.confirm_proposal(
        proposal(membership), actor=actor, at=timezone.now()
    ),
    "lift": lambda membership, actor: sanctions.lift_sanction(
        membership.sanctions.filter(confirmed_at__isnull=False).first()
        or SanctionFactory(membership=membership, starts_on=league_day() + 3 * DAY),
        actor=actor,
        reason="",
        on=league_day(),
        at=timezone.now(),
    ),
    "expel": lambda membership, actor: sanctions.vote_on_expulsion(
        SanctionFactory(membership=membership, kind=SanctionKind.EXPULSION, confirmed_at=None),
        actor=actor,
        is_for=True,
        at=timezone.now(),
    ),
    "resign": lambda membership, actor: sanctions.resign_membership(
        membership, actor=actor, at_period_end=False, at=timezone.now()
    ),
    "record_death": lambda membership, actor: sanctions.record_death(
        membership, actor=actor, on=league_day(), note="", at=timezone.now()
    ),
}
ACTORS = ["superuser", "member", "officer elsewhere", *OfficeRole.values]


def in_standing(standing: Standing) -> Membership:
    """A membership in a standing."""
    paid = {Standing.GRACE: 375, Standing.LAPSED: 600, Standing.NONE: -1}.get(standing, 30)
    membership: Membership = MembershipFactory(paid=paid)
    if standing in {Standing.SUSPENDED, Standing.EXPELLED}:
        kind = SanctionKind.EXPULSION if standing == Standing.EXPELLED else SanctionKind.SUSPENSION
        SanctionFactory(membership=membership, kind=kind)
    membership.resigned_on = league_day() if standing == Standing.RESIGNED else None
    membership.deceased_on = league_day() if standing == Standing.DECEASED else None
    membership.save()
    assert refresh_standing(membership, on=league_day()) == standing
    return membership


def act_as(name: str, membership: Membership) -> tuple[User, set[Party]]:
    if name == "superuser":
        return UserFactory(is_superuser=True), set()
    if name == "member":
        return membership.user, {Party.MEMBER}
    if name == "officer elsewhere":
        elsewhere = ChapterFactory(country=Country.TURKMENISTAN)
        return OfficeTermFactory(chapter=elsewhere).user, set()
    return holder(OfficeRole(name), membership), {Party(name)}


@pytest.mark.parametrize("actor_name", ACTORS)
@pytest.mark.parametrize("standing", list(Standing))
@pytest.mark.parametrize("name", list(ACTS))
def test_only_the_table_decides_who_may_do_what(name: str, standing: Standing, actor_name: str) -> None:
    membership = in_standing(standing)
    actor, parties = act_as(actor_name, membership)
    arrow = next(arrow for arrow in MEMBERSHIP if arrow.name == name)
    is_allowed = standing in arrow.sources and not arrow.parties.isdisjoint(parties)
    before = AuditEvent.objects.filter(action=f"members.membership_{name}").count()

    if is_allowed:
        ACTS[name](membership, actor)
    else:
        with pytest.raises(MembershipRefused):
            ACTS[name](membership, actor)

    membership.refresh_from_db()
    events = AuditEvent.objects.filter(action__startswith="members.membership_", actor_id=actor.pk)
    if not is_allowed:
        assert membership.standing == standing
        assert AuditEvent.objects.filter(action=f"members.membership_{name}").count() == before
    else:
        assert membership.standing in arrow.targets | {standing}
        assert events.count() == 1


def test_a_transfer_needs_both_chapters() -> None:
    membership = MembershipFactory()
    there = ChapterFactory(country=Country.KYRGYZSTAN)
    asked = transfers.ask_transfer(
        membership, actor=membership.user, to_chapter=there, reason="Переезд.", at=timezone.now()
    )
    with pytest.raises(MembershipRefused, match="asked to move already"):
        transfers.ask_transfer(membership, actor=membership.user, to_chapter=there, reason="", at=timezone.now())

    transfers.agree_to_transfer(asked, actor=OfficeTermFactory(chapter=there).user, at=timezone.now())
    membership.refresh_from_db()
    assert membership.chapter != there
    transfers.agree_to_transfer(asked, actor=OfficeTermFactory(chapter=membership.chapter).user, at=timezone.now())

    membership.refresh_from_db()
    assert membership.chapter == there
    assert membership.user.profile.chapter == there


def test_the_silence_of_the_old_chapter_is_agreement() -> None:
    membership = MembershipFactory()
    there = ChapterFactory(country=Country.KYRGYZSTAN)
    long_ago = timezone.now() - dt.timedelta(days=15)
    asked = transfers.ask_transfer(membership, actor=membership.user, to_chapter=there, reason="", at=long_ago)
    transfers.agree_to_transfer(asked, actor=OfficeTermFactory(chapter=there).user, at=long_ago)

    assert transfers.settle_silent_transfers(timezone.now()) == 1
    assert transfers.settle_silent_transfers(timezone.now()) == 0

    membership.refresh_from_db()
    assert membership.chapter == there


def test_a_third_chapter_has_no_say_in_a_transfer() -> None:
    membership = MembershipFactory()
    there, third = ChapterFactory(country=Country.KYRGYZSTAN), ChapterFactory(country=Country.TAJIKISTAN)
    asked = transfers.ask_transfer(membership, actor=membership.user, to_chapter=there, reason="", at=timezone.now())
    stranger = OfficeTermFactory(chapter=third).user

    for act in (transfers.agree_to_transfer, lambda row, **kw: transfers.refuse_transfer(row, reason="", **kw)):
        with pytest.raises(MembershipRefused):
            act(asked, actor=stranger, at=timezone.now())

    assert not Transfer.objects.visible_to(stranger)


def test_periods_never_overlap() -> None:
    membership = MembershipFactory()

    with pytest.raises(ValueError, match="overlap"):
        add_period(
            membership,
            tier=membership.tier,
            starts_on=league_day(),
            source=PeriodSource.RENEWAL,
            actor=None,
            at=timezone.now(),
        )


def test_refreshing_a_standing_twice_changes_nothing() -> None:
    membership = MembershipFactory()
    PeriodFactory(membership=membership, tier=membership.tier, starts_on=league_day() + 400 * DAY)
    refresh_standing(membership, on=league_day())
    version = membership.version

    refresh_standing(membership, on=league_day())

    membership.refresh_from_db()
    assert membership.version == version
