"""Importing members: verdicts, writing, crashes, undoing."""

import datetime as dt

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import User
from audit.models import AuditEvent
from members.choices import BatchStatus, Country, PeriodSource, RowDecision, RowState, RowVerdict, Standing
from members.models import Chapter, IdentityKey, ImportBatch, ImportRow, Licence, Membership, MembershipPeriod, Profile
from members.services import imports
from members.services.duplicates import index_people
from members.services.imports import checking
from members.services.memberships import admit_member, refresh_standing
from tests.factories.accounts import UserFactory
from tests.factories.imports import checked, csv_bytes, imported, member_row, registrar, undone, upload, xlsx_bytes
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import ApplicationFactory, LicenceFactory, MembershipFactory, TierFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def kazakhstan() -> Chapter:
    TierFactory()
    return ChapterFactory()


@pytest.fixture
def kyrgyzstan() -> Chapter:
    return ChapterFactory(country=Country.KYRGYZSTAN)


@pytest.fixture
def office(kazakhstan: Chapter) -> User:
    return registrar()


@pytest.fixture
def officer(kazakhstan: Chapter) -> User:
    user: User = OfficeTermFactory(chapter=kazakhstan).user
    return user


def verdicts(batch: ImportBatch) -> list[tuple[int, str, list[str]]]:
    return [
        (row.number, row.verdict, [code for code, _params in row.problems]) for row in batch.rows.order_by("number")
    ]


def only(batch: ImportBatch) -> ImportRow:
    return batch.rows.get()


def test_new_member_gets_everything(office: User, kazakhstan: Chapter) -> None:
    row = member_row(
        name_latin="Aliya Serikkyzy",
        language="kk",
        city="Алматы",
        number="KZ-00042",
        birth_year="1984",
        licence_number="0012-А",
        licence_issued_on="2010-09-01",
    )
    batch = imported([row, member_row(2)], by=office)

    first, second = Membership.objects.order_by("number")
    assert (batch.status, batch.rows_done) == (BatchStatus.DONE, 2)
    assert (first.number, second.number) == ("KZ-00042", "KZ-00043")
    assert (first.standing, first.joined_on) == (Standing.ACTIVE, dt.date(2021, 3, 12))
    assert (first.user.email, first.user.name_latin, first.user.language) == (
        "new1@example.org",
        "Aliya Serikkyzy",
        "kk",
    )
    assert not first.user.has_usable_password()
    assert first.user.profile.city == "Алматы"
    period = first.periods.get()
    assert (period.source, period.ends_on) == (PeriodSource.IMPORT, dt.date(2099, 3, 11))
    assert period.starts_on == timezone.now().date()
    assert first.user.licences.get().number == "0012-А"
    assert [membership.cards.current().count() for membership in (first, second)] == [1, 1]
    assert first.user.identity_index.birth_year == 1984
    assert IdentityKey.objects.filter(user=first.user).count() == 3  # two names, licence
    assert AuditEvent.objects.filter(action="members.import_created", actor_id=office.pk).count() == 2


def test_numbers_given_later_stay_above_those_of_a_file(office: User, kazakhstan: Chapter) -> None:
    imported([member_row(number="KZ-00100")], by=office)
    membership = admit_member(
        UserFactory(),
        chapter=kazakhstan,
        tier=TierFactory(),
        source=PeriodSource.ADMISSION,
        actor=office,
        at=timezone.now(),
        on=kazakhstan.today(),
    )

    assert membership.number == "KZ-00101"


def test_every_row_has_its_verdict(office: User, kazakhstan: Chapter) -> None:
    MembershipFactory(number="KZ-00007")
    columns = dict.fromkeys(("number", "birth_year", "licence_number", "licence_issued_on", "language", "chapter"), "")
    rows = [
        member_row(1, **columns),
        member_row(1, **columns),
        member_row(2, **columns | {"email": "no address"}),
        member_row(3, **columns | {"country": "Атлантида"}),
        member_row(4, **columns | {"tier": "king"}),
        member_row(5, **columns | {"joined_on": "12.13.2021"}),
        member_row(6, **columns | {"joined_on": "12.03.2098"}),
        member_row(7, **columns | {"chapter": "Мирный"}),
        member_row(8, **columns | {"licence_number": "777", "licence_issued_on": "01.01.2010"}),
        member_row(9, **columns | {"licence_number": "7-77", "licence_issued_on": "01.01.2010"}),
        member_row(10, **columns | {"licence_number": "778"}),
        member_row(11, **columns | {"number": "KZ-00007"}),
        member_row(12, **columns | {"number": "42"}),
        member_row(13, **columns | {"name": ""}),
        member_row(14, **columns | {"name": "=1+1"}),
        member_row(15, **columns | {"birth_year": "2090"}),
        member_row(16, **columns | {"language": "xx"}),
        member_row(17, **columns | {"country": "Узбекистан"}),
        member_row(18, **columns | {"name": "陳大文"}),
    ]

    found = verdicts(checked(rows, by=office))

    assert [verdict for _line, verdict, _codes in found if verdict == RowVerdict.CREATE] == [RowVerdict.CREATE] * 2
    assert [codes for _line, _verdict, codes in found] == [
        [],
        ["email_in_file"],
        ["email"],
        ["country"],
        ["tier"],
        ["date"],
        ["in_future"],
        ["chapter"],
        [],
        ["licence_in_file"],
        ["licence_issued"],
        ["number_taken"],
        ["member_number"],
        ["required"],
        ["formula"],
        ["birth_year"],
        ["language"],
        ["no_chapter"],
        ["name"],
    ]
    assert User.objects.filter(email__startswith="new").count() == 0


def test_member_on_record_is_updated_or_left_alone(office: User, kazakhstan: Chapter) -> None:
    membership = MembershipFactory(user__name_native="Старое Имя", joined_on=dt.date(2021, 3, 12))
    last = membership.periods.get().ends_on
    rows = [member_row(email=membership.user.email, name="Новое Имя", paid_until="11.03.2099", city="Астана")]
    batch = checked(rows, by=office)

    row = only(batch)
    assert row.verdict == RowVerdict.UPDATE
    assert row.changes == [
        ["name", "Старое Имя", "Новое Имя"],
        ["paid_until", last.isoformat(), "2099-03-11"],
        ["city", "", "Астана"],
    ]

    imports.confirm_import(batch, version=batch.version, actor=office, at=timezone.now())
    imports.advance_import(batch.pk, at=timezone.now())
    membership.refresh_from_db()
    assert membership.user.name_native == "Новое Имя"
    assert membership.user.profile.city == "Астана"
    assert [period.ends_on for period in membership.periods.order_by("starts_on")] == [last, dt.date(2099, 3, 11)]
    assert verdicts(checked(rows, by=office)) == [(2, RowVerdict.SKIP, [])]


def test_update_never_changes_what_has_its_own_procedure(
    office: User, kazakhstan: Chapter, kyrgyzstan: Chapter
) -> None:
    TierFactory(code="student")
    membership = MembershipFactory()
    resigned = MembershipFactory(resigned_on=dt.date(2026, 1, 1))
    ahead = MembershipFactory(paid=-10_000)
    columns = {"number": ""}

    found = verdicts(
        checked(
            [
                member_row(email=membership.user.email, country="KG", tier="student", number="KG-00001"),
                member_row(email=resigned.user.email, **columns),
                member_row(email=UserFactory(is_active=False).email, **columns),
            ],
            by=office,
        )
    )

    assert ahead
    assert [codes for _line, _verdict, codes in found] == [
        ["chapter_differs", "tier_differs", "number_differs"],
        ["standing_closed"],
        ["closed_account"],
    ]


def test_person_without_membership_is_admitted_by_an_update(office: User, kazakhstan: Chapter) -> None:
    learner = UserFactory(name_native="Алия Сериккызы б")
    imported([member_row(email=learner.email)], by=office)

    assert learner.membership.standing == Standing.ACTIVE
    assert learner.profile.chapter == kazakhstan


def test_second_address_leads_to_its_person_once_it_is_proved(office: User) -> None:
    learner = UserFactory()
    address = EmailAddress.objects.create(user=learner, email="second@example.org", verified=False)
    assert only(checked([member_row(email=address.email)], by=office)).verdict == RowVerdict.CREATE

    EmailAddress.objects.update(verified=True)

    assert only(checked([member_row(email=address.email)], by=office)).verdict != RowVerdict.CREATE


def test_officer_reaches_own_chapter_only(officer: User, kazakhstan: Chapter, kyrgyzstan: Chapter) -> None:
    stranger = MembershipFactory(chapter=kyrgyzstan, number="KG-00001")
    learner, superuser = UserFactory(), UserFactory(is_superuser=True)
    own = MembershipFactory(user__name_native="Своя Своевна")
    rows = [
        member_row(1, country="KG"),
        member_row(2, email=stranger.user.email),
        member_row(3, email=learner.email),
        member_row(4, email=superuser.email),
        member_row(5, email=own.user.email),
        member_row(6),
    ]

    assert verdicts(checked(rows, by=officer, chapter=kazakhstan)) == [
        (2, RowVerdict.ERROR, ["not_your_chapter"]),
        (3, RowVerdict.CREATE, []),
        (4, RowVerdict.CREATE, []),
        (5, RowVerdict.CREATE, []),
        (6, RowVerdict.UPDATE, []),
        (7, RowVerdict.CREATE, []),
    ]


def test_office_that_ended_since_the_upload_reaches_nothing(officer: User, kazakhstan: Chapter) -> None:
    batch = upload(csv_bytes([member_row()]), by=officer, chapter=kazakhstan)
    officer.office_terms.update(ends_on=dt.date(2026, 1, 2))

    imports.advance_import(batch.pk, at=timezone.now())

    assert verdicts(batch) == [(2, RowVerdict.ERROR, ["not_your_chapter"])]


def test_possible_duplicates_wait_for_a_decision(office: User, kazakhstan: Chapter) -> None:
    known = MembershipFactory(user__name_native="Алия Сериккызы Ахметова")
    LicenceFactory(user=known.user, number="0012345")
    index_people([known.user.pk], at=timezone.now())
    columns = {"licence_number": "0012345", "licence_issued_on": "2010-09-01"}
    batch = checked([member_row(1, **columns), member_row(2)], by=office)
    row = batch.rows.get(number=2)
    assert (row.verdict, row.candidate) == (RowVerdict.DUPLICATE, known.user)
    assert row.problems == [["looks_like", {"why": ["licence"]}]]

    with pytest.raises(imports.RowsUndecided) as undecided:
        imports.confirm_import(batch, version=batch.version, actor=office, at=timezone.now())
    assert undecided.value.count == 1

    imports.decide_row(row, decision=RowDecision.UPDATE, actor=office, at=timezone.now())
    imports.confirm_import(batch, version=batch.version, actor=office, at=timezone.now())
    imports.advance_import(batch.pk, at=timezone.now())
    known.refresh_from_db()
    assert known.user.name_native == "Алия Сериккызы Ахметова"
    assert known.periods.filter(ends_on=dt.date(2099, 3, 11)).exists()
    assert User.objects.filter(email="new1@example.org").count() == 0


def test_name_in_another_script_with_the_year_of_birth_is_recognised(office: User, kazakhstan: Chapter) -> None:
    imported([member_row(1, name="Қасымбеков Ерлан", birth_year="1980")], by=office)

    batch = checked([member_row(2, name="Yerlan Kasymbekov", birth_year="1980")], by=office)

    assert only(batch).verdict == RowVerdict.DUPLICATE


def test_people_of_other_chapters_are_strangers_until_the_league_compares(
    officer: User, kazakhstan: Chapter, kyrgyzstan: Chapter
) -> None:
    stranger = MembershipFactory(chapter=kyrgyzstan, number="KG-00001")
    columns = {**alike(stranger.user, "555"), "number": ""}
    bare = dict.fromkeys(columns, "")
    rows = [
        member_row(1, **columns),
        member_row(2, **bare | {"email": stranger.user.email}),
        member_row(4, **bare | {"email": UserFactory(is_superuser=True).email}),
        member_row(5, **bare),
        member_row(6, **bare | {"email": "person@nowhere.example", "joined_on": ""}),
        member_row(7, **bare | {"email": UserFactory(name_native="Тайна").email, "joined_on": ""}),
    ]
    batch = checked(rows, by=officer, chapter=kazakhstan)

    assert verdicts(batch) == [
        (2, RowVerdict.CREATE, []),
        (3, RowVerdict.CREATE, []),
        (4, RowVerdict.CREATE, []),
        (5, RowVerdict.CREATE, []),
        (6, RowVerdict.ERROR, ["required"]),
        (7, RowVerdict.ERROR, ["required"]),
    ]
    assert not batch.rows.exclude(candidate=None).exists()

    imports.confirm_import(batch, version=batch.version, actor=officer, at=timezone.now())
    imports.advance_import(batch.pk, at=timezone.now())

    held, done, left = RowState.HELD, RowState.DONE, RowState.LEFT_OUT
    found = list(batch.rows.order_by("number").values_list("state", flat=True))
    assert found == [held, held, held, done, left, left]
    assert {str(row.problems) for row in batch.rows.filter(state=held)} == {"[]"}
    assert stranger.periods.count() == 1
    assert User.objects.filter(email__startswith="new").get().email == "new5@example.org"


def test_number_of_another_member_is_taken_whoever_asks(
    officer: User, kazakhstan: Chapter, kyrgyzstan: Chapter
) -> None:
    stranger = MembershipFactory(chapter=kyrgyzstan, number="KZ-00001")
    rows = [member_row(number="KZ-00001", email=stranger.user.email)]

    assert verdicts(checked(rows, by=officer, chapter=kazakhstan)) == [(2, RowVerdict.ERROR, ["number_taken"])]


def test_uploads_of_a_day_are_limited(officer: User, office: User, kazakhstan: Chapter) -> None:
    for _number in range(20):
        upload(csv_bytes([member_row()]), by=officer, chapter=kazakhstan)

    with pytest.raises(imports.FileRefused) as refused:
        upload(csv_bytes([member_row()]), by=officer, chapter=kazakhstan)

    assert (refused.value.code, ImportBatch.objects.count()) == ("too_many_today", 20)
    upload(csv_bytes([member_row()]), by=office)
    ImportBatch.objects.filter(uploaded_by=officer).update(created_at=timezone.now() - dt.timedelta(days=1))
    upload(csv_bytes([member_row()]), by=officer, chapter=kazakhstan)


def alike(user: User, number: str = "0012345") -> dict[str, str]:
    """Return the columns of a row that looks like somebody, by a licence."""
    LicenceFactory(user=user, number=number)
    index_people([user.pk], at=timezone.now())
    return {"licence_number": number, "licence_issued_on": "2010-09-01"}


def test_nobody_imports_what_concerns_himself(office: User, officer: User, kazakhstan: Chapter) -> None:
    for person, chapter in ((office, None), (officer, kazakhstan)):
        membership = MembershipFactory(user=person)
        rows = [member_row(1, email=person.email), member_row(2, **alike(person, f"77{person.pk}"))]
        columns = {"licence_number": "", "licence_issued_on": ""}
        batch = checked([columns | row for row in rows], by=person, chapter=chapter)

        assert verdicts(batch) == [(2, RowVerdict.ERROR, ["own_record"]), (3, RowVerdict.ERROR, ["own_record"])]
        assert membership.periods.count() == 1


def test_who_confirms_is_left_as_he_was(office: User, kazakhstan: Chapter) -> None:
    other = registrar()
    by_address, by_likeness = MembershipFactory(user=other), MembershipFactory()
    columns = {"licence_number": "", "licence_issued_on": ""}
    rows = [
        columns | member_row(1, email=other.email),
        member_row(2, **alike(by_likeness.user)),
        columns | member_row(3),
    ]
    batch = checked(rows, by=office)
    row = batch.rows.get(number=3)
    with pytest.raises(imports.RowRefused) as refused:
        imports.decide_row(row, decision=RowDecision.UPDATE, actor=by_likeness.user, at=timezone.now())
    assert refused.value.code == "own_record"
    imports.decide_row(row, decision=RowDecision.UPDATE, actor=other, at=timezone.now())

    imports.confirm_import(batch, version=batch.version, actor=other, at=timezone.now())
    imports.advance_import(batch.pk, at=timezone.now())

    assert [(row.state, row.problems) for row in batch.rows.order_by("number")] == [
        (RowState.FAILED, [["own_record", {}]]),
        (RowState.DONE, [["looks_like", {"why": ["licence"]}]]),
        (RowState.DONE, []),
    ]
    assert (by_address.periods.count(), by_likeness.periods.count()) == (1, 2)


def test_lookalike_is_updated_under_the_conditions_of_any_update(office: User, kazakhstan: Chapter) -> None:
    resigned = MembershipFactory(resigned_on=dt.date(2026, 1, 1))
    closed = MembershipFactory(user__is_active=False)
    rows = [member_row(1, **alike(resigned.user, "501")), member_row(2, **alike(closed.user, "502"))]

    batch = checked(rows, by=office)

    assert verdicts(batch) == [
        (2, RowVerdict.DUPLICATE, ["looks_like", "standing_closed"]),
        (3, RowVerdict.DUPLICATE, ["looks_like", "closed_account"]),
    ]
    for row, code in zip(batch.rows.order_by("number"), ("standing_closed", "closed_account"), strict=True):
        with pytest.raises(imports.RowRefused) as refused:
            imports.decide_row(row, decision=RowDecision.UPDATE, actor=office, at=timezone.now())
        assert refused.value.code == code
    assert resigned.periods.count() == closed.periods.count() == 1


def test_records_are_looked_at_again_when_they_are_written(office: User, kazakhstan: Chapter) -> None:
    by_address, by_likeness = MembershipFactory(), MembershipFactory()
    columns = {"licence_number": "", "licence_issued_on": ""}
    rows = [columns | member_row(1, email=by_address.user.email), member_row(2, **alike(by_likeness.user))]
    batch = checked(rows, by=office)
    imports.decide_row(batch.rows.get(number=3), decision=RowDecision.UPDATE, actor=office, at=timezone.now())
    for membership in (by_address, by_likeness):
        membership.resigned_on = dt.date(2026, 1, 1)
        membership.save()
        refresh_standing(membership, on=kazakhstan.today())

    imports.confirm_import(batch, version=batch.version, actor=office, at=timezone.now())
    imports.advance_import(batch.pk, at=timezone.now())

    assert {(row.state, row.problems[0][0]) for row in batch.rows.all()} == {(RowState.FAILED, "standing_closed")}
    assert by_address.periods.count() == by_likeness.periods.count() == 1


def test_office_holder_of_the_own_chapter_is_no_lookalike_to_update(officer: User, kazakhstan: Chapter) -> None:
    colleague = OfficeTermFactory(chapter=kazakhstan).user
    membership = MembershipFactory(user=colleague)

    row = only(checked([member_row(**alike(colleague))], by=officer, chapter=kazakhstan))

    assert (row.candidate_id, membership.periods.count()) == (None, 1)


def test_everything_undecided_can_be_left_out(office: User, kazakhstan: Chapter) -> None:
    known = MembershipFactory()
    LicenceFactory(user=known.user, number="555")
    index_people([known.user.pk], at=timezone.now())
    batch = checked([member_row(licence_number="555", licence_issued_on="2010-09-01")], by=office)

    assert imports.decide_all(batch, actor=office, at=timezone.now()) == 1
    imports.confirm_import(batch, version=batch.version, actor=office, at=timezone.now())
    imports.advance_import(batch.pk, at=timezone.now())
    assert only(batch).state == RowState.LEFT_OUT


def test_stale_page_and_second_click_change_nothing(office: User, kazakhstan: Chapter) -> None:
    batch = checked([member_row()], by=office)
    with pytest.raises(imports.BatchChanged):
        imports.confirm_import(batch, version=batch.version + 1, actor=office, at=timezone.now())

    imports.confirm_import(batch, version=batch.version, actor=office, at=timezone.now())

    with pytest.raises(imports.BatchChanged):
        imports.confirm_import(batch, version=batch.version, actor=office, at=timezone.now())
    with pytest.raises(imports.BatchNotReady):
        imports.start_undo(batch, version=batch.version + 1, actor=office, at=timezone.now())


def test_two_workers_never_take_one_batch(office: User, kazakhstan: Chapter) -> None:
    batch = upload(csv_bytes([member_row()]), by=office)
    ImportBatch.objects.filter(pk=batch.pk).update(lease_until=timezone.now() + dt.timedelta(minutes=1))

    assert imports.advance_import(batch.pk, at=timezone.now()) is False
    assert batch.rows.count() == 0
    assert imports.pick_up_imports(at=timezone.now()) == 0
    assert imports.pick_up_imports(at=timezone.now() + dt.timedelta(minutes=2)) == 1


def test_work_goes_on_where_a_worker_died(office: User, kazakhstan: Chapter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of two; every task stops after one, as a dead worker would, and the next begins behind it."""
    for module in ("checking", "applying", "undoing"):
        monkeypatch.setattr(f"members.services.imports.{module}.CHUNK", 2)
    rows = [member_row(number) for number in range(5)] + [member_row(0)]
    batch = upload(csv_bytes(rows), by=office)

    steps = []
    for _step in range(4):
        imports.advance_import(batch.pk, at=timezone.now(), budget=-1)
        batch.refresh_from_db()
        steps.append((batch.status, batch.rows_done))
        ImportBatch.objects.filter(pk=batch.pk).update(lease_until=None)
    assert steps == [("checking", 2), ("checking", 4), ("checking", 6), ("checked", 6)]
    assert verdicts(batch)[-1][1:] == (RowVerdict.ERROR, ["email_in_file"])

    imports.confirm_import(batch, version=0, actor=office, at=timezone.now())
    imports.advance_import(batch.pk, at=timezone.now(), budget=-1)
    assert User.objects.filter(email__startswith="new").count() == 2
    while not imports.advance_import(batch.pk, at=timezone.now(), budget=-1):
        pass
    assert User.objects.filter(email__startswith="new").count() == 5
    assert Membership.objects.count() == 5

    imports.start_undo(batch, version=1, actor=office, at=timezone.now())
    while not imports.advance_import(batch.pk, at=timezone.now(), budget=-1):
        pass
    assert User.objects.filter(email__startswith="new").count() == 0


def test_whole_way_by_tasks(
    office: User, kazakhstan: Chapter, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        batch = upload(csv_bytes([member_row()]), by=office)
    batch.refresh_from_db()
    assert batch.status == BatchStatus.CHECKED

    with django_capture_on_commit_callbacks(execute=True):
        imports.confirm_import(batch, version=0, actor=office, at=timezone.now())
    batch.refresh_from_db()
    assert batch.status == BatchStatus.DONE


def test_one_row_that_does_not_fit_any_more_spoils_no_other(office: User, kazakhstan: Chapter) -> None:
    batch = checked([member_row(number) for number in range(3)], by=office)
    UserFactory(email="new1@example.org")
    imports.confirm_import(batch, version=batch.version, actor=office, at=timezone.now())
    imports.advance_import(batch.pk, at=timezone.now())

    assert [row.state for row in batch.rows.order_by("number")] == [RowState.DONE, RowState.FAILED, RowState.DONE]
    assert batch.rows.get(number=3).problems == [["changed_since", {}]]
    assert Membership.objects.count() == 2


def test_undo_leaves_nothing_of_what_nobody_touched(office: User, kazakhstan: Chapter) -> None:
    columns = {"licence_number": "12345", "licence_issued_on": "2010-09-01", "birth_year": "1980"}
    batch = imported([member_row(1, **columns), member_row(2)], by=office)
    name = batch.file.name

    undone(batch, by=office)

    assert batch.status == BatchStatus.UNDONE
    assert [model.objects.count() for model in (Membership, MembershipPeriod, Licence, Profile, IdentityKey)] == [0] * 5
    assert User.objects.filter(email__startswith="new").count() == 0
    assert {row.state for row in batch.rows.all()} == {RowState.UNDONE}
    assert (batch.file.name, {str(row.data) for row in batch.rows.all()}) == ("", {"{}"})
    assert name
    assert AuditEvent.objects.filter(action="members.import_row_undone").count() == 2


def test_undo_keeps_what_somebody_touched_and_says_why(office: User, kazakhstan: Chapter) -> None:
    batch = imported([member_row(number) for number in range(6)], by=office)
    people = {row.number: row.person for row in batch.rows.all()}
    people[2].last_login = timezone.now()
    people[2].save()
    people[3].name_native = "Другое Имя"
    people[3].save()
    ApplicationFactory(user=people[4])
    LicenceFactory(user=people[5])
    Membership.objects.filter(user=people[6]).update(joined_on=dt.date(2020, 1, 1))

    undone(batch, by=office)

    reasons = {row.number: [code for code, _params in row.problems] for row in batch.rows.filter(state=RowState.KEPT)}
    assert reasons == {
        2: ["undo_signed_in"],
        3: ["undo_changed"],
        4: ["undo_referenced"],
        5: ["undo_referenced"],
        6: ["undo_changed"],
    }
    assert batch.rows.get(number=7).state == RowState.UNDONE
    assert User.objects.filter(email__startswith="new").count() == 5


def test_undo_restores_what_an_update_changed(office: User, kazakhstan: Chapter) -> None:
    membership = MembershipFactory(user__name_native="Старое Имя", joined_on=dt.date(2020, 1, 1))
    batch = imported([member_row(email=membership.user.email, name="Новое Имя", city="Астана")], by=office)
    assert membership.periods.count() == 2

    undone(batch, by=office)

    membership = Membership.objects.get(pk=membership.pk)
    assert (membership.user.name_native, membership.user.profile.city) == ("Старое Имя", "")
    assert (membership.periods.count(), membership.joined_on) == (1, dt.date(2020, 1, 1))
    assert membership.standing == Standing.ACTIVE


def test_files_and_contents_go_after_thirty_days(office: User, kazakhstan: Chapter) -> None:
    batch = imported([member_row()], by=office)
    storage, name = batch.file.storage, batch.file.name

    assert imports.purge_imports(at=timezone.now() + dt.timedelta(days=29)) == 0
    assert imports.purge_imports(at=timezone.now() + dt.timedelta(days=31)) == 1

    batch.refresh_from_db()
    assert (batch.file.name, only(batch).data, only(batch).state) == ("", {}, RowState.DONE)
    assert storage.exists(name)  # until the commit
    with pytest.raises(imports.BatchNotReady):
        imports.start_undo(batch, version=batch.version, actor=office, at=timezone.now())


def test_file_that_is_gone_ends_the_trial_run(office: User, kazakhstan: Chapter) -> None:
    batch = upload(csv_bytes([member_row()]), by=office)
    batch.file.storage.delete(batch.file.name)

    imports.advance_import(batch.pk, at=timezone.now())

    batch.refresh_from_db()
    assert (batch.status, batch.problem) == (BatchStatus.FAILED, "gone")


def test_workbook_is_unpacked_by_the_trial_run_alone(office: User, kazakhstan: Chapter) -> None:
    batch = upload(xlsx_bytes([["email", "shoe size"], ["a@example.org", "39"]]), by=office, name="members.xlsx")
    assert batch.status == BatchStatus.CHECKING

    imports.advance_import(batch.pk, at=timezone.now())

    batch.refresh_from_db()
    assert (batch.status, batch.problem) == (BatchStatus.FAILED, "unknown_columns")


def test_heading_without_rows_is_refused_by_the_trial_run(office: User, kazakhstan: Chapter) -> None:
    batch = upload(b"email;name;country;tier;joined_on;paid_until\n", by=office)

    imports.advance_import(batch.pk, at=timezone.now())

    batch.refresh_from_db()
    assert (batch.status, batch.problem) == (BatchStatus.FAILED, "no_rows")


@pytest.mark.parametrize("count", [1, 3, 30])
def test_chunk_costs_the_same_queries(
    count: int, office: User, kazakhstan: Chapter, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = upload(csv_bytes([member_row(number) for number in range(count)]), by=office)
    batch = ImportBatch.objects.select_related("uploaded_by", "chapter").get(pk=batch.pk)

    with django_assert_num_queries(12):
        list(checking.check_chunks(batch, on=timezone.now().date()))


def test_batches_are_seen_by_their_office_only(
    office: User, officer: User, kazakhstan: Chapter, kyrgyzstan: Chapter
) -> None:
    league = upload(csv_bytes([member_row()]), by=office)
    own = upload(csv_bytes([member_row()]), by=officer, chapter=kazakhstan)
    other = OfficeTermFactory(chapter=kyrgyzstan).user

    assert set(ImportBatch.objects.visible_to(office)) == {league, own}
    assert set(ImportBatch.objects.visible_to(officer)) == {own}
    assert not ImportBatch.objects.visible_to(other).exists()
    assert not ImportBatch.objects.visible_to(UserFactory(is_superuser=True)).exists()
