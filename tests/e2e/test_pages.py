"""Every page, narrow and wide, light and dark: readable for everybody, and silent behind the reader's back."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from demo.loader.people import DEMO_PASSWORD
from tests.e2e.conftest import Visit
from tests.e2e.pages import PLACES, Place, address

pytestmark = pytest.mark.e2e

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
WIDTHS = (390, 1280)
# Each page in both themes; the two languages take the other width for each, so that together they see all four.
SCHEMES = {"ru": ("light", "dark"), "en": ("dark", "light")}
NARROWEST = 320  # 1280 enlarged four times: WCAG 1.4.10
CASES = [pytest.param(place, "ru", id=place.name) for place in PLACES] + [
    pytest.param(place, "en", id=f"{place.name}, English") for place in PLACES if place.english
]
RUN_AXE = """
() => axe.run({resultTypes: ["violations"]}).then((result) => result.violations.flatMap(
  (violation) => violation.nodes.map((node) => `${violation.id}: ${node.target} ${node.html.slice(0, 160)}`)
))
"""
# The admin fades from one theme to the other: what is measured is where that ends.
SETTLE = "document.getAnimations().forEach((one) => one instanceof CSSTransition && one.finish())"
OVERFLOW = "document.documentElement.scrollWidth - window.innerWidth"
FOLD = "(open) => { for (const details of document.querySelectorAll('main details')) details.open = open }"


def find_overflow(page: Page) -> list[str]:
    """Measure the page with its disclosures closed and open; they stay open."""
    faults = []
    for is_open in (False, True):
        page.evaluate(FOLD, is_open)
        if (over := page.evaluate(OVERFLOW)) > 0:
            faults.append(f"{over} px wider than the screen{' with everything open' if is_open else ''}")
    return faults


def find_violations(page: Page, scheme: str) -> list[str]:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.evaluate(SETTLE)
    return [f"{scheme}: {fault}" for fault in page.evaluate(RUN_AXE)]


@pytest.mark.parametrize(("place", "language"), CASES)
def test_page(
    place: Place,
    language: str,
    visit: Visit,
    places: dict[str, str],
) -> None:
    page = visit(place, language=language)
    path = address(place, language, places)
    response = page.goto(path)
    if "/reauthenticate/?" in page.url:
        with page.expect_navigation():
            page.fill("main input[name=password]", DEMO_PASSWORD)
            page.press("main input[name=password]", "Enter")
        response = page.goto(path)
    assert response is not None
    assert response.status == place.status
    assert page.url.endswith(path), "the page led elsewhere"
    page.evaluate(AXE)
    faults = []
    for width, scheme in zip(WIDTHS, SCHEMES[language], strict=True):
        page.set_viewport_size({"width": width, "height": 900})
        faults += [f"{width} px: {fault}" for fault in find_overflow(page) + find_violations(page, scheme)]
    page.set_viewport_size({"width": NARROWEST, "height": 900})
    faults += [f"{NARROWEST} px: {fault}" for fault in find_overflow(page)]
    assert not faults, "\n".join(faults)
