// Turns on being told in this browser. Where it cannot, the button stays hidden and the sentence beside it says so.

function bytes(key) {
  const text = atob(key.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

class PushSwitch extends HTMLElement {
  connectedCallback() {
    const isPossible = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
    if (!isPossible) return;
    this.status = this.querySelector("[data-status]");
    this.button = this.querySelector("[data-switch] button");
    this.querySelector("[data-switch]").hidden = false;
    this.querySelector("[data-sentence]").hidden = true;
    this.button.addEventListener("click", () => this.turnOn());
  }

  async turnOn() {
    this.button.disabled = true;
    this.status.textContent = "";
    try {
      // Asked first: Safari only asks right after a click.
      if ((await Notification.requestPermission()) !== "granted") {
        this.status.textContent = this.dataset.denied;
        return;
      }
      const answer = await this.send(await this.subscribe());
      if (answer === "") location.reload();
      else this.status.textContent = answer;
    } catch {
      this.status.textContent = this.dataset.failed;
    } finally {
      this.button.disabled = false;
    }
  }

  async subscribe() {
    await navigator.serviceWorker.register(this.dataset.worker, { scope: "/" });
    const registration = await navigator.serviceWorker.ready;
    const options = { userVisibleOnly: true, applicationServerKey: bytes(this.dataset.key) };
    try {
      return await registration.pushManager.subscribe(options);
    } catch (error) {
      // A subscription for a key that the League no longer uses stands in the way.
      const old = await registration.pushManager.getSubscription();
      if (old === null) throw error;
      await old.unsubscribe();
      return registration.pushManager.subscribe(options);
    }
  }

  async send(subscription) {
    const response = await fetch(this.dataset.url, {
      method: "POST",
      body: JSON.stringify(subscription),
      headers: {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "X-CSRFToken": this.querySelector("[name=csrfmiddlewaretoken]").value,
      },
    });
    if (response.status === 201) return "";
    const isJson = (response.headers.get("Content-Type") ?? "").startsWith("application/json");
    return isJson ? (await response.json()).error : this.dataset.failed;
  }
}

customElements.define("push-switch", PushSwitch);
