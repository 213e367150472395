"""What a page may weigh over a slow line, and that every page works without JavaScript."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage, SignedIn, Visit
from tests.e2e.pages import ADVOCATE, PLACES, Place, address

pytestmark = pytest.mark.e2e

FIRST_VISIT = 90 * 1024
LESSON_BEYOND_CACHE = 40 * 1024

# Forms on the screen that nothing but a script could send.
MUTE_FORMS = """
forms => forms
  .filter((form) => form.checkVisibility() && ![...form.elements].some((control) => control.type === "submit"))
  .map((form) => form.outerHTML)
"""


def weigh(page: Page, path: str) -> int:
    """Open a page and count every byte that came over the wire for it, headers included."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    lengths: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: lengths.append(event["encodedDataLength"]))
    page.goto(path, wait_until="networkidle")
    page.evaluate("document.fonts.ready.then(() => true)")
    devtools.detach()
    return int(sum(lengths))


@pytest.mark.parametrize("path", ["/", "/en/"])
def test_the_first_visit_to_the_public_home_is_light(path: str, open_page: OpenPage) -> None:
    assert 0 < weigh(open_page(width=390), path) <= FIRST_VISIT


def test_a_lesson_is_light_once_the_site_is_known(
    open_page: OpenPage,
    places: dict[str, str],
    signed_in: SignedIn,
) -> None:
    page = open_page(width=390, storage=signed_in(ADVOCATE))
    page.goto("/home/", wait_until="networkidle")
    assert 0 < weigh(page, places["lesson"]) <= LESSON_BEYOND_CACHE


@pytest.mark.parametrize("place", [pytest.param(place, id=place.name) for place in PLACES])
def test_page_works_without_javascript(place: Place, visit: Visit, places: dict[str, str]) -> None:
    page = visit(place, javascript=False)
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(address(place, "ru", places))
    expect(page.get_by_role("main")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.locator("main form").evaluate_all(MUTE_FORMS) == []
    for menu in page.locator("details.drop").all():
        summary = menu.locator("> summary")
        if summary.is_visible():
            summary.click()
            expect(menu.locator("> .drop-panel")).to_be_visible()
            summary.click()
