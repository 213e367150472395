from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client
from django.urls import include, path
from pytest_django import Settings

from config import urls as site_urls
from demo import mailbox

urlpatterns = [path("mailbox/", include("demo.urls")), *site_urls.urlpatterns]
handler400, handler403 = site_urls.handler400, site_urls.handler403
handler404, handler500 = site_urls.handler404, site_urls.handler500

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.EMAIL_FILE_PATH = str(tmp_path)
    return tmp_path


def send(*subjects: str, text: str = "Привет", html: str = "") -> None:
    """Send letters over one connection, as Django does: they share a file."""
    letters = []
    for subject in subjects:
        letter = EmailMultiAlternatives(subject, text, "site@example.org", ["aigul@example.org"])
        if html:
            letter.attach_alternative(html, "text/html")
        letters.append(letter)
    get_connection("django.core.mail.backends.filebased.EmailBackend").send_messages(letters)


def test_letters_of_one_file_are_told_apart() -> None:
    send("Первое письмо", "Второе письмо")
    send("Third")

    letters = mailbox.list_letters()

    assert {letter.subject for letter in letters} == {"Первое письмо", "Второе письмо", "Third"}
    assert len({letter.message_id for letter in letters}) == 3
    assert all(letter.recipients == "aigul@example.org" for letter in letters)
    assert all(letter.text.strip() == "Привет" for letter in letters)


def test_letters_come_newest_first(folder: Path) -> None:
    for name, day in (("b", 1), ("a", 3), ("c", 2)):
        content = f"Subject: {day}\nDate: 0{day} Mar 2026 10:00:00 +0500\n\ntext\n{'-' * 79}\n"
        (folder / f"{name}.log").write_text(content)

    assert [letter.subject for letter in mailbox.list_letters()] == ["3", "2", "1"]


def test_a_dashed_line_inside_a_text_does_not_end_the_letter() -> None:
    send("Lines", "Next", text=f"above\n{'-' * 79}\nbelow")

    letters = {letter.subject: letter for letter in mailbox.list_letters()}

    assert set(letters) == {"Lines", "Next"}
    assert "below" in letters["Lines"].text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"no header at all",
        b"Subject: cut",
        b"Subject: x\nDate: yesterday\n\nbody",
        b"Subject: =?utf-8?b?broken\nContent-Type: text/plain; charset=nobody-knows\n\n\xff\xfe",
        b"Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\nhalf",
    ],
)
def test_broken_files_do_not_break_the_mailbox(client: Client, folder: Path, content: bytes) -> None:
    (folder / "broken.log").write_bytes(content)
    send("Whole")

    response = client.get("/mailbox/")

    assert response.status_code == 200
    assert "Whole" in response.content.decode()
    for letter in mailbox.list_letters():
        assert client.get(f"/mailbox/{letter.message_id}/").status_code == 200


def test_mailbox_without_a_folder_is_empty(client: Client, settings: Settings, folder: Path) -> None:
    settings.EMAIL_FILE_PATH = str(folder / "missing")

    response = client.get("/mailbox/")

    assert response.status_code == 200
    assert not BeautifulSoup(response.content, "html.parser").select("main ul.rows")


def test_letter_page_shows_text_with_links_to_click_and_no_markup_of_the_letter(client: Client) -> None:
    link = "http://127.0.0.1:8000/account/confirm-email/MQ:1tabcd:Ab_c-d/"
    send("Confirm", text=f"Go to\n\n{link}\n\n<script>alert(1)</script>", html="<b>Bold</b>")
    letter = mailbox.list_letters()[0]

    page = BeautifulSoup(client.get(f"/mailbox/{letter.message_id}/").content, "html.parser")

    assert page.select_one("main h1").text == "Confirm"
    assert page.select_one(f"main a[href='{link}']")
    assert not page.select("main script, main b")
    assert page.select_one(f"main a[href='/mailbox/{letter.message_id}/html/']")


def test_formatted_version_has_a_policy_of_its_own(client: Client) -> None:
    send("Bold", html="<p>Bold <script>alert(1)</script></p>")
    letter = mailbox.list_letters()[0]

    response = client.get(f"/mailbox/{letter.message_id}/html/")

    assert response.status_code == 200
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "sandbox" in response["Content-Security-Policy"]
    assert "script-src" not in response["Content-Security-Policy"]


@pytest.mark.parametrize("message_id", ["unknown", "settings-0", "20260301-100000-1-7"])
def test_unknown_letters_are_not_found(client: Client, folder: Path, message_id: str) -> None:
    send("Only")
    (folder / "settings.txt").write_text("Subject: secret\n\n")

    assert client.get(f"/mailbox/{message_id}/").status_code == 404
    assert client.get(f"/mailbox/{message_id}/html/").status_code == 404


def test_letter_without_formatted_version_has_no_such_page(client: Client) -> None:
    send("Plain")
    letter = mailbox.list_letters()[0]

    assert client.get(f"/mailbox/{letter.message_id}/html/").status_code == 404


def test_mailbox_is_emptied_by_post_only(client: Client, folder: Path) -> None:
    send("One", "Two")
    (folder / "keep.txt").write_text("not a letter")

    assert client.get("/mailbox/empty/").status_code == 405
    response = client.post("/mailbox/empty/")

    assert response["Location"] == "/mailbox/"
    assert mailbox.list_letters() == []
    assert [file.name for file in folder.iterdir()] == ["keep.txt"]
