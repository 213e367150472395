"""Every transition of an application and of a membership: from where, to where, and who may do it.

The tables are the whole truth: services refuse what is not in them, whoever asks, and the office's buttons are read
from them. What else must be true (a guard) is checked by the service, which names it in its exception. A superuser
has no transition of his own.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from members.choices import ApplicationStatus, Standing


class Party(models.TextChoices):
    """Who acts in a transition."""

    APPLICANT = "applicant", _("applicant")
    MEMBER = "member", _("member")
    CHAPTER_REVIEWER = "chapter_reviewer", _("chapter reviewer")
    CHAPTER_OFFICER = "chapter_officer", _("chapter officer")
    TREASURER = "treasurer", _("treasurer")
    REGISTRAR = "registrar", _("registrar")
    BOARD = "board", _("board")
    ETHICS = "ethics", _("ethics committee")
    JOB = "job", _("scheduled job")


@dataclass(frozen=True)
class Transition:
    """One arrow of a state machine."""

    code: str  # of the design: "A5"
    name: str  # the verb, as services and the audit log call it: "take"
    label: StrOrPromise  # as on a button
    sources: frozenset[str]
    targets: frozenset[str]  # more than one where votes or rows decide which
    parties: frozenset[Party]


def _arrow(
    code: str, name: str, label: StrOrPromise, sources: Iterable[str], targets: Iterable[str], *parties: Party
) -> Transition:
    return Transition(code, name, label, frozenset(sources), frozenset(targets), frozenset(parties))


REVIEWERS = (Party.CHAPTER_REVIEWER, Party.CHAPTER_OFFICER)
BEFORE_DECISION = (
    ApplicationStatus.DRAFT,
    ApplicationStatus.SUBMITTED,
    ApplicationStatus.UNDER_REVIEW,
    ApplicationStatus.INFO_REQUESTED,
    ApplicationStatus.RECOMMENDED,
    ApplicationStatus.NOT_RECOMMENDED,
)
ADVISED = (ApplicationStatus.RECOMMENDED, ApplicationStatus.NOT_RECOMMENDED)

APPLICATION = (
    _arrow("A2", "submit", _("Submit"), [ApplicationStatus.DRAFT], [ApplicationStatus.SUBMITTED], Party.APPLICANT),
    _arrow("A3", "withdraw", _("Withdraw"), BEFORE_DECISION, [ApplicationStatus.WITHDRAWN], Party.APPLICANT),
    _arrow("A4", "expire_draft", _("Expire"), [ApplicationStatus.DRAFT], [ApplicationStatus.EXPIRED], Party.JOB),
    _arrow(
        "A5", "take", _("Take for review"), [ApplicationStatus.SUBMITTED], [ApplicationStatus.UNDER_REVIEW], *REVIEWERS
    ),
    _arrow(
        "A6",
        "request_information",
        _("Ask the applicant"),
        [ApplicationStatus.UNDER_REVIEW],
        [ApplicationStatus.INFO_REQUESTED],
        *REVIEWERS,
    ),
    _arrow(
        "A7",
        "answer",
        _("Send the answers"),
        [ApplicationStatus.INFO_REQUESTED],
        [ApplicationStatus.UNDER_REVIEW],
        Party.APPLICANT,
    ),
    _arrow(
        "A8",
        "expire_unanswered",
        _("Expire"),
        [ApplicationStatus.INFO_REQUESTED],
        [ApplicationStatus.EXPIRED],
        Party.JOB,
    ),
    _arrow(
        "A11",
        "recommend",
        _("Recommend"),
        [ApplicationStatus.UNDER_REVIEW],
        [ApplicationStatus.RECOMMENDED],
        Party.CHAPTER_OFFICER,
    ),
    _arrow(
        "A12",
        "advise_against",
        _("Do not recommend"),
        [ApplicationStatus.UNDER_REVIEW],
        [ApplicationStatus.NOT_RECOMMENDED],
        Party.CHAPTER_OFFICER,
    ),
    _arrow("A13", "approve", _("Approve"), ADVISED, [ApplicationStatus.APPROVED], Party.REGISTRAR, Party.BOARD),
    _arrow(
        "A14",
        "return_to_chapter",
        _("Return to the chapter"),
        ADVISED,
        [ApplicationStatus.UNDER_REVIEW],
        Party.REGISTRAR,
    ),
    _arrow("A15", "reject", _("Reject"), ADVISED, [ApplicationStatus.REJECTED], Party.REGISTRAR, Party.BOARD),
    _arrow("A16", "appeal", _("Appeal"), [ApplicationStatus.REJECTED], [ApplicationStatus.APPEALED], Party.APPLICANT),
    _arrow(
        "A17",
        "vote_on_appeal",
        _("Vote"),
        [ApplicationStatus.APPEALED],
        [ApplicationStatus.APPEALED, ApplicationStatus.APPROVED, ApplicationStatus.REJECTED_FINAL],
        Party.BOARD,
    ),
    _arrow(
        "A18",
        "await_dues",
        _("Wait for dues"),
        [ApplicationStatus.APPROVED],
        [ApplicationStatus.AWAITING_DUES],
        Party.JOB,
    ),
    _arrow(
        "A19",
        "complete",
        _("Complete"),
        [ApplicationStatus.APPROVED, ApplicationStatus.AWAITING_DUES],
        [ApplicationStatus.COMPLETED],
        Party.TREASURER,
        # Who waives dues, within a limit or above it, completes what they were asked for.
        Party.CHAPTER_OFFICER,
        Party.REGISTRAR,
        Party.BOARD,
        Party.JOB,
    ),
    _arrow(
        "A20", "expire_unpaid", _("Expire"), [ApplicationStatus.AWAITING_DUES], [ApplicationStatus.EXPIRED], Party.JOB
    ),
    _arrow(
        "A20b", "revive", _("Revive"), [ApplicationStatus.EXPIRED], [ApplicationStatus.AWAITING_DUES], Party.APPLICANT
    ),
)

LIVING = (Standing.ACTIVE, Standing.GRACE, Standing.LAPSED, Standing.SUSPENDED)

MEMBERSHIP = (
    _arrow(
        "M1",
        "admit",
        _("Admit"),
        [Standing.NONE, Standing.RESIGNED, Standing.LAPSED, Standing.EXPELLED],
        [Standing.ACTIVE],
        Party.JOB,
    ),
    _arrow(
        "M2",
        "renew",
        _("Renew"),
        [Standing.ACTIVE, Standing.SUSPENDED],
        [Standing.ACTIVE, Standing.SUSPENDED],
        Party.MEMBER,
        Party.TREASURER,
        Party.JOB,
    ),
    _arrow(
        "M4",
        "renew_in_grace",
        _("Renew"),
        [Standing.GRACE],
        [Standing.ACTIVE],
        Party.MEMBER,
        Party.TREASURER,
        Party.JOB,
    ),
    _arrow(
        "M6",
        "return_from_lapse",
        _("Renew"),
        [Standing.LAPSED],
        [Standing.ACTIVE],
        Party.MEMBER,
        Party.TREASURER,
        Party.JOB,
    ),
    _arrow(
        "M8",
        "suspend",
        _("Suspend"),
        [Standing.ACTIVE, Standing.GRACE],
        [Standing.ACTIVE, Standing.GRACE, Standing.SUSPENDED],
        Party.ETHICS,
        Party.REGISTRAR,
    ),
    _arrow(
        "M9",
        "confirm_licence",
        _("Suspend"),
        [Standing.ACTIVE, Standing.GRACE],
        [Standing.SUSPENDED],
        Party.CHAPTER_OFFICER,
    ),
    _arrow(
        "M10",
        "lift",
        _("Lift the suspension"),
        [Standing.ACTIVE, Standing.GRACE, Standing.LAPSED, Standing.SUSPENDED],
        [Standing.ACTIVE, Standing.GRACE, Standing.LAPSED],
        Party.ETHICS,
        Party.JOB,
    ),
    _arrow(
        "M11",
        "expel",
        _("Expel"),
        [Standing.ACTIVE, Standing.GRACE, Standing.SUSPENDED],
        [Standing.EXPELLED],
        Party.BOARD,
    ),
    _arrow("M13", "resign", _("Resign"), LIVING, [*LIVING, Standing.RESIGNED], Party.MEMBER),
    _arrow("M14", "record_death", _("Record a death"), list(Standing), [Standing.DECEASED], Party.CHAPTER_OFFICER),
)


def find(table: Iterable[Transition], name: str) -> Transition:
    """Return the transition of that name. Raises KeyError."""
    for transition in table:
        if transition.name == name:
            return transition
    raise KeyError(name)


def permitted(table: Iterable[Transition], state: str, parties: Collection[Party]) -> list[Transition]:
    """Return what these parties may do from a state, in the order of the table."""
    return [arrow for arrow in table if state in arrow.sources and not arrow.parties.isdisjoint(parties)]
