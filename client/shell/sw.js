// Keeps one edition of the page, whole, so that it opens without the network. Which one is filled in
// by the build. The page itself is asked of the server first; it names its files by the hashes of
// their contents, so that whichever page answers, all of its files are of its own edition.
const BUILD = "";
const FILES = [];

const NAME = "tidings-" + BUILD;
// How long the server may take to answer before the page that is kept is shown.
const PATIENCE_MS = 4000;

// Nothing where the browser keeps nothing or has lost it: the network is there as well.
async function kept(path) {
  try {
    return await (await caches.open(NAME)).match(path, { ignoreVary: true });
  } catch {
    return undefined;
  }
}

async function keep() {
  const page = await fetch("/", { cache: "no-cache" });
  if (!(await page.clone().text()).includes(`data-build="${BUILD}"`)) {
    // The worker of that edition is about to come.
    throw new Error("the server has another edition by now");
  }
  const cache = await caches.open(NAME);
  await cache.addAll(FILES);
  // Last: where it is, everything is.
  await cache.put("/", page);
  await skipWaiting();
}

async function takeOver() {
  // Open pages of other editions have loaded all they need.
  for (const name of await caches.keys()) {
    if (name.startsWith("tidings-") && name !== NAME) await caches.delete(name);
  }
  await clients.claim();
}

async function page(request) {
  const asked = fetch(request);
  const own = await kept("/");
  if (!own) return asked;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, own));
  // A proxy before a server that is down answers, too; a redirect is for the browser to follow.
  const page = (answer) => (answer.ok || answer.type === "opaqueredirect" ? answer : own);
  return Promise.race([asked.then(page, () => own), late]);
}

const file = async (request) => (await kept(new URL(request.url).pathname)) ?? fetch(request);

addEventListener("install", (event) => event.waitUntil(keep()));
addEventListener("activate", (event) => event.waitUntil(takeOver()));
addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (mode === "navigate" && pathname === "/") event.respondWith(page(event.request));
  else if (FILES.includes(pathname)) event.respondWith(file(event.request));
});
addEventListener("notificationclick", (event) => {
  const { tag } = event.notification;
  event.notification.close();
  event.waitUntil(clients.matchAll({ type: "window" }).then(([open]) => {
    if (!open) return clients.openWindow("/");
    open.postMessage(tag);
    return open.focus();
  }));
});
