"""Editors at work in Wagtail's admin, and a passkey that takes the place of the password."""

import re

import pytest
from playwright.sync_api import Page, expect

from demo.loader.people import DEMO_PASSWORD
from tests.e2e.conftest import OpenPage, SignedIn
from tests.e2e.learner import lesson_titles

pytestmark = pytest.mark.e2e

AUTHOR = "author@example.org"
READER = "officer@example.org"
COURSE = "examination"
ADMIN_PAGES = ["/admin/", "/admin/pages/", "/admin/images/", "/admin/users/", "/admin/reports/locked/"]
# Wagtail's table block asks its grid for the editor's language, which Wagtail does not ship; the grid speaks English.
HANDSONTABLE = "console: Language with code"
SENTENCE = "Проверено редактором в день публикации."


def sign_in(page: Page, email: str) -> None:
    page.fill("main input[name=login]", email)
    page.fill("main input[name=password]", DEMO_PASSWORD)
    page.press("main input[name=password]", "Enter")


def test_an_author_changes_a_lesson_and_the_learner_sees_it(open_page: OpenPage, signed_in: SignedIn) -> None:
    title = lesson_titles("ru", COURSE)[0]
    page = open_page(width=1600, allowed=(HANDSONTABLE,))
    page.goto("/admin/")
    expect(page).to_have_url(re.compile("/account/login/"))
    sign_in(page, AUTHOR)
    expect(page).to_have_url(re.compile("/admin/$"))
    page.goto(f"/admin/pages/search/?q={title}")
    page.locator("main td.title a", has_text=title).first.click()
    expect(page.locator("input[name=title]")).to_have_value(title)
    # The preview beside the editor shows the lesson as learners see it.
    page.locator("[data-side-panel-toggle=preview]").click()
    # Wagtail loads each change in a second frame before it shows it in place of the first.
    preview = page.frame_locator("[data-side-panel=preview] iframe >> nth=0")
    expect(preview.locator("h1")).to_have_text(title)
    # A sentence at the end of the first text.
    text = page.locator("[data-streamfield-child] .public-DraftEditor-content").first
    text.click()
    page.keyboard.press("Control+End")
    page.keyboard.press("Enter")
    # As fast as people type: Wagtail takes what it finds in the first second for the text as it was.
    page.keyboard.type(SENTENCE, delay=80)
    expect(preview.locator("main")).to_contain_text(SENTENCE)
    publish = page.locator("button[name=action-publish]")
    if not publish.is_visible():
        page.locator("footer [data-w-dropdown-target=toggle]").first.click()
    with page.expect_navigation():
        publish.click()
    expect(page.locator(".messages .success")).to_be_visible()
    reader = open_page(storage=signed_in(READER))
    reader.goto(f"/courses/{COURSE}/")
    reader.locator("form[action$='/enrol/'] [type=submit]").first.click()
    expect(reader.locator("h1")).to_have_text(title)
    expect(reader.locator("main")).to_contain_text(SENTENCE)


@pytest.mark.parametrize("path", ADMIN_PAGES)
def test_the_admin_keeps_to_its_policy(path: str, open_page: OpenPage, signed_in: SignedIn) -> None:
    page = open_page(storage=signed_in("admin@example.org"))
    page.goto(path, wait_until="networkidle")
    expect(page.locator("#main")).to_be_visible()


def test_a_passkey_takes_the_place_of_the_password(open_page: OpenPage, platform_url: str) -> None:
    # A passkey belongs to a name; browsers refuse it to an address of digits.
    page = open_page(base_url=platform_url.replace("127.0.0.1", "localhost"))
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    page.goto("/account/login/")
    sign_in(page, "advocate2@example.org")
    expect(page).to_have_url(re.compile("/home/$"))
    page.goto("/account/2fa/webauthn/add/")
    page.fill("main input[name=password]", DEMO_PASSWORD)
    with page.expect_navigation():
        page.press("main input[name=password]", "Enter")
    page.fill("main input[name=name]", "Телефон")
    expect(page.locator("main input[name=passwordless]")).to_be_checked()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(lambda url: "/add/" not in url)
    page.goto("/account/2fa/webauthn/")
    expect(page.locator("main li.row")).to_contain_text("Телефон")
    page.locator(".masthead details.drop.menu > summary").click()
    with page.expect_navigation():
        page.locator(".masthead button[form=logout]").click()
    page.goto("/account/login/")
    page.locator("#passkey_login").click()
    expect(page).to_have_url(re.compile("/home/$"))
    expect(page.locator("#logout")).to_be_attached()
