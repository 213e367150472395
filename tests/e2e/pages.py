"""The pages that every check of the whole site visits."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.e2e.applicant import send
from tests.e2e.learner import Learner

ADVOCATE = "advocate@example.org"
APPLICANT = "applicant@example.org"
OFFICER = "officer@example.org"
TREASURER = "treasurer@example.org"
REGISTRAR = "registrar@example.org"
COURSES = "/courses/"
JURY = f"{COURSES}jury-trial-kz/"


@dataclass(frozen=True)
class Place:
    """A page of the table."""

    name: str
    path: str  # or, between braces, the name of an address that `make_places` finds
    member: bool = False  # looked at by the advocate
    person: str = ""  # looked at by this account
    english: bool = False  # also looked at in English
    status: int = 200
    server: str = "platform_url"  # the fixture of the server that shows it

    @property
    def viewer(self) -> str:
        """The e-mail of who looks at it; nothing for a visitor."""
        return self.person or (ADVOCATE if self.member else "")


PLACES = [
    Place("account", "/account/", member=True, english=True),
    Place("password once more", "/account/reauthenticate/", member=True),
    Place("addresses", "/account/email/", member=True),
    Place("password change", "/account/password/change/", member=True),
    Place("second factor", "/account/2fa/", member=True),
    Place("authenticator app", "/account/2fa/totp/activate/", member=True),
    Place("passkeys", "/account/2fa/webauthn/", member=True),
    Place("new passkey", "/account/2fa/webauthn/add/", member=True),
    Place("sessions", "/account/sessions/", member=True),
    Place("public home", "/", english=True),
    Place("standard page", "/about/", english=True),
    Place("news list", "/news/"),
    Place("news page", "/news/jury-trial-course/", english=True),
    Place("catalogue", COURSES, english=True),
    Place("catalogue, filtered", f"{COURSES}?subject=jury_trials"),
    Place("catalogue, nothing found", f"{COURSES}?subject=jury_trials&country=TM"),
    Place("course", JURY, english=True),
    Place("sign-in", "/account/login/", english=True),
    Place("sign-up", "/account/signup/", english=True),
    Place("password reset", "/account/password/reset/"),
    Place("letter again", "/account/verification/"),
    Place("verification", "/verify/", english=True),
    Place("certificate", "{certificate}", english=True),
    Place("unknown certificate", "/verify/0000000000000000/", status=404),
    Place("not found", "/nothing/here/", status=404, english=True, server="public_url"),
    Place("maintenance", "/", status=503, server="maintenance_url"),
    Place("gallery", "/ui/"),
    Place("mailbox", "/mailbox/"),
    Place("letter", "{letter}"),
    Place("member home", "/home/", member=True, english=True),
    Place("course, learning", JURY, member=True, english=True),
    Place("course, completed", f"{COURSES}examination/", member=True),
    Place("lesson", "{lesson}", member=True, english=True),
    Place("lesson with quiz", "{quiz lesson}", member=True, english=True),
    Place("quiz", "{attempt}", member=True, english=True),
    Place("quiz, failed", "{failed}", member=True, english=True),
    Place("quiz, passed", "{passed}", member=True),
    Place("certificates", "/learn/certificates/", member=True, english=True),
    Place("notifications", "/notifications/", member=True, english=True),
    Place("notification settings", "/notifications/settings/", member=True, english=True),
    Place("deliveries", "/notifications/deliveries/", member=True),
    Place("announcements", "/announcements/", member=True),
    Place("membership", "/membership/", english=True),
    Place("application, a step", "{step}", member=True),
    Place("application, sent", "{application}", person=APPLICANT),
    Place("my membership", "/membership/mine/", member=True, english=True),
    Place("dues", "/membership/dues/", member=True),
    Place("member card", "/membership/card/", member=True),
    Place("member card, checked", "{card}"),
    Place("professional development", "/membership/cpd/", member=True),
    Place("claim of hours", "/membership/cpd/claims/new/", member=True),
    Place("directory", "/members/", member=True, english=True),
    Place("profile", "{profile}", member=True),
    Place("own profile, edited", "/membership/profile/edit/", member=True),
    Place("who can see my data", "/membership/profile/visibility/", member=True),
    Place("committees", "/committees/", member=True),
    Place("forum", "/forum/", member=True, english=True),
    Place("room", "/forum/rooms/criminal-defence/", member=True, english=True),
    Place("guidelines", "/forum/rooms/criminal-defence/guidelines/", member=True),
    Place("thread", "{thread}", member=True, english=True),
    Place("new thread", "/forum/rooms/criminal-defence/new/", member=True),
    Place("unread", "/forum/unread/?tab=all", member=True),
    Place("drafts", "/forum/drafts/", member=True),
    Place("posts that wait", "/forum/held/", person=REGISTRAR),
    Place("personal data", "/account/data/", member=True),
    Place("office, applications", "/admin/applications/", person=OFFICER),
    Place("office, application", "{office application}", person=OFFICER),
    Place("office, member", "{office member}", person=OFFICER),
    Place("office, dues", "/admin/dues/", person=TREASURER),
    Place("unknown link of a letter", "/notifications/unsubscribe/forged/", status=404),
]


def address(place: Place, language: str, found: dict[str, str]) -> str:
    path = place.path
    if path.startswith("{"):
        path = found[path.strip("{}")]
    return path if language == "ru" else f"/{language}{path}"


def make_places(page: Page) -> dict[str, str]:
    """Complete one course, begin another one and an application, ask for a letter; return the addresses of it all."""
    found = {}

    def here() -> str:
        return urlsplit(page.url).path

    done = Learner(page, ADVOCATE, language="ru", course="examination")
    done.enrol()
    done.finish()
    found["passed"] = here()
    page.goto("/learn/certificates/")
    found["certificate"] = urlsplit(page.locator("main a[href*='/verify/']").get_attribute("href") or "").path
    begun = Learner(page, ADVOCATE, language="ru")
    begun.enrol()
    found["lesson"] = here()
    begun.read_to_quiz()
    found["quiz lesson"] = here()
    begun.start_quiz()
    begun.answer_all(rightly=False)
    found["failed"] = here()
    begun.start_quiz()
    found["attempt"] = here()
    page.goto("/membership/card/")
    found["card"] = urlsplit(page.locator("main a[href*='/card/'][rel]").get_attribute("href") or "").path
    page.goto("/members/")
    found["profile"] = urlsplit(page.locator("main .rows a").first.get_attribute("href") or "").path
    page.goto("/forum/rooms/criminal-defence/")
    found["thread"] = urlsplit(page.locator("main a[href*='/forum/threads/']").first.get_attribute("href") or "").path
    page.goto("/membership/apply/")
    send(page)
    found["step"] = here()
    page.goto("/account/verification/")
    page.fill("main input[name=email]", ADVOCATE)
    begun.submit("main form[action$='/verification/']")
    begun.open_letter()
    found["letter"] = here()
    return found


def find_application(page: Page) -> dict[str, str]:
    """Return the address of the applicant's application for the applicant and for the office."""
    page.goto("/membership/")
    path = page.locator("main a[href*='/applications/']").first.get_attribute("href") or ""
    return {"application": path, "office application": path.replace("/membership/", "/admin/")}


def find_member(page: Page) -> dict[str, str]:
    """Return the office's address of a member whom this officer looks after."""
    page.goto("/admin/memberships/")
    return {"office member": page.locator("main table a").first.get_attribute("href") or ""}
