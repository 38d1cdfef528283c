// Caches the whole page, so that it opens without the network. The page itself names its files. The
// server is asked for the page first, and a new build replaces the cached one.
const NAME = "tidings-page";
// The server may take so long to answer before the cached page is shown.
const PATIENCE_MS = 4000;
// A file name with a content hash: a cached file of this name is never outdated.
const HASHED = /\b[0-9a-f]{12,16}[-._][^/]*$/;
// Statuses of a proxy that demands authentication, or of the server for a host name that is not its
// own: the browser has to see these.
const REFUSALS = [401, 403, 407, 421];
// The clients whose page came from the cache: their other files do as well, so that all are of one
// build. Lost when the browser ends this worker; the server's files then come first again.
const offline = new Set();

// The cached response; undefined if there is none or the cache is not available.
async function kept(path) {
  try {
    return await (await caches.open(NAME)).match(path, { ignoreVary: true });
  } catch {
    return undefined;
  }
}

// The files of this origin that a page names, including the modules of its program; not the API
// requests it preloads.
const NAMED = /\s(?:src|href)="(\/(?!api\/)[^"/][^"]*)"/g;
const files = (html) => new Set([...html.matchAll(NAMED)].map(([, path]) => path));

async function keep(page) {
  if (!page.ok || page.redirected) throw new Error("the server has no page");
  const cache = await caches.open(NAME);
  const before = await kept("/");
  const old = before ? await before.text() : "";
  const html = await page.clone().text();
  if (html === old) return;
  const wanted = files(html);
  const missing = [];
  for (const path of wanted) {
    if (!HASHED.test(path) || !(await kept(path))) missing.push(path);
  }
  await cache.addAll(missing);
  // The page is stored last: where it is cached, all its files are.
  await cache.put("/", page);
  // The files of the previous build stay: a tab may still be loading them.
  const recent = files(old);
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url);
    if (pathname !== "/" && !wanted.has(pathname) && !recent.has(pathname)) await cache.delete(request);
  }
}

// Serialised over all tabs.
let last = Promise.resolve();
const keepNext = (page) => (last = last.catch(() => {}).then(() => keep(page)));

async function install() {
  await keepNext(await fetch("/", { cache: "no-cache" }));
  await skipWaiting();
}

async function activate() {
  // Deletes the caches of older versions of this worker.
  for (const name of await caches.keys()) {
    if (name.startsWith("tidings-") && name !== NAME) await caches.delete(name);
  }
  await clients.claim();
}

async function page(asked, client) {
  const own = await kept("/");
  if (!own) return asked;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, own));
  // A proxy in front of a server that is down answers, too; a redirect is left to the browser.
  const isAnswer = ({ ok, type, status }) => ok || type === "opaqueredirect" || REFUSALS.includes(status);
  const page = (answer) => (isAnswer(answer) ? answer : own);
  const shown = await Promise.race([asked.then(page, () => own), late]);
  if (shown === own) offline.add(client);
  return shown;
}

async function file(request, client) {
  const { pathname } = new URL(request.url);
  if (HASHED.test(pathname) || offline.has(client)) return (await kept(pathname)) ?? fetch(request);
  try {
    return await fetch(request);
  } catch (error) {
    const own = await kept(pathname);
    if (own) return own;
    throw error;
  }
}

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (pathname === "/" && request.mode === "navigate") {
    const asked = fetch(request);
    event.waitUntil(asked.then((answer) => keepNext(answer.clone())).catch(() => {}));
    event.respondWith(page(asked, event.resultingClientId));
  } else if (pathname !== "/" && !pathname.startsWith("/api/")) {
    event.respondWith(file(request, event.clientId));
  }
});
addEventListener("notificationclick", (event) => {
  const { tag } = event.notification;
  event.notification.close();
  event.waitUntil(clients.matchAll({ type: "window" }).then((windows) => {
    const open = windows.find(({ url }) => new URL(url).pathname === "/");
    if (!open) return clients.openWindow("/#" + tag);
    open.postMessage(tag);
    return open.focus();
  }));
});
