"""What accounts, members, notifications and the audit log hold about a person: the tables of a copy.

Left out, because it is not about the person or would harm others: secrets of sign-in, internal notes of officers and
their advice to each other, what referees said, votes of the board, texts of the audit log.
"""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.models import AuditEvent
from members.choices import DecisionStep
from members.models import (
    Application,
    ApplicationDocument,
    CardToken,
    CommitteeMember,
    Consent,
    ContactBlock,
    ContactMessage,
    CpdClaim,
    CpdEntry,
    DataRequest,
    Decision,
    HardshipRequest,
    InformationRequest,
    Invoice,
    Licence,
    LicenceCheck,
    Membership,
    MembershipPeriod,
    OfficeTerm,
    Payment,
    Profile,
    Receipt,
    Reference,
    Sanction,
    Transcript,
    Transfer,
    Waiver,
)
from members.models.profiles import DESCRIPTION
from members.registry.personal_data import Table, register_export, table_of
from notifications.models import Item, Message, Mute, Preference, PushSubscription, Reader

PROFILE = (
    "chapter",
    *DESCRIPTION,
    "pseudonym",
    "audiences",
    "photo",
)
ACTIVITY = ("done_on", "activity", "provider", "title", "minutes", "topics", "is_self_study")


def _account(user: User) -> Table:
    fields = ("email", "name_native", "name_latin", "language", "time_zone", "joined_at", "last_login")
    return table_of(User.objects.filter(pk=user.pk), *fields)


def _sessions(user: User) -> Table:
    return table_of(UserSession.objects.filter(user=user), "created_at", "last_seen_at", "ip", "user_agent")


def _sanctions(user: User) -> Table:
    rows = Sanction.objects.filter(membership__user=user, confirmed_at__isnull=False)
    fields = ("kind", "ground", "text_for_member", "decision_reference", "starts_on", "ends_on", "lifted_on")
    return table_of(rows, *fields)


def _applications(user: User) -> Table:
    rows = Application.objects.filter(user=user).select_related("chapter", "tier")
    texts = ("answers", "motivation", "hardship", "appeal_text")
    dates = ("created_at", "submitted_at", "approved_at", "rejected_at", "closed_at")
    return table_of(rows, "number", "kind", "status", "chapter", "tier", *texts, *dates)


def _documents(user: User) -> Table:
    rows = ApplicationDocument.objects.filter(application__user=user).select_related("application")
    return table_of(rows, "application__number", "kind", "name", "size", "uploaded_at", "purged_at", "file")


def _decisions(user: User) -> Table:
    """Decisions as the applicant may read them: the chapter's advice goes to the League alone."""
    steps = (DecisionStep.LEAGUE, DecisionStep.APPEAL)
    rows = Decision.objects.filter(application__user=user, step__in=steps).select_related("application")
    fields = ("step", "is_positive", "reason_code", "text_for_applicant", "decided_at")
    return table_of(rows, "application__number", *fields)


def _questions(user: User) -> Table:
    rows = InformationRequest.objects.filter(application__user=user).select_related("application")
    return table_of(rows, "application__number", "question", "asked_at", "answer", "answered_at")


def _references_named(user: User) -> Table:
    rows = Reference.objects.filter(application__user=user).select_related("application")
    return table_of(rows, "application__number", "name", "email", "status", "invited_at", "answered_at")


def _references_given(user: User) -> Table:
    rows = Reference.objects.filter(referee=user).select_related("application")
    return table_of(rows, "application__number", "status", "known_years", "statement", "conflict", "answered_at")


def _consents(user: User) -> Table:
    rows = Consent.objects.filter(user=user).select_related("text")
    return table_of(rows, "text__kind", "text__version", "text__text_ru", "text__text_en", "given_at")


def _checks(user: User) -> Table:
    rows = LicenceCheck.objects.filter(licence__user=user).select_related("licence")
    return table_of(rows, "licence__number", "state", "method", "checked_at")


def _invoices(user: User) -> Table:
    dates = ("issued_on", "due_on", "settled_at", "voided_at")
    rows = Invoice.objects.filter(user=user)
    return table_of(rows, "number", "purpose", "currency", "amount", "payer_name", *dates)


def _payments(user: User) -> Table:
    rows = Payment.objects.filter(invoice__user=user).select_related("invoice")
    return table_of(rows, "invoice__number", "amount", "method", "received_on", "reference", "reason", "recorded_at")


def _waivers(user: User) -> Table:
    rows = Waiver.objects.filter(invoice__user=user).select_related("invoice")
    return table_of(rows, "invoice__number", "kind", "amount", "reason", "decided_at")


def _receipts(user: User) -> Table:
    rows = Receipt.objects.filter(payment__invoice__user=user)
    return table_of(rows, "number", "issued_on", "pdf")


def _about(user: User) -> Table:
    """Events about the person. Advice on an open application and proposals of sanctions are not out yet."""
    is_open = Application.objects.open().filter(user=user).values_list("pk", flat=True)
    rows = (
        AuditEvent.objects.filter(person_id=user.pk)
        .exclude(subject_type="members.application", subject_id__in=[str(pk) for pk in is_open])
        .exclude(action__contains="propos")
    )
    return table_of(rows, "at", "action", "subject_type", "subject_id")


def _acts(user: User) -> Table:
    return table_of(AuditEvent.objects.filter(actor_id=user.pk), "at", "action", "subject_type", "subject_id")


def _register() -> None:
    register_export("accounts.person", _("Account"), _account)
    register_export(
        "accounts.addresses",
        _("E-mail addresses"),
        lambda user: table_of(EmailAddress.objects.filter(user=user), "email", "verified", "primary"),
    )
    register_export(
        "accounts.factors",
        _("Second steps at sign-in"),
        lambda user: table_of(Authenticator.objects.filter(user=user), "type", "created_at", "last_used_at"),
    )
    register_export("accounts.sessions", _("Where you are signed in"), _sessions)
    register_export(
        "members.profile",
        _("Profile"),
        lambda user: table_of(Profile.objects.filter(user=user).select_related("chapter"), *PROFILE),
    )
    register_export(
        "members.membership",
        _("Membership"),
        lambda user: table_of(
            Membership.objects.filter(user=user).select_related("chapter", "tier"),
            *("number", "chapter", "tier", "joined_on", "resigned_on", "standing"),
        ),
    )
    register_export(
        "members.periods",
        _("Periods of membership"),
        lambda user: table_of(
            MembershipPeriod.objects.filter(membership__user=user).select_related("tier"),
            *("tier", "starts_on", "ends_on", "source", "created_at"),
        ),
    )
    register_export("members.sanctions", _("Sanctions"), _sanctions)
    register_export(
        "members.offices",
        _("Offices"),
        lambda user: table_of(
            OfficeTerm.objects.filter(user=user).select_related("chapter"), "role", "chapter", "starts_on", "ends_on"
        ),
    )
    register_export("members.applications", _("Applications"), _applications)
    register_export("members.documents", _("Documents of applications"), _documents)
    register_export("members.questions", _("Questions of the chapter and your answers"), _questions)
    register_export("members.decisions", _("Decisions"), _decisions)
    register_export("members.references_named", _("References that you named"), _references_named)
    register_export("members.references_given", _("References that you gave"), _references_given)
    register_export("members.consents", _("Consents"), _consents)
    register_export(
        "members.licences",
        _("Licences"),
        lambda user: table_of(
            Licence.objects.filter(user=user),
            *("country", "body", "number", "territory", "issued_on", "valid_until", "state", "checked_on"),
        ),
    )
    register_export("members.checks", _("Checks of licences"), _checks)
    register_export("members.invoices", _("Invoices"), _invoices)
    register_export("members.payments", _("Payments"), _payments)
    register_export("members.waivers", _("Waivers"), _waivers)
    register_export("members.receipts", _("Receipts"), _receipts)
    register_export(
        "members.hardship",
        _("Requests to pay less"),
        lambda user: table_of(
            HardshipRequest.objects.filter(invoice__user=user).select_related("invoice"),
            *("invoice__number", "reason", "created_at", "is_granted", "answer"),
        ),
    )
    register_export(
        "members.transfers",
        _("Moves to another chapter"),
        lambda user: table_of(
            Transfer.objects.filter(membership__user=user).select_related("from_chapter", "to_chapter"),
            *("from_chapter", "to_chapter", "reason", "asked_at", "completed_at", "refusal"),
        ),
    )
    register_export(
        "members.cards",
        _("Member cards"),
        lambda user: table_of(CardToken.objects.filter(membership__user=user), "shows_name", "issued_at", "revoked_at"),
    )
    register_export(
        "members.seats",
        _("Committees and working groups"),
        lambda user: table_of(
            CommitteeMember.objects.filter(user=user).select_related("committee"),
            *("committee", "role", "starts_on", "ends_on"),
        ),
    )
    register_export(
        "members.cpd",
        _("Professional development"),
        lambda user: table_of(CpdEntry.objects.filter(user=user), *ACTIVITY, "source", "reason", "recorded_at"),
    )
    register_export(
        "members.cpd_claims",
        _("Claims of professional development"),
        lambda user: table_of(CpdClaim.objects.filter(user=user), *ACTIVITY, "claimed_at", "status", "evidence"),
    )
    register_export(
        "members.transcripts",
        _("Transcripts"),
        lambda user: table_of(
            Transcript.objects.filter(user=user), "starts_on", "ends_on", "total_minutes", "issued_at", "revoked_at"
        ),
    )
    register_export(
        "members.messages_received",
        _("Messages from colleagues"),
        lambda user: table_of(ContactMessage.objects.filter(recipient=user), "text", "sent_at", "read_at"),
    )
    register_export(
        "members.messages_sent",
        _("Messages to colleagues"),
        lambda user: table_of(ContactMessage.objects.filter(sender=user), "text", "sent_at"),
    )
    register_export(
        "members.blocks",
        _("Colleagues whom you do not hear from"),
        lambda user: table_of(ContactBlock.objects.filter(owner=user).select_related("blocked"), "blocked", "at"),
    )
    register_export(
        "members.requests",
        _("Requests about your data"),
        lambda user: table_of(DataRequest.objects.filter(user=user), "kind", "state", "asked_at", "finished_at"),
    )
    register_export(
        "notifications.items",
        _("Notifications"),
        lambda user: table_of(
            Item.objects.filter(user=user), "kind", "subject_id", "count", "created_at", "updated_at", "read_at"
        ),
    )
    register_export(
        "notifications.messages",
        _("Letters and push messages"),
        lambda user: table_of(Message.objects.filter(user=user), "channel", "kind", "state", "created_at", "sent_at"),
    )
    register_export(
        "notifications.reader",
        _("Notification settings"),
        lambda user: table_of(
            Reader.objects.filter(user=user), "digest", "digest_hour", "digest_weekday", "quiet_hours", "mail_floor"
        ),
    )
    register_export(
        "notifications.preferences",
        _("Choices for notifications"),
        lambda user: table_of(Preference.objects.filter(user=user), "kind", "channel", "mode"),
    )
    register_export(
        "notifications.mutes",
        _("What you muted"),
        lambda user: table_of(Mute.objects.filter(user=user), "scope", "created_at"),
    )
    register_export(
        "notifications.push",
        _("Browsers for push"),
        lambda user: table_of(PushSubscription.objects.filter(user=user), "device", "created_at", "used_at"),
    )
    register_export("audit.about", _("What was done about you"), _about)
    register_export("audit.acts", _("What you did"), _acts)


_register()
