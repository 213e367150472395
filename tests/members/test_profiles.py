"""The own profile: what is saved, photographs, who sees what, the table of who can."""

import io
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from audit.models import AuditEvent
from courses.models import CourseIndexPage
from members.choices import Audience, Country, ProfileField
from members.models import Chapter, Profile, read_safety
from members.permissions.privacy import visibility_table
from members.services import photos, profiles
from tests.factories.accounts import UserFactory
from tests.factories.courses import CertificateFactory
from tests.factories.members import ChapterFactory
from tests.factories.profiles import EVERYTHING, allow, create_member, lapse, picture, show

pytestmark = pytest.mark.django_db

URL = "/en/membership/profile/"
FORM = {
    "city": "Ош",
    "region": "",
    "bio": "Уголовная защита.",
    "areas": ["criminal", "jury"],
    "languages": ["ru", "ky"],
    "courts": "Ошский областной суд\n\nВерховный суд",
    "publications": "",
    "admitted_year": "2011",
    "has_jury_experience": "on",
    "accepts_messages": "on",
    "phone": "+996 555 10 20 30",
    "telegram": "@osh_advocate",
    "pseudonym": "Тихий  голос",
}


@pytest.fixture(autouse=True)
def private_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    storage = FileSystemStorage(tmp_path / "private", base_url=None)
    for field in ("photo", "photo_small"):
        monkeypatch.setattr(Profile._meta.get_field(field), "storage", storage)
    return tmp_path / "private"


@pytest.fixture
def chapter() -> Chapter:
    allow(Country.KAZAKHSTAN)
    return ChapterFactory()


@pytest.fixture
def profile(chapter: Chapter, client: Client) -> Profile:
    profile = create_member(chapter, name="Азамат Турдубаев")
    client.force_login(profile.user)
    return profile


def test_edit_saves_everything_and_logs_names_of_fields(profile: Profile, client: Client) -> None:
    response = client.post(f"{URL}edit/", FORM)
    profile.refresh_from_db()

    assert response.status_code == 302
    assert (profile.city, profile.areas, profile.languages) == ("Ош", ["criminal", "jury"], ["ru", "ky"])
    assert (profile.telegram, profile.pseudonym) == ("osh_advocate", "Тихий голос")
    assert profile.court_lines == ["Ошский областной суд", "Верховный суд"]
    event = AuditEvent.objects.get(action="members.profile_changed")
    assert "phone" in event.detail["fields"]
    assert "555" not in str(event.detail)
    assert (event.person_id, event.actor_id) == (profile.user_id, profile.user_id)

    client.post(f"{URL}edit/", FORM)
    assert AuditEvent.objects.filter(action="members.profile_changed").count() == 1


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("phone", "call me", "Write the number as +7 701 000 00 00."),
        ("telegram", "@x y", "Write the name as @advocate."),
        ("areas", "cooking", "Select a valid choice."),
        ("admitted_year", "1492", "1950"),
        ("pseudonym", "azamat turdubaev", "A pseudonym is not your name."),
    ],
)
def test_edit_refuses_with_a_sentence(field: str, value: str, message: str, profile: Profile, client: Client) -> None:
    response = client.post(f"{URL}edit/", {**FORM, field: value})

    assert response.status_code == 422
    assert message in response.content.decode()
    profile.refresh_from_db()
    assert (profile.city, profile.phone) == ("", "")


def test_pseudonym_is_taken_once_and_shown_nowhere(chapter: Chapter, profile: Profile, client: Client) -> None:
    other = create_member(chapter)
    values = {"pseudonym": "Tikhiy golos"}
    profiles.save_profile(other, actor=other.user, values=values, at=timezone.now())

    response = client.post(f"{URL}edit/", FORM)
    assert response.status_code == 422
    assert "This pseudonym, or one that reads alike, is taken." in response.content.decode()
    profile.refresh_from_db()
    assert profile.city == ""

    profile.pseudonym = "Совсем другой"
    profile.save()
    client.force_login(create_member(chapter).user)
    assert "Совсем другой" not in client.get(f"/en/members/{profile.public_id}/").content.decode()
    assert "Совсем другой" not in client.get("/en/members/").content.decode()


def test_country_may_forbid_pseudonyms(profile: Profile, client: Client) -> None:
    allow(Country.KAZAKHSTAN, pseudonym_allowed=False)

    client.post(f"{URL}edit/", FORM)

    profile.refresh_from_db()
    assert (profile.city, profile.pseudonym) == ("Ош", "")


def test_who_never_was_a_member_has_no_profile(client: Client) -> None:
    client.force_login(UserFactory())

    for page in ("", "edit/", "photo/", "audiences/", "visibility/"):
        assert client.get(URL + page).status_code == 404


def test_former_member_keeps_the_profile_and_reads_why_it_is_not_shown(profile: Profile, client: Client) -> None:
    lapse(profile.user)

    assert "You are not in the directory now" in client.get(URL).content.decode()
    assert client.post(f"{URL}edit/", FORM).status_code == 302


def test_certificates_are_shown_by_choice(
    profile: Profile, chapter: Chapter, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    chosen = CertificateFactory(enrolment__user=profile.user, course_title="Суд присяжных")
    other = CertificateFactory(enrolment__user=profile.user, course_title="Скрытый курс")
    foreign = CertificateFactory(course_title="Чужой курс")

    assert client.post(f"{URL}edit/", {**FORM, "certificates": [foreign.public_id]}).status_code == 422
    assert client.post(f"{URL}edit/", {**FORM, "certificates": [chosen.public_id]}).status_code == 302

    client.force_login(create_member(chapter).user)
    content = client.get(f"/en/members/{profile.public_id}/").content.decode()
    assert "Суд присяжных" in content
    assert chosen.get_absolute_url() in content
    assert other.course_title not in content
    show(profile, {ProfileField.CERTIFICATES: Audience.NOBODY})
    assert "Суд присяжных" not in client.get(f"/en/members/{profile.public_id}/").content.decode()


# Photographs


def upload(client: Client, content: bytes, name: str = "me.jpg") -> object:
    return client.post(f"{URL}photo/", {"photo": SimpleUploadedFile(name, content)})


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_photo_is_made_anew_as_squares(form: str, profile: Profile, client: Client) -> None:
    assert upload(client, picture(900, 600, form=form)).status_code == 302  # type: ignore[attr-defined]
    profile.refresh_from_db()

    for file, side in ((profile.photo, 640), (profile.photo_small, 160)):
        with file.open("rb") as opened, Image.open(io.BytesIO(opened.read())) as image:
            assert (image.format, image.size) == ("JPEG", (side, side))
            assert not image.getexif()
    response = client.get(f"/en/members/{profile.public_id}/photo/small/")
    assert (response.status_code, response["Cache-Control"]) == (200, "private, max-age=300")
    response.getvalue()  # closes the file, and not the connection to the database


def test_photo_loses_place_and_camera(profile: Profile) -> None:
    content = picture(gps=True)
    assert b"SecretCamera" in content

    profile = photos.save_photo(
        profile, file=io.BytesIO(content), size=len(content), actor=profile.user, at=timezone.now()
    )

    with profile.photo.open("rb") as file:
        kept = file.read()
    assert b"Secret" not in kept
    assert b"Exif" not in kept


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"MZ this is a program", "This file is not a JPEG, PNG or WebP picture"),
        (picture()[:300], "This file is not a JPEG, PNG or WebP picture"),
        (picture(form="GIF"), "This file is not a JPEG, PNG or WebP picture"),
        (picture(150, 400), "This picture is too small."),
        (picture(400, 400) + b"0" * photos.LARGEST_FILE, "This picture is too large."),
        (b"", "The submitted file is empty."),
    ],
    ids=["program", "torn", "gif", "small", "large", "empty"],
)
def test_photo_is_refused_with_a_sentence(content: bytes, message: str, profile: Profile, client: Client) -> None:
    response = upload(client, content)

    assert response.status_code == 422  # type: ignore[attr-defined]
    assert message in response.content.decode()  # type: ignore[attr-defined]
    profile.refresh_from_db()
    assert not profile.photo


def test_photo_of_too_many_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "MOST_PIXELS", 100_000)

    with pytest.raises(photos.PhotoTooLarge):
        photos.render_square(io.BytesIO(picture(400, 300)), 1000)


def test_photo_is_not_kept_where_it_may_not_be_shown(profile: Profile, client: Client) -> None:
    allow(Country.KAZAKHSTAN, photo_allowed=False)

    response = upload(client, picture())

    assert response.status_code == 422  # type: ignore[attr-defined]
    profile.refresh_from_db()
    assert not profile.photo


def test_photo_replaced_or_removed_leaves_no_file(
    profile: Profile, client: Client, private_files: Path, django_capture_on_commit_callbacks: object
) -> None:
    def files() -> int:
        return sum(path.is_file() for path in private_files.rglob("*"))

    for _time in range(2):
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
            upload(client, picture())
        assert files() == 2
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        assert client.post(f"{URL}photo/remove/").status_code == 302

    assert files() == 0
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert actions[-3:] == ["members.photo_saved", "members.photo_saved", "members.photo_removed"]
    assert client.post(f"{URL}photo/remove/").status_code == 302


# Who sees what


def test_defaults_hide_contacts_and_face(profile: Profile) -> None:
    _viewers, rows = visibility_table(profile, read_safety())
    audiences = {row.field: row.audience for row in rows}

    hidden = {field for field, audience in audiences.items() if audience == Audience.NOBODY}
    assert hidden == {ProfileField.PHOTO, ProfileField.PHONE, ProfileField.TELEGRAM, ProfileField.EMAIL}
    assert {audiences[field] for field in set(ProfileField) - hidden} == {Audience.MEMBERS}


def test_audiences_are_saved_and_logged(profile: Profile, client: Client) -> None:
    data = {field.value: "2" for field in ProfileField}

    response = client.post(f"{URL}audiences/", {**data, "phone": "1", "city": "3"})
    profile.refresh_from_db()

    assert response.status_code == 302
    assert (profile.name_audience, profile.audiences["phone"], profile.audiences["city"]) == (2, 1, 3)
    event = AuditEvent.objects.get(action="members.audiences_changed")
    assert event.detail == {"phone": [0, 1], "photo": [0, 2], "telegram": [0, 2], "email": [0, 2]}


def test_audiences_offer_what_the_country_allows(profile: Profile, client: Client) -> None:
    allow(Country.KAZAKHSTAN, directory_public_allowed=False, photo_allowed=False)
    data = {field.value: "2" for field in ProfileField}

    page = client.get(f"{URL}audiences/").content.decode()
    refused = client.post(f"{URL}audiences/", {**data, "city": "3"})

    assert 'name="photo"' not in page
    assert 'value="3"' not in page
    assert "nothing is shown to visitors in your country" in page
    assert refused.status_code == 422
    assert (
        profiles.save_audiences(
            profile, actor=profile.user, audiences={ProfileField.CITY: Audience.PUBLIC}, at=timezone.now()
        ).audiences["city"]
        == Audience.PUBLIC
    )  # and the query caps it: tests/members/test_privacy_matrix.py


def test_visibility_is_a_table_of_fields_and_viewers(profile: Profile, client: Client) -> None:
    show(
        profile,
        {
            ProfileField.NAME: Audience.PUBLIC,
            ProfileField.CITY: Audience.CHAPTER,
            ProfileField.EMAIL: Audience.NOBODY,
            ProfileField.BIO: Audience.PUBLIC,
        },
    )
    _viewers, rows = visibility_table(profile, read_safety())
    cells = {row.field: [cell[:1] for cell in row.cells] for row in rows}

    # visitor, other chapter, own chapter, own officer, other officer, registrar, treasurer, board, superuser
    assert cells[ProfileField.BIO] == ["d"] * 9
    assert cells[ProfileField.AREAS] == ["", "d", "d", "d", "d", "d", "d", "d", ""]
    assert cells[ProfileField.CITY] == ["", "", "d", "d", "", "o", "o", "o", ""]
    assert cells[ProfileField.EMAIL] == ["", "", "", "o", "", "o", "o", "o", ""]
    content = client.get(f"{URL}visibility/").content.decode()
    assert content.count("<tr id=") == len(ProfileField)
    assert "in the office" in content


@pytest.mark.parametrize(
    ("page", "queries"), [("", 8), ("edit/", 7), ("photo/", 5), ("audiences/", 5), ("visibility/", 7)]
)
def test_own_pages_cost_a_fixed_number_of_queries(
    page: str, queries: int, profile: Profile, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for name, value in EVERYTHING.items():
        setattr(profile, name, value)
    profile.save()
    client.get(URL + page)

    with django_assert_num_queries(queries):
        client.get(URL + page)


def test_member_page_costs_a_fixed_number_of_queries(
    profile: Profile, chapter: Chapter, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    url = f"/en/members/{create_member(chapter, **EVERYTHING).public_id}/"
    client.get(url)

    with django_assert_num_queries(8):
        client.get(url)
