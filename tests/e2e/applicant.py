"""An applicant at work: fills in the steps of an application and sends it."""

import io

from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.learner import Learner

CHAPTER = "Казахстан"


def scan(name: str, colour: str) -> FilePayload:
    """Return a photograph of a document, small enough for a slow line."""
    picture = io.BytesIO()
    Image.new("RGB", (400, 300), colour).save(picture, "PNG")
    return FilePayload(name=f"{name}.png", mimeType="image/png", buffer=picture.getvalue())


def send(page: Page, form: str = "main form:not([action])") -> None:
    """Press the first button of a form and wait for the page that comes of it."""
    with page.expect_navigation():
        page.locator(f"{form} [type=submit]").first.click()


class Applicant:
    """Goes through the steps of an application for full membership in Kazakhstan."""

    def __init__(self, page: Page, email: str, *, licence: str, referees: tuple[str, str]) -> None:
        self.page, self.email = page, email
        self.licence, self.referees = licence, referees
        self.address = ""  # of the application

    def sign_up(self) -> None:
        Learner(self.page, self.email, language="ru").sign_up()

    def apply(self) -> None:
        """Fill in all the steps and send the application."""
        self.page.goto("/membership/apply/")
        send(self.page)
        self.address = self.page.url.removesuffix("person/")
        self.fill_in_person()
        self.fill_in_licence()
        self.fill_in_practice()
        self.hand_in_documents()
        self.name_referees()
        self.agree()
        expect(self.page).to_have_url(f"{self.address}submitted/")

    def fill_in_person(self) -> None:
        self.page.fill("[name=birth_year]", "1985")
        self.page.select_option("[name=chapter]", label=CHAPTER)
        self.page.fill("[name=city]", "Алматы")
        send(self.page)

    def fill_in_licence(self) -> None:
        self.page.fill("[name=number]", self.licence)
        self.page.fill("[name=territory]", "Алматинская городская коллегия")
        for part, value in (("day", "12"), ("month", "3"), ("year", "2015")):
            self.page.fill(f"[name=issued_on_{part}]", value)
        send(self.page)

    def fill_in_practice(self) -> None:
        for name in ("tier", "areas", "languages"):
            self.page.locator(f"[name={name}]").first.check()
        self.page.fill("[name=motivation]", "Хочу учиться вместе с коллегами из соседних стран.")
        send(self.page)

    def hand_in_documents(self) -> None:
        for kind, colour in (("licence", "white"), ("identity", "beige")):
            self.page.select_option("[name=kind]", kind)
            self.page.set_input_files("[name=file]", scan(kind, colour))
            send(self.page)
        with self.page.expect_navigation():
            self.page.locator("main a[href$='/referees/'].btn").click()

    def name_referees(self) -> None:
        for number, email in enumerate(self.referees, 1):
            self.page.fill(f"[name=name_{number}]", "Коллега Адвокатов")
            self.page.fill(f"[name=email_{number}]", email)
        send(self.page)

    def agree(self) -> None:
        for box in self.page.locator("main input[type=checkbox]").all():
            box.check()
        send(self.page)

    def look(self) -> Page:
        """Open the application again."""
        self.page.goto(self.address)
        return self.page
