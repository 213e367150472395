// allauth's scripts talk to the device. This shows its panel where a device can answer, and says so if it did not.
if (window.PublicKeyCredential) {
  for (const element of document.querySelectorAll("[data-passkey]")) {
    element.hidden = false;
  }
} else {
  for (const element of document.querySelectorAll("[data-passkey-missing]")) {
    element.hidden = false;
  }
}

document.addEventListener("allauth.error", (event) => {
  const message = document.querySelector("[data-passkey-error]");
  if (message) {
    event.preventDefault();
    message.hidden = false;
    message.focus();
  }
});
