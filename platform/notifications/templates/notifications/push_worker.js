// Shows that there is news, and opens the notification centre. A push holds a number and an address, never a text.

const TEXT = {
  language: "{{ language|escapejs }}",
  title: "{% filter escapejs %}{% translate "Central Asian League of Lawyers" %}{% endfilter %}",
  body: "{% filter escapejs %}{% translate "You have news on the site: %(count)s." %}{% endfilter %}",
  plain: "{% filter escapejs %}{% translate "You have news on the site." %}{% endfilter %}",
  centre: "{% filter escapejs %}{% url "notifications:centre" %}{% endfilter %}",
};
const TAG = "league-news";

function read(event) {
  try {
    const data = event.data.json();
    return { id: String(data.id), count: Math.max(1, Math.trunc(Number(data.count)) || 1), url: String(data.url) };
  } catch {
    return { id: "", count: 0, url: TEXT.centre };
  }
}

// What is shown already is replaced, and its number added; a push that arrives twice counts once.
async function show(event) {
  const data = read(event);
  const shown = await self.registration.getNotifications({ tag: TAG });
  const counts = { ...(shown[0]?.data?.counts ?? {}) };
  if (data.count) counts[data.id] = data.count;
  const count = Object.values(counts).reduce((sum, number) => sum + number, 0);
  await self.registration.showNotification(TEXT.title, {
    body: count ? TEXT.body.replace("%(count)s", count) : TEXT.plain,
    lang: TEXT.language,
    tag: TAG,
    data: { counts, url: data.url },
  });
}

async function open(notification) {
  notification.close();
  const wanted = new URL(notification.data?.url ?? TEXT.centre, self.location.origin);
  const address = wanted.origin === self.location.origin ? wanted.href : new URL(TEXT.centre, self.location.origin).href;
  for (const client of await self.clients.matchAll({ type: "window" })) {
    if (client.url === address) return client.focus();
  }
  return self.clients.openWindow(address);
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(show(event)));
self.addEventListener("notificationclick", (event) => event.waitUntil(open(event.notification)));
