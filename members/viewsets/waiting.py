"""What waits for the person, on the first page of Wagtail's admin."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.admin.ui.components import Component

from accounts.models import User
from members.filters.office import ApplicationFilter, LicenceFilter, for_queue
from members.models import Application, CpdClaim, DuplicateCase, HardshipRequest, Invoice, Licence, Transfer, league_day
from members.permissions.bulk import can_see_duplicates
from members.permissions.cpd import can_decide_claims
from members.permissions.dues import can_see_dues
from members.permissions.records import can_review, can_see_licences
from members.permissions.transfers import can_see_transfers
from members.services import licences


@dataclass(frozen=True)
class Work:
    """A list of the office in which something waits: its name, its address and how much there is."""

    label: str
    url: str
    number: int


class WaitingPanel(Component):
    """The lists of the office in which something waits for the person, and nothing for those without an office."""

    name = "members_waiting"
    template_name = "members/admin/_waiting.html"
    order = 50

    def get_context_data(self, parent_context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        assert parent_context is not None  # noqa: S101 -- Wagtail's home page gives one
        user = parent_context["request"].user
        lists = list(work_of(user))
        return {"has_office": bool(lists), "lists": [work for work in lists if work.number]}


def work_of(user: User) -> Iterator[Work]:
    """Count what waits in each list that the person may open: one query for a list, as its page filters it."""
    today = league_day()
    if can_review(user):
        queue = for_queue(Application.objects.in_office(user))
        waiting = ApplicationFilter({}, queue, chapters=[], user=user).qs
        yield Work(_("Applications"), reverse("applications:index"), waiting.count())
    if can_see_transfers(user):
        yield Work(_("Transfers"), reverse("transfers:index"), Transfer.objects.in_office(user).open().count())
    if can_see_licences(user):
        reached, due = Licence.objects.in_office(user), licences.licences_due(today)
        waiting = LicenceFilter({}, reached, chapters=[], user=user, today=today, due=due).qs
        yield Work(_("Licence checks"), reverse("licences:index"), waiting.count())
    if can_decide_claims(user):
        yield Work(
            _("Claims of hours"), reverse("cpd_office:index"), CpdClaim.objects.in_office(user).waiting().count()
        )
    if can_see_dues(user):
        dues, unpaid = reverse("dues_office:index"), Invoice.objects.in_office(user).open()
        asked = unpaid.filter(pk__in=HardshipRequest.objects.open().values("invoice"))
        yield Work(_("Requests for the hardship rate"), f"{dues}?state=hardship", asked.count())
        yield Work(_("Overdue invoices"), f"{dues}?state=overdue", unpaid.filter(due_on__lt=today).count())
    if can_see_duplicates(user):
        cases = DuplicateCase.objects.visible_to(user).open()
        yield Work(_("Duplicates"), reverse("duplicate:index"), cases.count())
