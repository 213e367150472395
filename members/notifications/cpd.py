"""What members are told about their hours of professional development: that something was decided, never what for."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from members.models import CpdClaim, CpdEntry
from notifications.registry import Kind, Notice, Subject, register


def load_own_claims(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return a person's own claims: one query."""
    url = reverse("cpd:claim_list")
    rows = CpdClaim.objects.filter(user=user, pk__in=list(ids)).values_list("pk", flat=True)
    return {str(pk): Subject(title=_("Professional development"), url=url) for pk in rows}


def load_own_entries(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return entries of a person's own ledger: one query."""
    url = reverse("cpd:ledger")
    rows = CpdEntry.objects.filter(user=user, pk__in=list(ids)).values_list("pk", flat=True)
    return {str(pk): Subject(title=_("Professional development"), url=url) for pk in rows}


def _decided(notice: Notice) -> str:
    return _("Your claim of professional development hours was decided")


def _reversed(notice: Notice) -> str:
    return _("An entry of your professional development ledger was corrected")


CLAIM_DECIDED = register(
    Kind(
        name="members.cpd_claim_decided",
        label=gettext_lazy("A claim of professional development hours was decided"),
        group=gettext_lazy("The League"),
        load=load_own_claims,
        line=_decided,
        paragraphs=lambda notice: [_("The decision and its reason stand beside the claim.")],
        action=gettext_lazy("Open my claims"),
        reason=gettext_lazy("You get this letter because you claimed professional development hours."),
        icon="award",
    )
)

ENTRY_REVERSED = register(
    Kind(
        name="members.cpd_entry_reversed",
        label=gettext_lazy("An entry of the professional development ledger was corrected"),
        group=gettext_lazy("The League"),
        load=load_own_entries,
        line=_reversed,
        paragraphs=lambda notice: [
            _("The reason stands in the ledger. If you disagree, write to the office of your chapter.")
        ],
        action=gettext_lazy("Open my ledger"),
        reason=gettext_lazy("You get this letter because hours are recorded in your ledger."),
        icon="award",
    )
)
