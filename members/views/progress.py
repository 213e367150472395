"""Where an applicant stands: the own application, the steps of its form, what each of them still lacks."""

from dataclasses import dataclass

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from members.choices import ApplicationKind
from members.models import Application
from members.rules.admission import references_needed
from members.services import applications as services


@dataclass(frozen=True)
class Step:
    """One step of the form as its pages show it."""

    name: str
    label: str
    url: str
    missing: tuple[str, ...]  # sentences

    @property
    def is_done(self) -> bool:
        return not self.missing


def own_application(user: User, application_id: int) -> Application:
    """Return the person's own application, else 404: officers read it on pages of their own."""
    applications = Application.objects.visible_to(user).filter(user=user)
    return get_object_or_404(applications.select_related("user", "chapter", "tier", "licence"), pk=application_id)


def title_of(kind: str) -> str:
    """Return what an application of a kind is called."""
    return {
        ApplicationKind.JOIN: _("Application for membership"),
        ApplicationKind.REINSTATE: _("Application for reinstatement"),
        ApplicationKind.TIER: _("Application for another kind of membership"),
    }[ApplicationKind(kind)]


def step_labels(application: Application) -> dict[str, str]:
    """Return the steps of an application in their order with what they are called."""
    labels = {
        "person": _("About you"),
        "licence": _("Licence"),
        "practice": _("Practice"),
        "documents": _("Documents"),
        "referees": _("Referees"),
        "check": _("Check and send"),
    }
    if not references_needed(application.kind):
        del labels["referees"]
    return labels


def steps_of(application: Application) -> list[Step]:
    """Return all steps with what is missing in each; the consents are given in the last one, with the submission."""
    missing: dict[str, list[str]] = {}
    for item in services.missing_items(application):
        missing.setdefault(item.step, []).append(str(item.sentence))
    return [
        Step(name, label, reverse(f"application:{name}", args=[application.pk]), tuple(missing.get(name, ())))
        for name, label in step_labels(application).items()
    ]


def step_context(application: Application, name: str) -> dict[str, object]:
    """Return what the frame of a step's page needs: all steps, this one's number, the one before."""
    steps = steps_of(application)
    number = next(index for index, step in enumerate(steps) if step.name == name)
    return {
        "application": application,
        "title": title_of(application.kind),
        "steps": steps,
        "step": steps[number],
        "number": number + 1,
        "needs_referees": references_needed(application.kind) > 0,
        "previous": steps[number - 1] if number else None,
    }


def next_url(application: Application, name: str) -> str:
    """Return the address of the step after this one."""
    names = list(step_labels(application))
    return reverse(f"application:{names[names.index(name) + 1]}", args=[application.pk])
