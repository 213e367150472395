"""From an application to a member's card, and from a rejection to the board: each person with a browser of one's own.

The applicant has a phone and no JavaScript. Referees answer by the link of the letter and sign in nowhere.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.applicant import Applicant, send
from tests.e2e.conftest import OpenPage, SignedIn
from tests.e2e.learner import NAME_NATIVE, Learner

pytestmark = pytest.mark.e2e

# Officers of the chapter in Kazakhstan and of the League, members of the board, and members who know the applicant.
OFFICER, REVIEWER = "officer@example.org", "reviewer@example.org"
REGISTRAR, TREASURER = "registrar@example.org", "treasurer@example.org"
BOARD = ("board@example.org", "board2@example.org")
REFEREES = ("author@example.org", "ethics@example.org")
OTHER_REFEREES = ("facilitator@example.org", "advocate2@example.org")

NUMBER = re.compile(r"KZ-\d{5}")


class Office:
    """Opens an application in the office, each time as another officer."""

    def __init__(
        self, open_page: OpenPage, signed_in: SignedIn, application: Applicant, *, javascript: bool = True
    ) -> None:
        self.open_page, self.signed_in, self.javascript = open_page, signed_in, javascript
        number = re.search(r"/applications/(\d+)/", application.address)
        assert number is not None
        self.path = f"/admin/applications/{number[1]}/"

    def as_officer(self, email: str, path: str = "") -> Page:
        page = self.open_page(storage=self.signed_in(email), javascript=self.javascript)
        page.goto(path or self.path)
        return page

    def decide(self, page: Page, decision: str, **texts: str) -> None:
        """Follow the button of a decision, fill in what it asks, and take it."""
        with page.expect_navigation():
            page.locator(f"main a[href$='{self.path}{decision}/']").click()
        for name, text in texts.items():
            page.fill(f"main [name={name}]", text)
        self.take(page, decision)

    def take(self, page: Page, decision: str) -> None:
        expect(page).to_have_url(re.compile(f"{self.path}{decision}/$"))
        send(page)
        expect(page).to_have_url(re.compile(f"{self.path}$"))

    def recommend(self) -> None:
        """Take the application and check the licence as the chapter's reviewer, recommend it as its officer."""
        reviewer = self.as_officer(REVIEWER)
        self.decide(reviewer, "take")
        reviewer.select_option("[name=state]", "verified")
        reviewer.select_option("[name=method]", index=1)
        reviewer.fill("[name=evidence]", "Запись в реестре, строка 7.")
        send(reviewer, "form[action$='/check/']")
        self.decide(self.as_officer(OFFICER), "recommend", internal_note="Рекомендуем.")

    def vote_for(self, member: Page, *, text: str) -> None:
        with member.expect_navigation():
            member.locator(f"main a[href$='{self.path}vote_on_appeal/']").click()
        member.check("main [name=is_for][value=yes]")
        member.fill("main [name=text_for_applicant]", text)
        self.take(member, "vote_on_appeal")


def confirm_as(page: Page, referee: str) -> None:
    """Answer as a referee by the link of the letter."""
    colleague = Learner(page, referee, language="ru")
    colleague.open_letter()
    colleague.follow(page.locator(".letter a[href*='/references/']"))
    page.fill("[name=known_years]", "5")
    page.fill("[name=statement]", "Знаю работу коллеги пять лет и поддерживаю заявку.")
    page.check("[name=has_conflict][value=no]")
    colleague.follow(page.locator("button[name=confirm]"))


def test_from_an_application_to_the_card(open_page: OpenPage, signed_in: SignedIn) -> None:
    phone = open_page(javascript=False, width=390)
    applicant = Applicant(phone, "joining@example.org", licence="0015831", referees=REFEREES)
    applicant.sign_up()
    applicant.apply()
    for referee in REFEREES:
        confirm_as(open_page(), referee)

    office = Office(open_page, signed_in, applicant)
    office.recommend()
    office.decide(office.as_officer(REGISTRAR), "approve", text_for_applicant="Добро пожаловать.")

    # The applicant finds the invoice; the treasurer finds it by its number and records the payment.
    with phone.expect_navigation():
        applicant.look().locator("main a[href*='/invoices/']").click()
    invoice = phone.locator("h1").inner_text().split()[-1]
    treasurer = office.as_officer(TREASURER, "/admin/dues/")
    treasurer.fill("main [name=q]", invoice)
    send(treasurer, "main form[method=get]")
    with treasurer.expect_navigation():
        treasurer.get_by_role("link", name=invoice).click()
    treasurer.fill("main [name$=reference]", "Платёжное поручение № 12")
    send(treasurer, "form[action$='/payment/']")

    # A member now: the card, and what it says to whoever scans its code.
    phone.goto("/membership/mine/")
    expect(phone.locator("main")).to_contain_text(NUMBER)
    with phone.expect_navigation():
        phone.locator("main a[href$='/membership/card/']").click()
    expect(phone.locator("main dl.facts")).to_contain_text(NAME_NATIVE)
    number = NUMBER.search(phone.locator("main dl.facts").inner_text())
    assert number is not None
    stranger = open_page()
    stranger.goto(phone.locator("main a[href*='/card/'][rel=noreferrer]").get_attribute("href") or "")
    expect(stranger.locator("main .notice")).to_have_attribute("data-tone", "ok")
    expect(stranger.locator("main")).to_contain_text(number[0])
    expect(stranger.locator("main")).not_to_contain_text(NAME_NATIVE)


def test_a_rejection_is_appealed_and_the_board_approves(open_page: OpenPage, signed_in: SignedIn) -> None:
    phone = open_page(javascript=False, width=390)
    applicant = Applicant(phone, "appealing@example.org", licence="0015832", referees=OTHER_REFEREES)
    applicant.sign_up()
    applicant.apply()
    for referee in OTHER_REFEREES:
        confirm_as(open_page(), referee)

    office = Office(open_page, signed_in, applicant, javascript=False)  # plain forms all the way
    office.recommend()
    registrar = office.as_officer(REGISTRAR)
    with registrar.expect_navigation():
        registrar.locator("main a[href$='/reject/']").click()
    registrar.select_option("[name=reason_code]", "other")
    registrar.fill("[name=text_for_applicant]", "Не хватает опыта в судах.")
    registrar.fill("[name=internal_note]", "Обсудить с отделением.")
    office.take(registrar, "reject")

    # The applicant reads the text and nothing of what the office keeps to itself.
    main = applicant.look().locator("main")
    expect(main).to_contain_text("Не хватает опыта в судах.")
    expect(main).not_to_contain_text("Обсудить с отделением.")
    expect(main).not_to_contain_text("Рекомендуем.")
    with phone.expect_navigation():
        phone.locator("main a[href$='/appeal/']").click()
    phone.fill("[name=text]", "У меня одиннадцать лет практики.")
    send(phone)

    first, second = (office.as_officer(email) for email in BOARD)
    office.vote_for(first, text="Жалоба удовлетворена.")
    expect(applicant.look().locator("main")).not_to_contain_text("Жалоба удовлетворена.")
    second.reload()
    office.vote_for(second, text="Жалоба удовлетворена.")
    expect(applicant.look().locator("main")).to_contain_text("Жалоба удовлетворена.")
    expect(phone.locator("main a[href*='/invoices/']")).to_be_visible()
