// Saves drafts while somebody writes. Without this script the buttons “Preview” and “Save draft” do the same.
const PAUSE = 3_000;
const RETRY = 20_000;
const FRESH = 5 * 60_000; // so long the last answer of the server vouches for the sign-in
const PATIENCE = 6_000;

class DraftKeeper extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.status = this.querySelector("[data-status]");
    this.offer = this.querySelector("[data-offer]");
    this.key = `draft:${this.dataset.scope}`;
    this.saved = this.written();
    this.answeredAt = Date.now();
    this.form.addEventListener("input", (event) => {
      if (["text", "title"].includes(event.target.name)) this.schedule(PAUSE);
    });
    this.form.addEventListener("submit", (event) => this.send(event));
    this.offer.querySelector("button").addEventListener("click", () => this.take());
    this.recall();
  }

  get text() { return this.form.elements.text; }
  get title() { return this.form.elements.title; }
  get isDirty() { return this.written() !== this.saved; }

  written() {
    return JSON.stringify([this.title?.value ?? "", this.text.value]);
  }

  say(sentence) {
    this.status.textContent = sentence;
  }

  schedule(delay) {
    clearTimeout(this.timer);
    if (!this.isStopped) this.timer = setTimeout(() => this.save(), delay);
  }

  // Returns "saved", "conflict", "signed-out" or "failed".
  async save() {
    clearTimeout(this.timer);
    if (this.saving) {
      await this.saving;
      if (!this.isDirty) return "saved";
    }
    this.saving = this.ask();
    const outcome = await this.saving;
    this.saving = null;
    return outcome;
  }

  async ask() {
    const written = this.written();
    const [title, text] = JSON.parse(written);
    const revision = Number(this.form.elements.revision.value) || 0;
    this.renewToken();
    let response, answer;
    try {
      response = await fetch(this.dataset.url, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          Accept: "application/json",
          "X-CSRFToken": this.form.elements.csrfmiddlewaretoken.value,
        },
        body: JSON.stringify({ scope: this.dataset.scope, title, text, revision }),
        redirect: "manual",
        signal: AbortSignal.timeout?.(PATIENCE),
      });
      answer = response.headers.get("Content-Type")?.startsWith("application/json") ? await response.json() : {};
    } catch {
      return this.fail("failed", this.dataset.offline, written);
    }
    if (response.status === 401 || response.status === 403 || response.type === "opaqueredirect") {
      return this.fail("signed-out", this.dataset.signedOut, written);
    }
    this.answeredAt = Date.now();
    if (response.status === 409) {
      this.isStopped = true;
      this.remember(written);
      this.propose(this.dataset.conflict, answer);
      return "conflict";
    }
    if (!response.ok) return this.fail("failed", this.dataset.offline, written);
    this.form.elements.revision.value = answer.revision;
    this.saved = written;
    this.forget();
    this.say(answer.revision ? `${this.dataset.saved} ${answer.saved_at}` : "");
    return "saved";
  }

  fail(outcome, sentence, written) {
    this.remember(written);
    this.say(sentence);
    this.schedule(RETRY);
    return outcome;
  }

  // The text goes to the server before the form does: a sign-in page in between would swallow it.
  async send(event) {
    clearTimeout(this.timer);
    if (this.isSure || (!this.isDirty && Date.now() - this.answeredAt < FRESH)) {
      this.renewToken();
      return;
    }
    event.preventDefault();
    if (this.isSending) return;
    this.isSending = true;
    const outcome = this.isStopped ? "conflict" : await this.save();
    this.isSending = false;
    if (outcome === "signed-out") {
      this.status.scrollIntoView({ block: "nearest" });
      return;
    }
    clearTimeout(this.timer);
    this.isSure = true;
    this.form.requestSubmit(event.submitter);
    this.isSure = false;
  }

  // After a new sign-in in another tab the page's own token is out of date; the cookie has the right one.
  renewToken() {
    const found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    if (found) this.form.elements.csrfmiddlewaretoken.value = found[1];
  }

  propose(sentence, text) {
    this.proposed = text;
    this.say(sentence);
    this.offer.hidden = false;
  }

  take() {
    const { title, text, revision } = this.proposed;
    const mine = { title: this.title?.value ?? "", text: this.text.value };
    this.text.value = text;
    if (this.title) this.title.value = title;
    if (revision !== undefined) {
      this.form.elements.revision.value = revision;
      this.saved = this.written();
    }
    this.isStopped = false;
    this.forget();
    this.say("");
    this.offer.hidden = true;
    if (mine.text.trim()) this.propose(this.dataset.mine, mine);
    if (this.isDirty) this.schedule(PAUSE);
    this.text.focus();
  }

  // What the server did not take is kept in this window, to the end of its session.
  remember(written) {
    try {
      sessionStorage.setItem(this.key, written);
    } catch {
      // Full or forbidden: the text is still in the form.
    }
  }

  forget() {
    try {
      sessionStorage.removeItem(this.key);
    } catch {
      // Forbidden: nothing was kept.
    }
  }

  recall() {
    let kept = null;
    try {
      kept = sessionStorage.getItem(this.key);
    } catch {
      return;
    }
    if (!kept) return;
    if (kept === this.saved) {
      this.forget();
      return;
    }
    const [title, text] = JSON.parse(kept);
    if (!this.text.value.trim()) {
      this.text.value = text;
      if (this.title) this.title.value = title;
      this.say(this.dataset.unconfirmed);
      this.schedule(PAUSE);
    } else {
      this.propose(this.dataset.unconfirmed, { title, text });
    }
  }
}

customElements.define("draft-keeper", DraftKeeper);
