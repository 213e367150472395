"""An advocate at work: each step clicks what a reader clicks, none depends on the words of the interface.

The right answers come from the content files of the demo world; their ids are the same in every language.
"""

import re
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from demo.files import CONTENT, CourseFiles, Lesson, Quiz, identity, read_course

COURSE = "jury-trial-kz"
PASSWORD = "three unrelated garden words"
NAME_NATIVE = "Жазгүл Өмүрбекова"
NAME_LATIN = "Jazgul Omurbekova"

LETTER_SECONDS = 30  # the nudge reaches a worker at once, the sweep every ten seconds
TOLD_SECONDS = 30  # the same

START = "form[action$='/start/']"
DONE = "form[action$='/done/']"
ANSWERS = "autosave-form form"


@cache
def course_files(slug: str = COURSE) -> CourseFiles:
    return read_course(CONTENT / "courses" / slug)


@dataclass(frozen=True)
class Key:
    """The options of a question, right and wrong, by their ids."""

    right: list[str]
    wrong: list[str]


@cache
def answer_keys(slug: str = COURSE) -> dict[str, Key]:
    """Return the key of every question of a course, by the question's id."""
    keys = {}
    for quiz in all_quizzes(slug):
        for number, question in enumerate(quiz.questions):
            names = (slug, quiz.key, number)
            options = [(identity("option", *names, place), right) for place, (_, right) in enumerate(question.options)]
            keys[identity("question", *names)] = Key(
                [option for option, right in options if right], [option for option, right in options if not right]
            )
    return keys


def all_lessons(language: str, slug: str = COURSE) -> list[Lesson]:
    return [lesson for module in course_files(slug).texts[language].modules for lesson in module.lessons]


def all_quizzes(slug: str = COURSE) -> list[Quiz]:
    return [quiz for lesson in all_lessons("ru", slug) for quiz in lesson.quizzes]


def lesson_titles(language: str, slug: str = COURSE) -> list[str]:
    return [lesson.document.meta["title"] for lesson in all_lessons(language, slug)]


def course_title(language: str, slug: str = COURSE) -> str:
    return str(course_files(slug).texts[language].document.meta["title"])


class Learner:
    """Walks with one page; `prefix` is that of the language in which the walk begins."""

    def __init__(self, page: Page, email: str, *, language: str, course: str = COURSE) -> None:
        self.page = page
        self.email = email
        self.course = course
        self.language = language
        self.prefix = "" if language == "ru" else f"/{language}"

    def sign_up(self) -> None:
        """Fill in the form of the sign-up page and confirm the address by the letter."""
        page = self.page
        page.goto(f"{self.prefix}/account/signup/")
        page.fill("input[name=email]", self.email)
        page.fill("input[name=name_native]", NAME_NATIVE)
        page.fill("input[name=name_latin]", NAME_LATIN)
        page.select_option("select[name=language]", self.language)
        page.fill("input[name=password1]", PASSWORD)
        self.submit("main form[action$='/signup/']")
        expect(page).to_have_url(re.compile("/confirm-email/"))
        self.open_letter()
        self.follow(page.locator(".letter a[href*='/confirm-email/']"))
        self.submit("main form[action*='/confirm-email/']")
        if page.locator("main input[name=login]").count():
            page.fill("input[name=login]", self.email)
            page.fill("input[name=password]", PASSWORD)
            self.submit("main form[action$='/login/']")
        expect(page).to_have_url(re.compile(f"{self.prefix}/home/$"))

    def open_letter(self) -> None:
        """Open the newest letter to this address in the mailbox, as soon as a worker has sent it."""
        row = self.page.locator("li.row", has_text=self.email).first
        deadline = time.monotonic() + LETTER_SECONDS
        self.page.goto("/mailbox/")
        while not row.count() and time.monotonic() < deadline:
            self.page.wait_for_timeout(200)
            self.page.reload()
        self.follow(row.locator("a"))

    def follow(self, control: Locator) -> None:
        """Click what leads to another page and wait for that page: what comes next may only count things on it."""
        with self.page.expect_navigation():
            control.click()

    def submit(self, form: str) -> None:
        self.follow(self.page.locator(f"{form} [type=submit]").first)

    def enrol(self) -> None:
        """Find the course in the catalogue and join its first group, the one at one's own pace."""
        page = self.page
        page.goto(f"{self.prefix}/courses/")
        self.follow(page.locator(f"main a[href$='/courses/{self.course}/']"))
        self.submit("form[action$='/enrol/']")
        expect(page).to_have_url(re.compile(f"{self.prefix}/courses/{self.course}/[^/]+/[^/]+/$"))

    def read_lesson(self) -> None:
        """Mark the lesson on the screen as read, which leads to the next one."""
        self.submit(DONE)

    def read_to_quiz(self) -> None:
        """Mark lessons as read until one has a quiz."""
        while not self.page.locator(START).count():
            self.read_lesson()

    def start_quiz(self) -> None:
        self.submit(START)
        expect(self.page.locator(ANSWERS)).to_be_visible()

    def questions(self) -> list[Locator]:
        return self.page.locator("fieldset.question").all()

    def answer(self, question: Locator, *, rightly: bool) -> list[str]:
        """Choose options of one question; return their ids."""
        key = answer_keys(self.course)[question.locator("input[name=asked]").get_attribute("value") or ""]
        chosen = key.right if rightly else key.wrong[:1]
        for option in key.right + key.wrong:
            box = question.locator(f"input[value='{option}']")
            if option in chosen:
                box.check()
            elif box.get_attribute("type") == "checkbox":
                box.uncheck()
        return chosen

    def answer_all(self, *, rightly: bool) -> None:
        for question in self.questions():
            self.answer(question, rightly=rightly)
        self.follow(self.page.locator(f"{ANSWERS} [name=submit]"))
        expect(self.page.locator("#answers")).to_be_visible()

    def passed(self) -> bool:
        """Whether the result on the screen is a pass: the notice above the answers is green."""
        return self.page.locator("main .notice").first.get_attribute("data-tone") == "ok"

    def go_on(self) -> None:
        """Follow the button below a passed quiz: the next lesson, or the course after the last one."""
        self.follow(self.page.locator("main p.cluster a.btn").last)

    def certificate_link(self) -> Locator:
        return self.page.locator("main a[href*='/certificates/'][href$='.pdf']").first

    def finish(self) -> int:
        """Read every lesson and pass every quiz from here on; return how many steps that took."""
        steps = 0
        while not self.certificate_link().count():
            if self.page.locator(DONE).count():
                self.read_lesson()
            else:
                self.start_quiz()
                self.answer_all(rightly=True)
                assert self.passed()
                if self.certificate_link().count():
                    return steps + 1
                self.go_on()
            steps += 1
            assert steps < 40
        return steps

    def download_certificate(self, folder: Path) -> bytes:
        with self.page.expect_download() as waiting:
            self.certificate_link().click()
        path = folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path.read_bytes()

    def switch_language(self, code: str) -> None:
        """Choose a language in the account menu."""
        self.page.locator(".masthead details.drop.menu > summary").click()
        self.follow(self.page.locator(f".masthead .drop-panel a[hreflang={code}]"))
        expect(self.page.locator("html")).to_have_attribute("lang", code)


def wait_until_told(page: Page, words: str = "") -> None:
    """Open the notification centre and reload it until a worker has told what happened."""
    deadline = time.monotonic() + TOLD_SECONDS
    line = page.locator("main .notif", has_text=words)
    page.goto("/notifications/")
    while not line.count() and time.monotonic() < deadline:
        page.wait_for_timeout(200)
        page.reload()
    expect(line.first).to_be_visible()
