"""A fact on its way to a person: line and bell on the site, told by a real worker, read, muted and chosen."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage
from tests.e2e.learner import Learner, wait_until_told

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("javascript", [False, True])
def test_an_enrolment_is_told_read_and_looked_up(open_page: OpenPage, javascript: bool) -> None:
    page = open_page(javascript=javascript)
    learner = Learner(page, f"told.{'script' if javascript else 'plain'}@example.org", language="ru")
    learner.sign_up()
    learner.enrol()

    wait_until_told(page)
    line = page.locator("main .notif", has_text="Суд присяжных")
    expect(line).to_have_count(1)
    bell = page.locator("header a[href$='/notifications/']").first
    expect(bell).to_contain_text("1")

    learner.follow(line.locator("a").first)
    expect(page).to_have_url(re.compile("/courses/jury-trial-kz/$"))
    page.goto("/notifications/")
    expect(page.locator("main .is-unread")).to_have_count(0)

    page.goto("/notifications/deliveries/")
    expect(page.locator("main")).to_contain_text("ждёт отправки")

    page.goto("/notifications/settings/")
    choice = page.locator("select[name*='enrolled']")
    choice.select_option("off")
    learner.follow(page.get_by_role("button", name="Сохранить настройки"))
    expect(choice).to_have_value("off")


# No push service can be reached here: the browser's own call to it is answered by this, everything else is real.
SUBSCRIBE = """
PushManager.prototype.subscribe = async (options) => {
  const key = btoa(String.fromCharCode(...options.applicationServerKey));
  return {
    endpoint: "https://updates.push.services.mozilla.com/wpush/v2/browser",
    keys: { p256dh: key.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""), auth: "MDEyMzQ1Njc4OWFiY2RlZg" },
  };
};
"""


def test_push_is_turned_on_and_off_in_a_browser(open_page: OpenPage) -> None:
    page = open_page()
    Learner(page, "pushed@example.org", language="ru").sign_up()
    page.context.grant_permissions(["notifications"])
    page.add_init_script(SUBSCRIBE)
    page.goto("/notifications/settings/")

    page.get_by_role("button", name="Включить в этом браузере").click()

    expect(page.locator("push-switch")).to_be_visible()
    browser = page.locator("form[action$='/remove/']")
    expect(browser).to_have_count(1)
    worker = page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.active.scriptURL)")
    assert worker.endswith("/push-worker.js?language=ru")

    with page.expect_navigation():
        browser.locator("button").click()
    expect(browser).to_have_count(0)
