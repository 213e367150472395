// Keeps the number at the bell true while the page is looked at. Most answers are a 304 of a few bytes.
const MINUTE = 60_000;
const MOST_SHOWN = 99;

class UnreadBell extends HTMLElement {
  connectedCallback() {
    this.interval = navigator.connection?.saveData ? 5 * MINUTE : MINUTE;
    this.askedAt = Date.now();
    this.plan();
    document.addEventListener("visibilitychange", () => this.plan());
  }

  // One timer, and none while nobody looks; whoever comes back after an interval is told at once.
  plan() {
    clearTimeout(this.timer);
    if (this.isOver || document.hidden) return;
    this.timer = setTimeout(() => this.ask(), Math.max(0, this.askedAt + this.interval - Date.now()));
  }

  async ask() {
    this.askedAt = Date.now();
    try {
      // "no-cache" asks with If-None-Match and gives back the stored answer for a 304.
      const answer = await fetch(this.dataset.url, { cache: "no-cache", redirect: "manual" });
      // Signed out in another tab: the answer leads to the sign-in page.
      if (answer.type === "opaqueredirect") this.isOver = true;
      else if (answer.ok) this.show((await answer.json()).unread);
    } catch {
      // No connection: the next turn asks again.
    }
    this.plan();
  }

  show(unread) {
    const count = this.querySelector(".count");
    count.hidden = unread === 0;
    count.querySelector("[data-number]").textContent = unread > MOST_SHOWN ? `${MOST_SHOWN}+` : unread;
  }
}

customElements.define("unread-bell", UnreadBell);
