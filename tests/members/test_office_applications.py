"""The review queue and one application on one screen: who sees what, what can be done, who was quicker."""

import datetime as dt

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from audit.models import AuditEvent
from courses.models import CourseIndexPage
from members.choices import (
    ApplicationKind,
    ApplicationStatus,
    Country,
    DecisionStep,
    LicenceState,
    OfficeRole,
    PracticeArea,
    ReferenceStatus,
)
from members.models import (
    Application,
    ApplicationDocument,
    Chapter,
    Decision,
    InformationRequest,
    LicenceCheck,
    Reference,
    ReviewNote,
)
from members.services.duplicates import index_people
from members.services.office import look_alikes
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory, ProfileFactory
from tests.factories.membership import (
    ApplicationFactory,
    LicenceFactory,
    LicenceRuleFactory,
    MembershipFactory,
    ReferenceFactory,
    TierFactory,
    TierPriceFactory,
)
from tests.factories.office import holder_of

pytestmark = pytest.mark.django_db

QUEUE = "/admin/applications/"
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def roles(catalogues: dict[str, CourseIndexPage], settings: Settings) -> None:
    settings.REQUIRE_STAFF_MFA = False


@pytest.fixture
def chapter() -> Chapter:
    made: Chapter = ChapterFactory()
    return made


@pytest.fixture
def officer(chapter: Chapter, client: Client) -> User:
    user = holder_of(OfficeRole.CHAPTER_OFFICER, chapter)
    client.force_login(user)
    return user


def application_with(chapter: Chapter, status: str = ApplicationStatus.SUBMITTED, **fields: object) -> Application:
    """Return an application that a verified licence and two references support."""
    user = UserFactory()
    licence = LicenceFactory(user=user, state=LicenceState.VERIFIED)
    application: Application = ApplicationFactory(chapter=chapter, status=status, user=user, licence=licence, **fields)
    for _number in range(2):
        ReferenceFactory(application=application, status=ReferenceStatus.CONFIRMED, answered_at=timezone.now())
    return application


def document_of(application: Application, **fields: object) -> ApplicationDocument:
    document = ApplicationDocument(
        application=application,
        kind="identity",
        name="паспорт.pdf",
        content_type="application/pdf",
        size=8,
        sha256="0" * 64,
        uploaded_at=timezone.now(),
        **fields,
    )
    document.file.save("passport", ContentFile(b"%PDF-1.7"), save=False)
    document.save()
    return document


def url(application: Application, rest: str = "") -> str:
    return f"{QUEUE}{application.pk}/{rest}"


def listed(client: Client, query: str = "") -> set[int]:
    return {row["application"].pk for row in client.get(f"{QUEUE}{query}").context["rows"]}


# Who sees what


def test_officer_of_another_chapter_finds_nothing(chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)
    document = document_of(application)
    client.force_login(holder_of(OfficeRole.CHAPTER_OFFICER, ChapterFactory(country=Country.UZBEKISTAN)))

    assert listed(client, "?whose=all") == set()
    for rest in ("", "take/", f"documents/{document.pk}/"):
        assert client.get(url(application, rest)).status_code == 404
    for rest in ("take/", "note/", "conflict/", "check/"):
        assert client.post(url(application, rest), {"version": 0, "text": "…"}).status_code == 404
    assert not AuditEvent.objects.filter(action="members.application_viewed").exists()


def test_city_chapter_is_reached_from_its_country_and_not_the_other_way(chapter: Chapter, client: Client) -> None:
    city = Chapter.objects.create(country=chapter.country, parent=chapter, name_ru="Г", name_en="C", city="Астана")
    below, above = application_with(city), application_with(chapter)

    client.force_login(holder_of(OfficeRole.CHAPTER_OFFICER, chapter))
    assert listed(client) == {below.pk, above.pk}

    client.force_login(holder_of(OfficeRole.CHAPTER_OFFICER, city))
    assert listed(client) == {below.pk}
    assert client.get(url(above)).status_code == 404


@pytest.mark.parametrize("role", [OfficeRole.TREASURER, OfficeRole.ETHICS])
def test_offices_that_review_nothing_are_led_away(role: OfficeRole, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)
    client.force_login(holder_of(role, chapter))

    for path in (QUEUE, url(application)):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (302, "/admin/")
    assert QUEUE not in client.get("/admin/").content.decode()


def test_superuser_without_an_office_sees_no_application(chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)
    client.force_login(UserFactory(is_superuser=True))

    for path in (QUEUE, url(application), url(application, "take/")):
        assert client.get(path).status_code == 302
    assert client.get("/admin/chapter/").status_code == 200
    assert QUEUE not in client.get("/admin/").content.decode()


def test_member_is_refused(chapter: Chapter, client: Client) -> None:
    client.force_login(UserFactory())

    assert client.get(QUEUE).status_code == 403


def test_officer_does_not_see_his_own_application(officer: User, chapter: Chapter, client: Client) -> None:
    own = ApplicationFactory(user=officer, chapter=chapter, status=ApplicationStatus.SUBMITTED)

    assert listed(client, "?whose=all") == set()
    assert client.get(url(own)).status_code == 404


def test_opening_an_application_is_on_record(officer: User, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)

    client.get(url(application))

    event = AuditEvent.objects.get(action="members.application_viewed")
    assert (event.actor_id, event.person_id, event.chapter_id) == (officer.pk, application.user_id, chapter.pk)
    assert event.subject_id == str(application.pk)


def test_document_is_a_file_and_on_record(officer: User, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)
    document = document_of(application)

    response = client.get(url(application, f"documents/{document.pk}/"))

    assert response.content == b"%PDF-1.7"
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["X-Content-Type-Options"] == "nosniff"
    event = AuditEvent.objects.get(action="members.document_viewed")
    assert event.detail == {"document": document.pk, "kind": "identity"}
    assert client.get(url(application_with(chapter), f"documents/{document.pk}/")).status_code == 404


def test_deleted_document_is_explained(officer: User, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)
    document = document_of(application, purged_at=timezone.now())

    response = client.get(url(application, f"documents/{document.pk}/"))

    assert response["Location"] == url(application)
    assert not AuditEvent.objects.filter(action="members.document_viewed").exists()


# The queue


def test_queue_shows_what_waits_for_the_person(chapter: Chapter, client: Client) -> None:
    by_status = {status: application_with(chapter, status).pk for status in ApplicationStatus if status != "draft"}
    waits = {
        OfficeRole.CHAPTER_REVIEWER: {"submitted", "under_review"},
        OfficeRole.CHAPTER_OFFICER: {"submitted", "under_review"},
        OfficeRole.REGISTRAR: {"recommended", "not_recommended"},
        OfficeRole.BOARD: {"recommended", "not_recommended", "appealed"},
    }
    for role, statuses in waits.items():
        client.force_login(holder_of(role, chapter))

        assert listed(client) == {by_status[status] for status in statuses}
        assert len(listed(client, "?whose=all")) == len(by_status)


def test_who_has_a_conflict_does_not_wait(officer: User, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)

    client.post(url(application, "conflict/"), {"text": "We shared chambers."})

    assert listed(client) == set()
    assert listed(client, "?whose=open") == {application.pk}
    note = ReviewNote.objects.get()
    assert (note.is_conflict, note.author, note.text) == (True, officer, "We shared chambers.")
    page = client.get(url(application)).content.decode()
    assert 'disabled data-name="take"' in page
    assert url(application, "take/") not in page


def test_queue_filters(officer: User, chapter: Chapter, client: Client) -> None:
    now = timezone.now()
    late = application_with(chapter, clock_started_at=now - 31 * DAY, submitted_at=now - 31 * DAY)
    paused = application_with(
        chapter, ApplicationStatus.INFO_REQUESTED, clock_spent=31 * DAY, submitted_at=now - 60 * DAY
    )
    interrupted = application_with(chapter, clock_started_at=now - 15 * DAY, clock_spent=10 * DAY)
    fresh = ApplicationFactory(
        chapter=chapter, status=ApplicationStatus.UNDER_REVIEW, reviewer=officer, clock_started_at=now - DAY
    )
    document_of(late)

    assert listed(client, "?whose=open&age=late") == {late.pk, paused.pk}
    assert listed(client, "?whose=open&age=soon") == {late.pk, paused.pk, interrupted.pk}
    assert listed(client, "?whose=open&age=new") == {fresh.pk}
    assert listed(client, "?whose=mine") == {fresh.pk}
    assert listed(client, "?whose=open&missing=references") == {fresh.pk}
    assert listed(client, "?whose=open&missing=licence") == {fresh.pk}
    assert listed(client, "?whose=open&missing=documents") == {paused.pk, interrupted.pk, fresh.pk}
    assert listed(client, "?whose=open&missing=nothing") == {late.pk}
    assert listed(client, "?whose=open&status=info_requested") == {paused.pk}
    assert listed(client, f"?whose=open&chapter={chapter.pk}") == {late.pk, paused.pk, interrupted.pk, fresh.pk}


def test_late_is_marked(officer: User, chapter: Chapter, client: Client) -> None:
    application_with(chapter, clock_started_at=timezone.now() - 31 * DAY)

    [row] = client.get(QUEUE).context["rows"]

    assert (row["days"], row["is_late"]) == (31, True)


def test_who_changes_the_kind_needs_no_references(officer: User, chapter: Chapter, client: Client) -> None:
    student = TierFactory(code="student", needs_licence=False)
    ApplicationFactory(chapter=chapter, status=ApplicationStatus.SUBMITTED, kind=ApplicationKind.TIER, tier=student)

    [row] = client.get(QUEUE).context["rows"]

    assert len(row["missing"]) == 1  # documents


def test_filter_by_a_foreign_chapter_shows_nothing_of_it(officer: User, chapter: Chapter, client: Client) -> None:
    other = ChapterFactory(country=Country.UZBEKISTAN)
    foreign = application_with(other)

    response = client.get(f"{QUEUE}?whose=all&chapter={other.pk}")

    assert foreign.pk not in {row["application"].pk for row in response.context["rows"]}
    assert f'value="{other.pk}"' not in response.content.decode()


@pytest.mark.parametrize("count", [1, 3, 30])
def test_queue_costs_the_same_for_any_number(
    count: int,
    officer: User,
    chapter: Chapter,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _number in range(count):
        application_with(chapter, ApplicationStatus.UNDER_REVIEW, reviewer=UserFactory())
    client.get(QUEUE)

    with django_assert_num_queries(12):
        client.get(QUEUE)


@pytest.mark.parametrize("count", [1, 3, 30])
def test_one_application_costs_the_same_for_any_number_of_rows(
    count: int,
    officer: User,
    chapter: Chapter,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    application = application_with(chapter, ApplicationStatus.UNDER_REVIEW)
    for number in range(count):
        at = timezone.now()
        person = UserFactory(name_native=application.user.name_native)
        MembershipFactory(user=person, chapter=chapter)
        document_of(application)
        ReferenceFactory(application=application, referee=UserFactory())
        InformationRequest.objects.create(application=application, question="?", asked_by=UserFactory(), asked_at=at)
        ReviewNote.objects.create(application=application, author=UserFactory(), text="…", at=at)
        LicenceCheck.objects.create(
            licence=application.licence,
            state="verified",
            method="qr",
            evidence="…",
            checked_by=UserFactory(),
            checked_at=at,
        )
        Decision.objects.create(
            application=application, step="chapter", is_positive=False, decided_by=UserFactory(), decided_at=at
        )
        client.post(url(application, "note/"), {"text": f"Note {number}"})
    client.get(url(application))

    with django_assert_num_queries(51):  # four ask whether the reader may check the licence of an open application
        client.get(url(application))


# Decisions


BY_ROLE = {
    OfficeRole.CHAPTER_REVIEWER: {"submitted": {"take"}, "under_review": {"request_information"}},
    OfficeRole.CHAPTER_OFFICER: {
        "submitted": {"take"},
        "under_review": {"request_information", "recommend", "advise_against"},
        "info_requested": set(),
        "recommended": set(),
    },
    OfficeRole.REGISTRAR: {
        "submitted": set(),
        "recommended": {"approve", "return_to_chapter", "reject"},
        "appealed": set(),
        "awaiting_dues": set(),
    },
    OfficeRole.BOARD: {"not_recommended": {"approve", "reject"}, "appealed": {"vote_on_appeal"}, "completed": set()},
}


@pytest.mark.parametrize(
    ("role", "status", "names"),
    [(role, status, names) for role, row in BY_ROLE.items() for status, names in row.items()],
)
def test_only_permitted_buttons_show(
    role: OfficeRole, status: str, names: set[str], chapter: Chapter, client: Client
) -> None:
    application = application_with(chapter, status)
    client.force_login(holder_of(role, chapter))

    response = client.get(url(application))

    assert {arrow.name for arrow, reason in response.context["buttons"] if not reason} == names
    for name in names:
        assert client.get(url(application, f"{name}/")).status_code == 200


def test_what_stands_in_the_way_is_said(officer: User, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter, ApplicationStatus.UNDER_REVIEW)
    Reference.objects.filter(application=application).update(status=ReferenceStatus.INVITED)

    page = client.get(url(application)).content.decode()
    response = client.get(url(application, "recommend/"))

    assert 'disabled data-name="recommend"' in page
    assert 'id="why-recommend"' in page
    assert response["Location"] == url(application)


def test_a_decision_of_another_office_does_not_open(officer: User, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter, ApplicationStatus.RECOMMENDED)

    for method in (client.get, client.post):
        response = method(url(application, "approve/"), {"version": application.version})
        assert (response.status_code, response["Location"]) == (302, "/admin/")
    assert client.get(url(application, "complete/")).status_code == 404
    application.refresh_from_db()
    assert application.status == ApplicationStatus.RECOMMENDED


def test_from_the_queue_to_the_approval(chapter: Chapter, client: Client) -> None:
    """The whole way through the pages: take, ask, recommend, approve."""
    TierPriceFactory(chapter=chapter)
    application = application_with(chapter)
    client.force_login(holder_of(OfficeRole.CHAPTER_OFFICER, chapter))

    def post(name: str, **data: object) -> None:
        application.refresh_from_db()
        response = client.post(url(application, f"{name}/"), {"version": application.version, **data})
        assert response["Location"] == url(application), response.context["form"].errors
        application.refresh_from_db()

    post("take")
    assert application.status == ApplicationStatus.UNDER_REVIEW
    post("request_information", questions="Where do you practise?\n\nSince when?")
    assert application.information_requests.count() == 2
    Application.objects.filter(pk=application.pk).update(status=ApplicationStatus.UNDER_REVIEW)
    post("recommend", internal_note="Knows the case law.")
    client.force_login(holder_of(OfficeRole.REGISTRAR))
    post("approve", text_for_applicant="Welcome.", internal_note="Fine.")

    assert application.status == ApplicationStatus.AWAITING_DUES
    decision = application.decisions.get(step=DecisionStep.LEAGUE)
    assert (decision.text_for_applicant, decision.internal_note) == ("Welcome.", "Fine.")
    history = client.get(url(application)).context["history"]
    assert len(history) >= 5


def test_rejection_needs_reason_and_text(chapter: Chapter, client: Client) -> None:
    application = application_with(chapter, ApplicationStatus.RECOMMENDED)
    client.force_login(holder_of(OfficeRole.REGISTRAR))

    response = client.post(url(application, "reject/"), {"version": application.version, "internal_note": "Typed."})

    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"reason_code", "text_for_applicant"}
    assert "Typed." in response.content.decode()
    application.refresh_from_db()
    assert application.status == ApplicationStatus.RECOMMENDED


def test_stale_page_keeps_what_was_typed(chapter: Chapter, client: Client) -> None:
    """Somebody changed the application, and the decision is still possible: it is asked for once more."""
    application = application_with(chapter, ApplicationStatus.RECOMMENDED)
    client.force_login(holder_of(OfficeRole.REGISTRAR))
    Application.objects.filter(pk=application.pk).update(version=application.version + 1)
    data = {"reason_code": "conduct", "text_for_applicant": "Because of this.", "internal_note": "And of that."}

    response = client.post(url(application, "reject/"), {"version": application.version, **data})

    page = response.content.decode()
    assert response.status_code == 422
    assert 'id="refused"' in page
    assert "Because of this." in page
    assert "And of that." in page
    application.refresh_from_db()
    assert application.status == ApplicationStatus.RECOMMENDED
    assert f'name="version" value="{application.version}"' in page

    assert client.post(url(application, "reject/"), {"version": application.version, **data}).status_code == 302
    application.refresh_from_db()
    assert application.status == ApplicationStatus.REJECTED


def test_who_comes_second_reads_what_happened(chapter: Chapter, client: Client) -> None:
    application = application_with(chapter, ApplicationStatus.RECOMMENDED)
    first, second = holder_of(OfficeRole.REGISTRAR), holder_of(OfficeRole.REGISTRAR)
    data = {"version": application.version, "reason_code": "conduct", "text_for_applicant": "No."}
    client.force_login(first)
    client.post(url(application, "reject/"), data)
    client.force_login(second)

    response = client.post(
        url(application, "approve/"), {"version": application.version, "text_for_applicant": "Welcome to us."}
    )

    page = response.content.decode()
    assert response.status_code == 422
    assert "Welcome to us." in page
    assert str(first) in page
    assert 'id="in-the-way"' in page
    assert 'type="submit"' not in page[page.index('id="as-it-stands"') :]
    application.refresh_from_db()
    assert application.status == ApplicationStatus.REJECTED
    assert Decision.objects.count() == 1
    assert client.get(url(application, "approve/"))["Location"] == url(application)


def test_reviewer_does_not_decide(chapter: Chapter, client: Client) -> None:
    registrar = holder_of(OfficeRole.REGISTRAR)
    application = application_with(chapter, ApplicationStatus.RECOMMENDED, reviewer=registrar)
    client.force_login(registrar)

    response = client.post(url(application, "approve/"), {"version": application.version})

    assert response.status_code == 422
    application.refresh_from_db()
    assert application.status == ApplicationStatus.RECOMMENDED


def test_approval_without_a_price_stands_and_the_page_says_what_it_waits_for(chapter: Chapter, client: Client) -> None:
    application = application_with(chapter, ApplicationStatus.RECOMMENDED)
    client.force_login(holder_of(OfficeRole.REGISTRAR))

    response = client.post(url(application, "approve/"), {"version": application.version}, follow=True)

    application.refresh_from_db()
    assert application.status == ApplicationStatus.APPROVED
    assert Decision.objects.get().is_positive
    assert "не установлен взнос" in response.content.decode()


def test_board_votes_on_an_appeal(chapter: Chapter, client: Client) -> None:
    application = application_with(chapter, ApplicationStatus.APPEALED, has_appealed=True, appeal_text="I disagree.")
    for number in range(2):
        client.force_login(holder_of(OfficeRole.BOARD))
        application.refresh_from_db()
        assert "I disagree." in client.get(url(application)).content.decode()
        data = {"version": application.version, "is_for": "no", "text_for_applicant": "It stands.", "note": f"{number}"}
        assert client.post(url(application, "vote_on_appeal/"), data).status_code == 302

    application.refresh_from_db()
    assert application.status == ApplicationStatus.REJECTED_FINAL
    assert application.appeal_votes.count() == 2


def test_nobody_votes_by_leaving_the_form_empty(chapter: Chapter, client: Client) -> None:
    application = application_with(chapter, ApplicationStatus.APPEALED)
    client.force_login(holder_of(OfficeRole.BOARD))

    response = client.post(
        url(application, "vote_on_appeal/"), {"version": application.version, "text_for_applicant": "…"}
    )

    assert response.context["form"].errors["is_for"]
    assert not application.appeal_votes.exists()


@pytest.mark.parametrize("version", ["", "x", "-1"])
def test_forged_version_is_refused(version: str, officer: User, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)

    assert client.post(url(application, "take/"), {"version": version}).status_code == 422


def test_long_question_is_refused(officer: User, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter, ApplicationStatus.UNDER_REVIEW)

    data = {"version": application.version, "questions": "x" * 501}
    response = client.post(url(application, "request_information/"), data)

    assert response.context["form"].errors["questions"]


def test_answers_are_shown_in_words(officer: User, chapter: Chapter, client: Client) -> None:
    answers = {
        "person": {"birth_year": 1985, "phone": "+7 701 123 45 67", "city": "Алматы"},
        "practice": {"areas": ["criminal"], "languages": ["ru"]},
    }
    application = application_with(chapter, answers=answers, motivation="To learn from colleagues.")

    page = client.get(url(application)).content.decode()

    for text in ("1985", "+7 701 123 45 67", "Алматы", str(PracticeArea.CRIMINAL.label), "To learn from colleagues."):
        assert text in page


# Notes, checks, look-alikes


def test_note_is_kept(officer: User, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)

    assert client.post(url(application, "note/"), {"text": ""}).status_code == 422
    client.post(url(application, "note/"), {"text": "Ask the bar."})

    assert ReviewNote.objects.get().text == "Ask the bar."
    assert "Ask the bar." in client.get(url(application)).content.decode()


def test_check_is_recorded_on_the_same_screen(officer: User, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)
    LicenceRuleFactory(methods=["register", "qr"], check_note_ru="Смотрите реестр.", check_note_en="See the register.")

    page = client.get(url(application))
    assert [code for code, _label in page.context["check_form"].fields["method"].choices] == [
        "",
        "register",
        "qr",
        "other",
    ]
    assert 'id="no-contact"' not in page.content.decode()
    data = {"state": "unverifiable", "method": "register", "evidence": "Not in the register of 2026."}
    response = client.post(url(application, "check/"), {**data, "board_note": "Known to the board."})

    assert response["Location"] == url(application)
    check = LicenceCheck.objects.get()
    assert (check.state, check.checked_by, check.board_note) == ("unverifiable", officer, "Known to the board.")
    assert client.post(url(application, "check/"), {**data, "method": "body"}).status_code == 422


def test_authority_is_not_to_be_asked_where_that_is_dangerous(officer: User, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)
    LicenceRuleFactory(may_contact_authority=False)

    response = client.get(url(application))

    assert 'id="no-contact"' in response.content.decode()
    assert "body" not in dict(response.context["check_form"].fields["method"].choices)


def test_a_conflict_closes_the_check_and_the_documents(officer: User, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)
    document = ApplicationDocument.objects.create(
        application=application, kind="licence", name="licence.pdf", size=1, uploaded_at=timezone.now()
    )
    path = url(application, f"documents/{document.pk}/")
    assert path in client.get(url(application)).content.decode()
    client.post(url(application, "conflict/"), {"text": "We share an office."})
    data = {"state": "verified", "method": "register", "evidence": "…"}

    page = client.get(url(application))
    checked = client.post(url(application, "check/"), data)
    licence_page = client.get(f"/admin/licences/{application.licence_id}/")
    taken = client.get(path)

    assert page.context["check_form"] is licence_page.context["check_form"] is None
    assert path not in page.content.decode()
    assert 'id="no-check"' in page.content.decode()
    assert 'id="no-check"' in licence_page.content.decode()
    assert checked.status_code == 422
    assert client.post(f"/admin/licences/{application.licence_id}/", data).status_code == 422
    assert not LicenceCheck.objects.exists()
    assert (taken.status_code, taken["Location"]) == (302, url(application))
    assert not AuditEvent.objects.filter(action="members.document_viewed").exists()


def test_board_looks_at_checks_and_records_none(chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)
    client.force_login(holder_of(OfficeRole.BOARD))

    assert client.get(url(application)).context["check_form"] is None
    response = client.post(url(application, "check/"), {"state": "verified", "method": "qr", "evidence": "…"})

    assert response["Location"] == "/admin/"
    assert not LicenceCheck.objects.exists()


def test_look_alikes_are_shown(officer: User, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)
    twin = LicenceFactory(number=application.licence.number).user  # type: ignore[union-attr]  # it has one
    MembershipFactory(user=twin, chapter=chapter)
    namesake = ProfileFactory(user__name_native=application.user.name_native, chapter=chapter).user
    ProfileFactory(user__name_native="Совсем другое имя", chapter=chapter)

    found = client.get(url(application)).context["look_alikes"]

    assert {(one.user, one.has_same_licence, one.has_same_name) for one in found} == {
        (twin, True, False),
        (namesake, False, True),
    }


def test_a_chapter_learns_of_no_look_alike_elsewhere(officer: User, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)
    abroad = ChapterFactory(country=Country.TAJIKISTAN)
    name = application.user.name_native
    elsewhere = MembershipFactory(user__name_native=name, chapter=abroad).user
    nowhere = UserFactory(name_native=name)
    between = MembershipFactory(user__name_native=name, chapter=chapter).user
    ApplicationFactory(user=between, chapter=abroad, status="submitted")

    response = client.get(url(application))

    assert response.context["look_alikes"] == []
    assert "look-alikes" not in response.content.decode()
    found = look_alikes(application.user, viewer=holder_of(OfficeRole.REGISTRAR))
    assert {one.user for one in found} == {elsewhere, nowhere, between}


def test_look_alikes_are_found_in_every_script() -> None:
    user = ApplicationFactory(
        status="submitted", user__name_native="Қасымбеков Ерлан", answers={"person": {"birth_year": 1980}}
    ).user
    member = ProfileFactory(user__name_native="Yerlan Kasymbekov").user
    applicant = ApplicationFactory(
        status="submitted", user__name_native="Ерлан Касымбеков", answers={"person": {"birth_year": 1980}}
    ).user
    colleague = LicenceFactory(user=user, number="№ 0012-А").user and LicenceFactory(number="0012A").user
    index_people([applicant.pk, colleague.pk], at=timezone.now())
    ProfileFactory(user__name_native="Ерлан Касымов")

    viewer = holder_of(OfficeRole.REGISTRAR)

    found = {(one.user, one.has_same_licence, one.has_same_name) for one in look_alikes(user, viewer=viewer)}

    assert found == {(member, False, True), (applicant, False, True), (colleague, True, False)}


def test_history_speaks_of_names_and_statuses(officer: User, chapter: Chapter, client: Client) -> None:
    application = application_with(chapter)
    client.post(url(application, "take/"), {"version": application.version})

    [line] = client.get(url(application)).context["history"]

    assert line.who == str(officer)
    assert line.source == str(ApplicationStatus.SUBMITTED.label)
    assert line.target == str(ApplicationStatus.UNDER_REVIEW.label)
