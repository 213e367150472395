"""The applicant's and the referee's pages, through real requests and the real machine."""

import datetime as dt
import logging
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from members.choices import ApplicationKind, ApplicationStatus, DecisionStep, OfficeRole, ReferenceStatus
from members.http import MaskTokens
from members.models import (
    Application,
    ConsentText,
    Decision,
    InformationRequest,
    Licence,
    Reference,
    hash_token,
)
from members.services import applications as services
from members.services import references
from members.services.memberships import refresh_standing
from members.tokens import reference_token
from tests.factories.accounts import UserFactory
from tests.factories.application_pages import make_draft, make_submitted, make_texts, picture
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import (
    ApplicationFactory,
    InvoiceFactory,
    LicenceRuleFactory,
    MembershipFactory,
    ReferenceFactory,
    SanctionFactory,
    TierFactory,
    TierPriceFactory,
)

pytestmark = pytest.mark.django_db

HOME = "/en/membership/"


@pytest.fixture
def person() -> User:
    return UserFactory(is_verified=True, name_latin="Aigul", language="en")


@pytest.fixture
def applicant(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


def page(name: str, *args: object) -> str:
    """Return the address of a page of applications in English."""
    with translation.override("en"):
        return reverse(f"application:{name}", args=args)


def text_of(response: object) -> str:
    """Return what a reader sees, roughly: without tags, with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))  # type: ignore[attr-defined]


# The page for everybody


def test_home_invites_a_visitor_with_dues_and_rules(client: Client) -> None:
    TierPriceFactory()
    TierPriceFactory(amount=25000, starts_on=dt.date(2025, 1, 1))  # an older price
    response = client.get(HOME)
    text = text_of(response)
    assert response.status_code == 200
    assert "Create an account" in text
    assert "30,000" in text
    assert "25,000" not in text
    assert "After a final rejection you can apply again in 12 months." in text
    assert f"?next={page('start')}" in response.content.decode()


def test_home_without_an_application_says_apply(applicant: Client) -> None:
    text = text_of(applicant.get(HOME))
    assert "Apply for membership" in text
    assert "wait" not in text.lower()


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("draft", "Go on with your application"),
        ("submitted", "Your application waits for a reviewer of the chapter."),
        ("under_review", "The chapter is looking at your application."),
        ("info_requested", "The chapter has questions"),
        ("recommended", "The chapter has finished. The League’s registrar decides."),
        ("not_recommended", "The chapter has finished. The League’s registrar decides."),
        ("awaiting_dues", "Pay the dues, and you are a member."),
        ("appealed", "The board is deciding on your appeal."),
        ("withdrawn", "Apply for membership"),
    ],
)
def test_home_offers_the_next_step_of_an_application(
    applicant: Client, person: User, status: str, sentence: str
) -> None:
    ApplicationFactory(user=person, status=status)
    assert sentence in text_of(applicant.get(HOME))


def test_home_tells_who_was_rejected_of_the_appeal(applicant: Client, person: User) -> None:
    application = ApplicationFactory(user=person, status="rejected", rejected_at=timezone.now())
    assert "You can appeal until" in text_of(applicant.get(HOME))
    Application.objects.filter(pk=application.pk).update(rejected_at=timezone.now() - dt.timedelta(days=31))
    assert "Apply for membership" in text_of(applicant.get(HOME))


def test_home_says_when_one_may_apply_again(applicant: Client, person: User) -> None:
    ApplicationFactory(user=person, status="rejected_final", has_appealed=True)
    text = text_of(applicant.get(HOME))
    assert "You can apply again from" in text
    assert "Apply for membership" not in text


def test_home_offers_a_revival_of_an_approval(applicant: Client, person: User) -> None:
    ApplicationFactory(user=person, status="expired", approved_at=timezone.now() - dt.timedelta(days=70))
    assert "Your approval still stands" in text_of(applicant.get(HOME))


@pytest.mark.parametrize(
    ("paid", "sentence"),
    [
        (30, "You are a member"),
        (380, "You are a member"),
        (450, "Your membership has lapsed"),
        (900, "Ask to be reinstated"),
    ],
)
def test_home_by_standing(applicant: Client, person: User, paid: int, sentence: str) -> None:
    MembershipFactory(user=person, paid=paid)
    assert sentence in text_of(applicant.get(HOME))


def test_home_of_who_resigned_or_was_expelled(applicant: Client, person: User) -> None:
    membership = MembershipFactory(user=person)
    membership.resigned_on = timezone.localdate()
    membership.save()
    refresh_standing(membership, on=timezone.localdate())
    assert "You were a member before." in text_of(applicant.get(HOME))
    SanctionFactory(membership=membership, kind="expulsion")
    refresh_standing(membership, on=timezone.localdate())
    assert "You can ask to be reinstated from" in text_of(applicant.get(HOME))


@pytest.mark.parametrize("count", [1, 3, 30])
def test_home_costs_the_same_for_any_number_of_prices(
    applicant: Client, person: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    MembershipFactory(user=person)
    for number in range(count):
        tier = TierFactory(code=f"kind-{number}")
        for country in ("KZ", "KG"):
            TierPriceFactory(tier=tier, chapter=ChapterFactory(country=country))
    applicant.get(HOME)
    with django_assert_num_queries(7):
        applicant.get(HOME)


# The steps


def test_start_begins_a_draft_and_leads_to_the_first_step(applicant: Client, person: User) -> None:
    assert "You will need" in text_of(applicant.get(page("start")))
    response = applicant.post(page("start"))
    application = Application.objects.get(user=person)
    assert response["Location"] == page("person", application.pk)
    assert applicant.get(page("start"))["Location"] == page("detail", application.pk)


def test_start_asks_a_visitor_to_sign_in(client: Client) -> None:
    assert client.get(page("start"))["Location"].startswith("/en/account/login/?next=")


def test_start_refuses_an_unconfirmed_address(client: Client) -> None:
    client.force_login(UserFactory(language="en"))
    response = client.post(page("start"), follow=True)
    assert "Confirm your e-mail address first" in text_of(response)
    assert not Application.objects.exists()


def test_a_whole_application_by_its_pages(applicant: Client, person: User) -> None:
    chapter, tier, texts = ChapterFactory(), TierFactory(), make_texts()
    LicenceRuleFactory(needs_valid_until=True, needs_territory=True, number_pattern=r"\d{7}", hint_en="Seven digits")
    applicant.post(page("start"))
    number = Application.objects.get(user=person).pk
    response = applicant.post(
        page("person", number), {"birth_year": "1985", "chapter": chapter.pk, "city": "Almaty", "phone": ""}
    )
    assert response["Location"] == page("licence", number)
    assert "Seven digits" in text_of(applicant.get(page("licence", number)))
    licence = {
        "number": "0123456",
        "territory": "Almaty city",
        **{f"issued_on_{part}": value for part, value in (("day", 12), ("month", 3), ("year", 2015))},
        **{f"valid_until_{part}": value for part, value in (("day", 12), ("month", 3), ("year", 2055))},
    }
    assert applicant.post(page("licence", number), licence)["Location"] == page("practice", number)
    practice = {"tier": tier.pk, "areas": ["jury", "criminal"], "languages": ["ru"], "motivation": "To learn together."}
    assert applicant.post(page("practice", number), practice)["Location"] == page("documents", number)
    for kind, color in (("identity", "white"), ("licence", "blue")):
        applicant.post(page("documents", number), {"kind": kind, "file": picture(f"{kind}.png", color)})
    referees = {
        "name_1": "Daniyar",
        "email_1": "one@example.org",
        "language_1": "ru",
        "name_2": "Gulnara",
        "email_2": "Two@example.org",
        "language_2": "en",
    }
    assert applicant.post(page("referees", number), referees)["Location"] == page("check", number)
    checked = applicant.get(page("check", number))
    text = text_of(checked)
    for shown in (
        "0123456",
        "Almaty city",
        "March 12, 2015",
        "Jury trials",
        "two@example.org",
        "identity.png",
        "I agree to data.",
    ):
        assert shown in text, shown
    application = Application.objects.get(pk=number)
    ticks = {f"text_{one.pk}": "on" for one in texts}
    response = applicant.post(page("check", number), {"version": application.version, **ticks})
    assert response["Location"] == page("submitted", number)
    application.refresh_from_db()
    assert application.status == ApplicationStatus.SUBMITTED
    assert application.licence == Licence.objects.get(number="0123456", valid_until=dt.date(2055, 3, 12))
    assert application.number in text_of(applicant.get(page("submitted", number)))
    assert [one.invited_at is not None for one in application.references.all()] == [True, True]
    # What was sent stands as it is.
    assert applicant.get(page("person", number))["Location"] == page("detail", number)


def test_person_errors_lead_to_their_fields(applicant: Client, person: User) -> None:
    application = services.start_application(person, at=timezone.now())
    response = applicant.post(page("person", application.pk), {"birth_year": "85", "phone": "call me"})
    html = response.content.decode()
    assert response.status_code == 422
    assert "<title>Error: About you" in html
    for field in ("birth_year", "phone", "chapter", "city"):
        assert f'href="#id_{field}"' in html, field
    assert 'value="85"' in html
    assert Application.objects.get(pk=application.pk).answers == {}


def test_finish_later_keeps_what_is_right(applicant: Client, person: User) -> None:
    application = services.start_application(person, at=timezone.now())
    response = applicant.post(
        page("person", application.pk), {"birth_year": "85", "city": "Osh", "later": "1"}, follow=True
    )
    assert response.redirect_chain[-1][0] == HOME
    assert "without the answers that still need correcting" in text_of(response)
    application.refresh_from_db()
    assert application.answers["person"] == {"city": "Osh"}
    assert 'value="Osh"' in applicant.get(page("person", application.pk)).content.decode()


def test_licence_needs_a_country_first(applicant: Client, person: User) -> None:
    application = services.start_application(person, at=timezone.now())
    assert applicant.get(page("licence", application.pk))["Location"] == page("person", application.pk)


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"number": "", "issued": ("12", "3", "2015")}, "Enter the number of the licence."),
        ({"number": "AB-1", "issued": ("12", "3", "2015")}, "This does not look like a number of this document."),
        ({"number": "0123456", "issued": ("31", "2", "2015")}, "There is no such date."),
        ({"number": "0123456", "issued": ("12", "", "2015")}, "Enter the day, the month and the year."),
        ({"number": "0123456", "issued": ("", "", "")}, "Enter the date of issue."),
        ({"number": "0123456", "issued": ("1", "1", "2999")}, "The date of issue cannot be in the future."),
        ({"number": "0123456", "issued": ("1", "1", "99999")}, "There is no such date."),
        ({"number": "0123456", "issued": ("ten", "1", "2015")}, "There is no such date."),
        ({"number": "0123456", "issued": ("12", "3", "2015"), "no_licence": "on"}, "Either tick this, or fill in"),
    ],
)
def test_licence_errors(applicant: Client, person: User, answers: dict[str, object], sentence: str) -> None:
    LicenceRuleFactory(number_pattern=r"\d{7}")
    application = services.start_application(person, at=timezone.now())
    services.save_step(application, actor=person, step="person", data={"chapter": ChapterFactory()}, at=timezone.now())
    day, month, year = answers.pop("issued")  # type: ignore[misc]
    data = {**answers, "issued_on_day": day, "issued_on_month": month, "issued_on_year": year}
    response = applicant.post(page("licence", application.pk), data)
    assert response.status_code == 422
    assert sentence in text_of(response)
    if "date" in sentence or "day" in sentence:
        assert 'href="#id_issued_on_0"' in response.content.decode()
        assert 'id="id_issued_on_0"' in response.content.decode()
    assert not Licence.objects.exists()


def test_licence_that_has_expired_or_a_broken_rule(applicant: Client, person: User) -> None:
    LicenceRuleFactory(number_pattern="(", needs_valid_until=True)
    application = services.start_application(person, at=timezone.now())
    services.save_step(application, actor=person, step="person", data={"chapter": ChapterFactory()}, at=timezone.now())
    data = {"number": "any", "issued_on_day": 1, "issued_on_month": 2, "issued_on_year": 2015}
    valid = {"valid_until_day": 1, "valid_until_month": 2, "valid_until_year": 2020}
    response = applicant.post(page("licence", application.pk), {**data, **valid})
    assert "This day has passed." in text_of(response)
    assert (
        applicant.post(page("licence", application.pk), {**data, **valid, "valid_until_year": 2090}).status_code == 302
    )


def test_who_has_no_licence_goes_on(applicant: Client, person: User) -> None:
    application = services.start_application(person, at=timezone.now())
    services.save_step(application, actor=person, step="person", data={"chapter": ChapterFactory()}, at=timezone.now())
    response = applicant.post(page("licence", application.pk), {"no_licence": "on"})
    assert response["Location"] == page("practice", application.pk)
    assert not Licence.objects.exists()


def test_change_leads_back_to_the_overview(applicant: Client, person: User) -> None:
    application = make_draft(person)
    assert f"{page('practice', application.pk)}?back" in applicant.get(page("check", application.pk)).content.decode()
    data = {"tier": application.tier_id, "areas": ["civil"], "languages": ["en"], "motivation": "Other"}
    response = applicant.post(page("practice", application.pk) + "?back", data)
    assert response["Location"] == page("check", application.pk)
    assert Application.objects.get(pk=application.pk).motivation == "Other"


def test_who_changes_the_kind_of_membership_is_asked_for_no_referees(applicant: Client, person: User) -> None:
    application = ApplicationFactory(user=person, kind=ApplicationKind.TIER)

    assert applicant.get(page("referees", application.pk)).status_code == 404
    assert applicant.post(page("referees", application.pk), {"name_1": "Somebody"}).status_code == 404
    assert "two members who know your work" not in text_of(applicant.get(page("person", application.pk)))


@pytest.mark.parametrize(
    ("kind", "title", "question"),
    [
        ("join", "Application for membership", "Why you want to join"),
        ("reinstate", "Application for reinstatement", "Why you want to come back"),
        ("tier", "Application for another kind of membership", "Why you ask for another kind of membership"),
    ],
)
def test_titles_and_questions_follow_the_kind(
    applicant: Client, person: User, kind: str, title: str, question: str
) -> None:
    application = ApplicationFactory(user=person, kind=kind, motivation="")

    practice = text_of(applicant.get(page("practice", application.pk)))
    check = text_of(applicant.get(page("check", application.pk)))

    assert f"{title}, step 3 of" in practice
    assert f"· {title}" in practice
    assert question in practice
    assert question in check
    assert question.replace("Why", "Write why", 1) in check
    refused = applicant.post(page("practice", application.pk), {"motivation": ""})
    assert question.replace("Why", "Write why", 1) in text_of(refused)


def test_start_is_titled_by_what_a_member_can_ask_for(applicant: Client, person: User) -> None:
    MembershipFactory(user=person, paid=30)

    assert "<title>Application for another kind of membership" in applicant.get(page("start")).content.decode()


def test_who_changes_the_kind_of_membership_is_not_told_of_becoming_a_member(applicant: Client, person: User) -> None:
    application = make_submitted(person)
    MembershipFactory(user=person, paid=30)
    Application.objects.filter(pk=application.pk).update(kind="tier", status="awaiting_dues")

    assert "Pay the difference in dues, and it is yours." in text_of(applicant.get(HOME))
    waiting = text_of(applicant.get(page("detail", application.pk)))
    assert "Application for another kind of membership" in waiting
    assert "Pay the difference in dues to change the kind of membership." in waiting

    Application.objects.filter(pk=application.pk).update(status="completed")
    done = text_of(applicant.get(page("detail", application.pk)))
    assert "Your kind of membership is changed." in done
    assert "You became a member." not in done
    assert "Your referees get a letter" not in text_of(applicant.get(page("submitted", application.pk)))


def test_referees_must_be_two_others(applicant: Client, person: User) -> None:
    application = services.start_application(person, at=timezone.now())
    same = {"name_1": "A", "email_1": "a@example.org", "language_1": "ru", "name_2": "B", "language_2": "ru"}
    response = applicant.post(page("referees", application.pk), {**same, "email_2": "A@example.org"})
    assert response.status_code == 422
    assert "The two referees need two different addresses." in text_of(response)
    response = applicant.post(page("referees", application.pk), {**same, "email_2": person.email.upper()})
    assert "You cannot be your own referee." in text_of(response)
    assert not Reference.objects.exists()


@pytest.mark.parametrize("name", ["person", "licence", "practice", "documents", "referees", "check"])
def test_steps_cost_a_constant_number_of_queries(
    applicant: Client, person: User, name: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_texts()
    application = make_draft(person)
    applicant.get(page(name, application.pk))
    with django_assert_max_num_queries(12):
        assert applicant.get(page(name, application.pk)).status_code == 200


# Documents


def test_a_document_is_added_listed_read_and_removed(applicant: Client, person: User) -> None:
    application = services.start_application(person, at=timezone.now())
    applicant.post(page("documents", application.pk), {"kind": "licence", "file": picture("my licence.png")})
    document = application.documents.get()
    assert "my licence.png" in text_of(applicant.get(page("documents", application.pk)))
    response = applicant.get(page("document_download", application.pk, document.pk))
    assert b"".join(response.streaming_content).startswith(b"\x89PNG")  # type: ignore[attr-defined]
    assert response["Content-Disposition"] == 'attachment; filename="my licence.png"'
    applicant.post(page("document_remove", application.pk, document.pk))
    assert not application.documents.exists()


@pytest.mark.parametrize(
    ("upload", "sentence"),
    [
        (None, "Choose a file on your device."),
        (SimpleUploadedFile("scan.pdf", b""), "This file is empty. Choose another one."),
        (SimpleUploadedFile("scan.pdf", b"MZ not a PDF"), "The content of this file is neither PDF nor JPEG nor PNG"),
        (SimpleUploadedFile("scan.exe", b"%PDF-1.7 %%EOF"), "Only PDF, JPEG and PNG files are accepted."),
        (SimpleUploadedFile("scan.pdf", b"%PDF-" + b"0" * 5 * 1024 * 1024), "The file is larger than 5 MB."),
    ],
)
def test_a_bad_document_is_refused_in_a_sentence(
    applicant: Client, person: User, upload: SimpleUploadedFile | None, sentence: str
) -> None:
    application = services.start_application(person, at=timezone.now())
    if upload is not None:
        upload.seek(0)
    response = applicant.post(
        page("documents", application.pk), {"kind": "licence", **({"file": upload} if upload is not None else {})}
    )
    assert response.status_code == 422
    assert sentence in text_of(response)
    assert 'href="#id_file"' in response.content.decode()
    assert not application.documents.exists()


def test_nobody_else_reaches_an_application_or_its_files(client: Client) -> None:
    application = make_submitted()
    document = application.documents.first()
    assert document is not None
    officer = OfficeTermFactory(role=OfficeRole.CHAPTER_OFFICER, chapter=application.chapter).user
    for stranger in (UserFactory(), officer, UserFactory(is_superuser=True)):
        client.force_login(stranger)
        for name in ("person", "documents", "check", "detail", "submitted", "withdraw", "appeal"):
            assert client.get(page(name, application.pk)).status_code == 404, name
        assert client.get(page("document_download", application.pk, document.pk)).status_code == 404
        assert client.post(page("document_remove", application.pk, document.pk)).status_code == 404
    assert application.documents.count() == 2


# Sending


def test_what_is_missing_stands_on_the_overview_and_nothing_is_sent(applicant: Client, person: User) -> None:
    texts = make_texts()
    application = services.start_application(person, at=timezone.now())
    text = text_of(applicant.get(page("check", application.pk)))
    assert "Choose the country whose chapter you want to join." in text
    assert "Name 2 more referees." in text
    data = {"version": application.version, **{f"text_{one.pk}": "on" for one in texts}}
    response = applicant.post(page("check", application.pk), data)
    assert response.status_code == 422
    assert "Choose the kind of membership." in text_of(response)
    application.refresh_from_db()
    assert application.status == ApplicationStatus.DRAFT
    assert not application.consents.exists()  # both or nothing


def test_every_consent_is_needed(applicant: Client, person: User) -> None:
    texts = make_texts()
    application = make_draft(person)
    data = {"version": application.version, f"text_{texts[0].pk}": "on"}
    response = applicant.post(page("check", application.pk), data)
    assert response.status_code == 422
    assert f'href="#id_text_{texts[1].pk}"' in response.content.decode()
    assert Application.objects.get(pk=application.pk).status == ApplicationStatus.DRAFT


def test_an_old_tick_does_not_count_for_a_new_text(applicant: Client, person: User) -> None:
    texts = make_texts()
    application = make_draft(person)
    new = ConsentText.objects.create(
        kind="data", version=2, text_ru="Новый", text_en="New text", starts_on=dt.date(2026, 2, 1)
    )
    data = {"version": application.version, **{f"text_{one.pk}": "on" for one in texts}}
    response = applicant.post(page("check", application.pk), data)
    assert response.status_code == 422
    assert "New text" in text_of(response)
    assert f'href="#id_text_{new.pk}"' in response.content.decode()


def test_sending_twice_and_from_a_stale_page(applicant: Client, person: User) -> None:
    texts = make_texts()
    application = make_draft(person)
    ticks = {f"text_{one.pk}": "on" for one in texts}
    stale = applicant.post(page("check", application.pk), {"version": application.version - 1, **ticks})
    assert stale.status_code == 422
    assert "Somebody changed this application while the page was open" in text_of(stale)
    fresh = {"version": application.version, **ticks}
    assert applicant.post(page("check", application.pk), fresh)["Location"] == page("submitted", application.pk)
    assert applicant.post(page("check", application.pk), fresh).status_code == 302
    assert Application.objects.get(pk=application.pk).status == ApplicationStatus.SUBMITTED


# How it goes


def test_detail_never_tells_what_the_chapter_advised_nor_what_referees_said(applicant: Client, person: User) -> None:
    application = make_submitted(person)
    Application.objects.filter(pk=application.pk).update(status="not_recommended", reviewer=UserFactory())
    officer = UserFactory()
    Decision.objects.create(
        application=application,
        step=DecisionStep.CHAPTER,
        is_positive=False,
        reason_code="conduct",
        internal_note="secret note",
        decided_by=officer,
        decided_at=timezone.now(),
    )
    application.references.update(status="declined", statement="secret statement", conflict="secret conflict")
    html = applicant.get(page("detail", application.pk)).content.decode()
    assert "The chapter has finished. The League’s registrar decides." in html
    assert "Cannot be your referee" in html
    for secret in ("not recommended", "secret", "Conduct"):
        assert secret not in html
    Application.objects.filter(pk=application.pk).update(status="recommended")
    other = applicant.get(page("detail", application.pk)).content.decode()
    assert re.sub(r'value="[^"]+"', "", other) == re.sub(r'value="[^"]+"', "", html)
    Application.objects.filter(pk=application.pk).update(status="not_recommended")
    for name in ("answer", "revive", "appeal", "check"):
        response = applicant.post(page(name, application.pk), {"version": 1, "text": "?"}, follow=True)
        assert "not recommended" not in text_of(response), name


def test_questions_are_answered_all_at_once(applicant: Client, person: User) -> None:
    application = make_submitted(person)
    Application.objects.filter(pk=application.pk).update(status="info_requested", reviewer=UserFactory())
    application.refresh_from_db()
    first, second = (
        InformationRequest.objects.create(
            application=application, question=question, asked_by=application.reviewer, asked_at=timezone.now()
        )
        for question in ("Which court?", "Since when?")
    )
    assert "Which court?" in text_of(applicant.get(page("detail", application.pk)))
    data = {"version": application.version, f"answer_{first.pk}": "District court"}
    response = applicant.post(page("answer", application.pk), data)
    assert response.status_code == 422
    assert "District court" in text_of(response)
    assert f'href="#id_answer_{second.pk}"' in response.content.decode()
    response = applicant.post(page("answer", application.pk), {**data, f"answer_{second.pk}": "2015"}, follow=True)
    assert "Your answers have gone to the chapter." in text_of(response)
    assert Application.objects.get(pk=application.pk).status == ApplicationStatus.UNDER_REVIEW
    again = applicant.post(page("answer", application.pk), {**data, f"answer_{second.pk}": "2015"})
    assert again["Location"] == page("detail", application.pk)


def test_answers_on_a_stale_page_are_kept_in_the_form(applicant: Client, person: User) -> None:
    application = make_submitted(person)
    Application.objects.filter(pk=application.pk).update(status="info_requested", reviewer=UserFactory())
    application.refresh_from_db()
    question = InformationRequest.objects.create(
        application=application, question="Which court?", asked_by=application.reviewer, asked_at=timezone.now()
    )
    data = {"version": application.version - 1, f"answer_{question.pk}": "District court"}
    response = applicant.post(page("answer", application.pk), data)
    assert response.status_code == 422
    assert "District court" in text_of(response)
    assert f'name="version" value="{application.version}"' in response.content.decode()
    data["version"] = application.version
    assert applicant.post(page("answer", application.pk), data).status_code == 302


def test_withdrawal_asks_first(applicant: Client, person: User) -> None:
    application = make_submitted(person)
    assert "Withdraw the application?" in text_of(applicant.get(page("withdraw", application.pk)))
    assert Application.objects.get(pk=application.pk).is_open
    response = applicant.post(page("withdraw", application.pk), {"version": application.version}, follow=True)
    assert "Your application has been withdrawn." in text_of(response)
    assert Application.objects.get(pk=application.pk).status == ApplicationStatus.WITHDRAWN
    again = applicant.post(page("withdraw", application.pk), {"version": application.version}, follow=True)
    assert "This application cannot be withdrawn any more." in text_of(again)


def test_a_rejection_is_read_and_appealed_once_and_in_time(applicant: Client, person: User) -> None:
    application = make_submitted(person)
    Application.objects.filter(pk=application.pk).update(
        status="rejected", rejected_at=timezone.now(), closed_at=timezone.now()
    )
    Decision.objects.create(
        application=application,
        step=DecisionStep.LEAGUE,
        is_positive=False,
        reason_code="licence_not_confirmed",
        text_for_applicant="The register does not know the number.",
        internal_note="secret note",
        decided_by=UserFactory(),
        decided_at=timezone.now(),
    )
    html = applicant.get(page("detail", application.pk)).content.decode()
    assert "The licence could not be confirmed" in html
    assert "The register does not know the number." in html
    assert "secret note" not in html
    assert applicant.post(page("appeal", application.pk), {"text": " "}).status_code == 422
    response = applicant.post(page("appeal", application.pk), {"text": "The number was misread."}, follow=True)
    assert "The board is deciding on your appeal." in text_of(response)
    application.refresh_from_db()
    assert application.appeal_text == "The number was misread."
    assert applicant.get(page("appeal", application.pk))["Location"] == page("detail", application.pk)


def test_an_appeal_after_its_last_day(applicant: Client, person: User) -> None:
    application = ApplicationFactory(
        user=person, status="rejected", rejected_at=timezone.now() - dt.timedelta(days=30, minutes=1)
    )
    response = applicant.post(page("appeal", application.pk), {"text": "Late"}, follow=True)
    assert "the time for an appeal is over" in text_of(response)
    assert not Application.objects.get(pk=application.pk).has_appealed


def test_dues_and_revival(applicant: Client, person: User) -> None:
    TierPriceFactory()
    application = ApplicationFactory(
        user=person, status="expired", approved_at=timezone.now() - dt.timedelta(days=70), version=4
    )
    assert "The approval still stands" in text_of(applicant.get(page("detail", application.pk)))
    response = applicant.post(page("revive", application.pk), follow=True)
    application.refresh_from_db()
    assert application.status == ApplicationStatus.AWAITING_DUES
    assert application.invoices.get().number in text_of(response)


def test_a_referee_is_replaced(applicant: Client, person: User) -> None:
    application = make_submitted(person)
    reference = application.references.first()
    assert reference is not None
    references.decline_reference(reference, reason="No time", at=timezone.now())
    assert "Name somebody else" in text_of(applicant.get(page("detail", application.pk)))
    url = page("reference_replace", application.pk, reference.pk)
    data = {"name": "Third Person", "email": "third@example.org", "language": "en"}
    own = applicant.post(url, {**data, "email": person.email})
    assert own.status_code == 422
    assert "You cannot be your own referee." in text_of(own)
    named = applicant.post(url, {**data, "email": "second@example.org"})
    assert named.status_code == 422
    assert "You have named this address already." in text_of(named)
    assert "Third Person gets a letter now." in text_of(applicant.post(url, data, follow=True))
    assert application.references.get(email="third@example.org").invited_at is not None
    assert "cannot be replaced any more" in text_of(applicant.post(url, data, follow=True))


@pytest.mark.parametrize("count", [1, 3, 30])
def test_detail_costs_a_constant_number_of_queries(
    applicant: Client, person: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    application = make_submitted(person)
    Application.objects.filter(pk=application.pk).update(status="awaiting_dues")
    InvoiceFactory(
        application=application, user=person, membership=None, chapter=application.chapter, tier=application.tier
    )
    for _number in range(count):
        ReferenceFactory(application=application, status="expired")
        InformationRequest.objects.create(
            application=application,
            question="?",
            asked_by=person,
            asked_at=timezone.now(),
            answer="!",
            answered_at=timezone.now(),
        )
    applicant.get(page("detail", application.pk))
    with django_assert_num_queries(10):
        applicant.get(page("detail", application.pk))


# The referee


@pytest.fixture
def reference() -> Reference:
    """A referee who is an active member and has been written to."""
    member = MembershipFactory(user__email="first@example.org", user__is_verified=True, user__language="en")
    application = make_submitted()
    return application.references.get(email=member.user.email)


def answer_url(reference: Reference) -> str:
    return page("reference", reference_token(reference))


GOOD = {"confirm": "1", "known_years": "5", "statement": "A careful defender.", "has_conflict": "no"}


def test_a_referee_confirms_once_without_signing_in(client: Client, reference: Reference) -> None:
    url = answer_url(reference)
    response = client.get(url)
    text = text_of(response)
    assert response.status_code == 200
    assert reference.application.user.name_native in text
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Referrer-Policy"] == "strict-origin"
    assert "Your word has reached the chapter." in text_of(client.post(url, GOOD))
    reference.refresh_from_db()
    assert reference.status == ReferenceStatus.CONFIRMED
    assert (reference.known_years, reference.statement) == (5, "A careful defender.")
    for used in (client.get(url), client.post(url, GOOD)):
        assert used.status_code == 410
        assert "This link was used" in text_of(used)
        assert used["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"known_years": ""}, "known_years"),
        ({"known_years": "many"}, "known_years"),
        ({"statement": " "}, "statement"),
        ({"has_conflict": ""}, "has_conflict_0"),
        ({"has_conflict": "yes", "conflict": ""}, "conflict"),
    ],
)
def test_a_referee_corrects_the_answers(
    client: Client, reference: Reference, change: dict[str, str], field: str
) -> None:
    response = client.post(answer_url(reference), {**GOOD, **change})
    assert response.status_code == 422
    assert f'href="#id_{field}"' in response.content.decode()
    reference.refresh_from_db()
    assert reference.status == ReferenceStatus.INVITED


def test_a_declared_conflict_is_no_reference(client: Client, reference: Reference) -> None:
    data = {**GOOD, "has_conflict": "yes", "conflict": "We are cousins."}
    assert "another referee is needed" in text_of(client.post(answer_url(reference), data))
    reference.refresh_from_db()
    assert reference.status == ReferenceStatus.DECLINED
    assert reference.conflict == "We are cousins."


def test_a_conflict_typed_and_then_denied_is_forgotten(client: Client, reference: Reference) -> None:
    client.post(answer_url(reference), {**GOOD, "conflict": "We are not cousins."})
    reference.refresh_from_db()
    assert (reference.status, reference.conflict) == (ReferenceStatus.CONFIRMED, "")


def test_a_referee_declines_with_a_reason(client: Client, reference: Reference) -> None:
    url = answer_url(reference)
    assert client.post(url, {"decline": "1", "reason": ""}).status_code == 422
    assert "Your answer has reached the chapter." in text_of(client.post(url, {"decline": "1", "reason": "No time"}))
    reference.refresh_from_db()
    assert reference.status == ReferenceStatus.DECLINED


def test_who_is_no_member_is_told_to_sign_in(client: Client) -> None:
    reference = make_submitted().references.get(email="second@example.org")
    response = client.post(answer_url(reference), GOOD)
    assert response.status_code == 422
    assert "Only a member of the League can answer." in text_of(response)
    assert "A careful defender." in text_of(response)
    client.force_login(MembershipFactory(user__language="en").user)
    assert "Your word has reached the chapter." in text_of(client.post(answer_url(reference), GOOD))


def test_unknown_expired_and_replaced_links(client: Client, reference: Reference) -> None:
    unknown = client.get(page("reference", "x" * 43))
    assert unknown.status_code == 404
    assert "Open it exactly as it stands in the letter" in text_of(unknown)
    url = answer_url(reference)
    Reference.objects.filter(pk=reference.pk).update(expires_at=timezone.now())
    expired = client.get(url)
    assert expired.status_code == 410
    assert "The time to answer by this link is over." in text_of(expired)
    Reference.objects.filter(pk=reference.pk).update(status="replaced")
    assert "has asked somebody else instead" in text_of(client.get(url))
    assert client.post(url, GOOD).status_code == 410


def test_the_link_of_a_withdrawn_application_is_closed(client: Client, reference: Reference) -> None:
    Application.objects.filter(pk=reference.application_id).update(status="withdrawn")
    response = client.get(answer_url(reference))
    assert response.status_code == 410
    assert "needs no answer any more" in text_of(response)


def test_a_link_is_in_no_log_and_only_hashed_in_the_database(
    client: Client, reference: Reference, caplog: pytest.LogCaptureFixture
) -> None:
    token = reference_token(reference)
    caplog.handler.addFilter(MaskTokens())
    with caplog.at_level(logging.DEBUG):
        client.post(answer_url(reference), {**GOOD, "statement": ""})
        client.post(answer_url(reference), GOOD)
        client.get(answer_url(reference))
    assert "/references/…" in caplog.text
    assert token not in caplog.text
    assert Reference.objects.get(token_hash=hash_token(token)) == reference


def test_the_console_masks_links(settings: Settings) -> None:
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["tokens"]
    assert settings.LOGGING["filters"]["tokens"]["()"] == "members.http.MaskTokens"


def test_reference_costs_a_constant_number_of_queries(
    client: Client, reference: Reference, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get(answer_url(reference))
    with django_assert_num_queries(1):
        client.get(answer_url(reference))
