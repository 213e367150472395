import os
import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect, sync_playwright

from demo.loader.people import DEMO_PASSWORD
from tests.e2e.pages import ADVOCATE, APPLICANT, OFFICER, Place, find_application, find_member, make_places
from tests.e2e.stack import Platform, running_platform, running_web_server
from tests.e2e.watch import Watch

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
PATIENCE = 20_000  # milliseconds that a step may take on a busy machine

PLATFORM = pytest.StashKey[Platform]()

OpenPage = Callable[..., Page]
SignedIn = Callable[[str], StorageState]
Visit = Callable[..., Page]


@pytest.fixture(scope="package")
def chromium() -> str:
    """The path of Chromium. CI installs it; elsewhere who has none sees the browser tests as skipped."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None and os.environ.get("CI") == "true":
        pytest.fail("Chromium was not found")
    if path is None:
        pytest.skip("Chromium was not found")
    return path


@pytest.fixture(scope="package")
def platform(
    chromium: str, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Platform]:
    """The whole platform with its demo world, started once for all browser tests."""
    with running_platform(tmp_path_factory.mktemp("platform")) as platform:
        pytestconfig.stash[PLATFORM] = platform
        yield platform


@pytest.fixture(scope="package")
def platform_url(platform: Platform) -> str:
    return platform.url


@pytest.fixture(scope="package")
def public_url(platform: Platform) -> Iterator[str]:
    """A server with DEBUG off: where it is on, Django's own report takes the place of the 404 page."""
    with running_web_server(platform, "public", DJANGO_SETTINGS_MODULE="tests.e2e.settings") as url:
        yield url


@pytest.fixture(scope="package")
def maintenance_url(platform: Platform) -> Iterator[str]:
    """A server that says that work is going on."""
    with running_web_server(platform, "maintenance", MAINTENANCE="true") as url:
        yield url


@pytest.fixture(scope="package")
def browser(chromium: str, platform: Platform) -> Iterator[Browser]:
    # After the platform: its processes must not inherit the pipes to the browser.
    # Of the package, not of the session: Playwright's loop in this thread would stop the ORM of the tests after it.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *sandbox])
        yield browser
        browser.close()


@dataclass
class Window:
    """A context of the browser with its one page, and what is watched in it."""

    context: BrowserContext
    page: Page
    watch: Watch


def open_window(
    browser: Browser,
    *,
    base_url: str,
    javascript: bool = True,
    language: str = "ru",
    width: int = 1280,
    storage: StorageState | None = None,
    expected: Collection[int] = (),
    allowed: tuple[str, ...] = (),
    **options: Any,
) -> Window:
    """Open a page in a context of its own.

    `expected` names the statuses of 400 and more that the test brings about, `allowed` the beginnings of faults that
    are somebody else's.
    """
    context = browser.new_context(
        base_url=base_url,
        java_script_enabled=javascript,
        locale={"ru": "ru-RU", "en": "en-GB"}[language],
        timezone_id="Asia/Bishkek",
        viewport={"width": width, "height": 900},
        storage_state=storage,
        **options,
    )
    context.set_default_timeout(PATIENCE)
    watch = Watch(urlsplit(base_url).netloc, frozenset(expected), allowed)
    watch.attach(context)
    return Window(context, context.new_page(), watch)


@pytest.fixture
def open_page(browser: Browser, platform_url: str) -> Iterator[OpenPage]:
    """Opens a page in a context of its own; at the end each context is asked what went wrong in it."""
    opened: list[Window] = []

    def open_page(*, base_url: str = platform_url, **options: Any) -> Page:
        opened.append(open_window(browser, base_url=base_url, **options))
        return opened[-1].page

    yield open_page
    for window in opened:
        window.context.close()
    for window in opened:
        window.watch.check()


@pytest.fixture(scope="package")
def windows(browser: Browser) -> Iterator[dict[tuple[object, ...], Window]]:
    """The windows that `visit` keeps open: a tenth of a second to look at a page, not half a second."""
    windows: dict[tuple[object, ...], Window] = {}
    yield windows
    for window in windows.values():
        window.context.close()


@pytest.fixture
def visit(
    browser: Browser,
    windows: dict[tuple[object, ...], Window],
    signed_in: SignedIn,
    request: pytest.FixtureRequest,
) -> Iterator[Visit]:
    """Gives the page of a window that stays open from test to test, for tests that only look.

    Each kind of visitor has one: who it is, with or without scripts, in which language, on which server. It is asked
    after each test what went wrong in it.
    """
    used: list[Window] = []

    def visit(place: Place, *, language: str = "ru", javascript: bool = True) -> Page:
        email = place.viewer
        key = (place.server, email, language, javascript)
        if key not in windows:
            windows[key] = open_window(
                browser,
                base_url=request.getfixturevalue(place.server),
                storage=signed_in(email) if email else None,
                language=language,
                javascript=javascript,
            )
        window = windows[key]
        window.watch.begin(frozenset({place.status} if place.status >= 400 else ()))
        used.append(window)
        return window.page

    yield visit
    for window in used:
        window.watch.check()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A page with JavaScript, in Russian, of somebody who is not signed in."""
    return open_page()


@pytest.fixture(scope="package")
def signed_in(browser: Browser, platform_url: str) -> SignedIn:
    """Signs a demo account in once and gives its cookies to whoever asks again."""
    states: dict[str, StorageState] = {}

    def signed_in(email: str) -> StorageState:
        if email not in states:
            context = browser.new_context(base_url=platform_url)
            page = context.new_page()
            page.goto("/account/login/")
            page.fill("input[name=login]", email)
            page.fill("input[name=password]", DEMO_PASSWORD)
            page.press("input[name=password]", "Enter")
            page.wait_for_selector("#logout", state="attached")
            states[email] = context.storage_state()
            context.close()
        return states[email]

    return signed_in


@pytest.fixture(scope="package")
def places(browser: Browser, platform_url: str, signed_in: SignedIn) -> dict[str, str]:
    """The addresses that only somebody's work creates: made once, by people of the demo world."""
    found: dict[str, str] = {}
    for email, work in ((ADVOCATE, make_places), (APPLICANT, find_application), (OFFICER, find_member)):
        context = browser.new_context(base_url=platform_url, storage_state=signed_in(email), java_script_enabled=False)
        found |= work(context.new_page())
        context.close()
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Show what the platform's processes said beside each failure."""
    report = yield
    if report.failed and PLATFORM in item.config.stash:
        report.sections.append(("the platform's processes", item.config.stash[PLATFORM].said()))
    return report
