// Saves answers while the learner works. Without this script the “Save” button does the same.

class AutosaveForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.status = this.querySelector("[data-status]");
    this.timer = null;
    this.pending = false;
    this.form.addEventListener("change", () => this.schedule(600));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && this.pending) this.save(true);
    });
    this.form.addEventListener("submit", () => {
      clearTimeout(this.timer);
      this.pending = false;
    });
  }

  schedule(delay) {
    this.pending = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(false), delay);
  }

  async save(keepalive) {
    const data = new FormData(this.form);
    this.pending = false;
    try {
      const response = await fetch(this.dataset.url, {
        method: "POST",
        body: data,
        headers: { Accept: "application/json" },
        keepalive,
      });
      const answer = await response.json();
      this.status.textContent = response.ok ? `${this.dataset.saved} ${answer.saved_at}` : answer.error;
    } catch {
      this.status.textContent = this.dataset.failed;
      this.schedule(15000);
    }
  }
}

customElements.define("autosave-form", AutosaveForm);
