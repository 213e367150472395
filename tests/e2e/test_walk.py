"""From signing up to a certificate that anyone can verify: without JavaScript, in English, and changing language."""

import re
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage, SignedIn
from tests.e2e.learner import (
    ANSWERS,
    NAME_LATIN,
    NAME_NATIVE,
    START,
    Learner,
    all_quizzes,
    course_title,
    lesson_titles,
)

pytestmark = pytest.mark.e2e


def printed_text(pdf: bytes) -> str:
    """Return the words on a certificate, lines joined."""
    assert pdf.startswith(b"%PDF")
    document = pypdfium2.PdfDocument(pdf)
    try:
        return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())
    finally:
        document.close()


def assert_verifiable(learner: Learner, visitor: Page, pdf: bytes, *, name: str, language: str) -> None:
    """Open the page for verification as a stranger with the paper in hand and compare every field."""
    text = printed_text(pdf)
    assert name in text
    assert course_title(language) in text
    learner.page.goto(f"{learner.prefix}/learn/certificates/")
    address = learner.page.locator("main a[href*='/verify/']").get_attribute("href")
    visitor.goto(address or "")
    fields = visitor.locator("main dl.facts")
    expect(fields).to_contain_text(name)
    expect(fields).to_contain_text(course_title(language))
    values = fields.locator("dd").all_text_contents()[1:]  # the status is not printed
    assert len(values) == 8
    missing = [word for value in values for word in value.split() if word not in text]  # the paper joins two dates
    assert missing in ([], ["–"])
    expect(visitor.locator("main .notice")).to_have_attribute("data-tone", "ok")
    # By the code alone, as typed from paper.
    visitor.goto("/verify/")
    visitor.fill("input[name=public_id]", (address or "").rstrip("/").rsplit("/", 1)[-1].upper())
    visitor.locator("main form [type=submit]").click()
    expect(fields).to_contain_text(name)


def test_the_walk_in_russian_without_javascript(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(javascript=False)
    learner = Learner(page, "walk.plain@example.org", language="ru")
    learner.sign_up()
    learner.enrol()
    titles = lesson_titles("ru")
    quizzes = 0
    for place, title in enumerate(titles, start=1):
        expect(page.locator("h1")).to_have_text(title)
        if page.locator(START).count() == 0:
            learner.read_lesson()
            continue
        quizzes += 1
        learner.start_quiz()
        if quizzes == 1:
            learner.answer_all(rightly=False)
            assert not learner.passed()
            assert not learner.certificate_link().count()
            learner.start_quiz()
        learner.answer_all(rightly=True)
        assert learner.passed()
        if place < len(titles):
            learner.go_on()
    assert quizzes == len(all_quizzes())
    pdf = learner.download_certificate(tmp_path)
    assert_verifiable(learner, open_page(javascript=False), pdf, name=NAME_NATIVE, language="ru")


def test_the_walk_in_english(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(language="en")
    learner = Learner(page, "walk.english@example.org", language="en")
    learner.sign_up()
    learner.enrol()
    expect(page.locator("h1")).to_have_text(lesson_titles("en")[0])
    learner.read_to_quiz()
    learner.start_quiz()
    # The script saves each answer by itself.
    chosen = []
    for question in learner.questions():
        with page.expect_response(re.compile("/save/$")) as saving:
            chosen += learner.answer(question, rightly=False)
        assert saving.value.ok
    expect(page.locator(f"{ANSWERS} [data-status]")).to_have_text(re.compile(r"\d\d:\d\d"))
    page.reload()
    assert page.locator(f"{ANSWERS} input:checked").evaluate_all("boxes => boxes.map(box => box.value)") == chosen
    learner.follow(page.locator(f"{ANSWERS} [name=submit]"))
    expect(page.locator("#answers")).to_be_visible()
    assert not learner.passed()
    learner.start_quiz()
    learner.answer_all(rightly=True)
    assert learner.passed()
    learner.go_on()
    learner.finish()
    expect(page).to_have_url(re.compile("/en/"))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    pdf = learner.download_certificate(tmp_path)
    assert_verifiable(learner, open_page(language="en"), pdf, name=NAME_LATIN, language="en")


def test_the_walk_changing_language_midway(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page()
    learner = Learner(page, "walk.both@example.org", language="ru")
    learner.sign_up()
    learner.enrol()
    learner.read_to_quiz()
    place = lesson_titles("ru").index(page.locator("h1").inner_text())
    progress = page.locator("progress").first.get_attribute("value")
    learner.switch_language("en")
    learner.prefix = "/en"
    expect(page.locator("h1")).to_have_text(lesson_titles("en")[place])
    assert page.locator("progress").first.get_attribute("value") == progress
    # An attempt that began in Russian goes on in English with the answers it had.
    learner.switch_language("ru")
    learner.start_quiz()
    with page.expect_response(re.compile("/save/$")):
        chosen = learner.answer(learner.questions()[0], rightly=True)
    russian = learner.questions()[0].locator("legend").inner_text()
    learner.switch_language("en")
    first = page.locator("fieldset.question").first
    assert first.locator("legend").inner_text() != russian
    assert first.locator("input:checked").evaluate_all("boxes => boxes.map(box => box.value)") == chosen
    learner.answer_all(rightly=True)
    assert learner.passed()
    learner.go_on()
    expect(page.locator("h1")).to_have_text(lesson_titles("en")[place + 1])
    learner.finish()
    pdf = learner.download_certificate(tmp_path)
    assert_verifiable(learner, open_page(), pdf, name=NAME_LATIN, language="en")


def test_a_learner_sees_nothing_of_the_key_before_submission(open_page: OpenPage, signed_in: SignedIn) -> None:
    """The page of an open attempt holds no explanation of any answer."""
    page = open_page(storage=signed_in("facilitator@example.org"))
    learner = Learner(page, "facilitator@example.org", language="ru")
    learner.enrol()
    learner.read_to_quiz()
    learner.start_quiz()
    html = page.content()
    explanations = [question.explanation for quiz in all_quizzes() for question in quiz.questions]
    assert not [text for text in explanations if text[:60] in html]
