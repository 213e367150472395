// The button “read up to here” pressed by itself once the end of the page has been on screen for two seconds.
const SECONDS = 2;
const form = document.querySelector("[data-read-here]");

if (form && "IntersectionObserver" in window && navigator.sendBeacon) {
  let waiting = 0;

  const send = () => {
    waiting = 0;
    const body = new FormData(form);
    body.set("beacon", "1");
    if (!navigator.sendBeacon(form.action, body)) return;
    observer.disconnect();
    document.removeEventListener("visibilitychange", look);
  };

  let isOnScreen = false;
  const look = () => {
    const isSeen = isOnScreen && document.visibilityState === "visible";
    if (isSeen && !waiting) waiting = setTimeout(send, SECONDS * 1000);
    if (!isSeen && waiting) {
      clearTimeout(waiting);
      waiting = 0;
    }
  };

  const observer = new IntersectionObserver((entries) => {
    isOnScreen = entries.at(-1).isIntersecting;
    look();
  });
  observer.observe(form);
  document.addEventListener("visibilitychange", look);
}
