// Alerts the person: a count at the icon, a sound, a notification. One of each for a message,
// however many tabs are open, and none while the person looks at one of them. `src/attention.rs`
// imports it.
const icon = document.querySelector("link[rel=icon]");
const plain = icon?.href;
const kept = (key, value) => {
  // Storage throws where it is forbidden.
  try {
    if (value !== undefined) localStorage.setItem("tidings." + key, value);
    return localStorage.getItem("tidings." + key) || "";
  } catch { return ""; }
};
const looking = () => document.visibilityState === "visible" && document.hasFocus();

// A tab that the person looks at holds a lock, which the browser releases when the tab is gone.
let release = null;
const watch = () => {
  if (looking() && !release && navigator.locks) {
    const until = new Promise((resolve) => { release = resolve; });
    navigator.locks.request("tidings.looking", { mode: "shared" }, () => until);
  } else if (!looking() && release) {
    release();
    release = null;
  }
};
document.addEventListener("visibilitychange", watch);
addEventListener("focus", watch);
addEventListener("blur", watch);
watch();

let sounds;
const ring = () => {
  sounds ??= new AudioContext();
  const now = sounds.currentTime;
  [660, 880].forEach((pitch, at) => {
    const tone = new OscillatorNode(sounds, { frequency: pitch });
    const level = new GainNode(sounds, { gain: 0 });
    const start = now + at * 0.11;
    level.gain.setValueAtTime(0.12, start);
    level.gain.exponentialRampToValueAtTime(0.001, start + 0.2);
    tone.connect(level).connect(sounds.destination);
    tone.start(start);
    tone.stop(start + 0.2);
  });
};

const open = (peer) => dispatchEvent(new CustomEvent("tidings-open", { detail: peer }));
if (navigator.serviceWorker) {
  navigator.serviceWorker.addEventListener("message", (event) => open(event.data));
}
// Without a service worker: the last notification of each conversation.
const own = new Map();
const worker = () => navigator.serviceWorker?.getRegistration();
const notify = async (peer, title, body) => {
  const what = { body, tag: peer, icon: plain };
  const registration = await worker();
  // A notification of the service worker can be closed by every tab, and clicked when none is left:
  // the worker then sends the click as a message.
  if (registration?.active) return registration.showNotification(title, what);
  const shown = new Notification(title, what);
  own.set(peer, shown);
  shown.onclick = () => {
    focus();
    shown.close();
    open(peer);
  };
};

// The first tab that claims a message in storage alerts; later ones find it claimed.
const speak = async (uid, peer, seq, title, body) => {
  const key = "heard." + uid + "." + peer;
  if (Number(kept(key)) >= seq) return;
  kept(key, seq);
  const held = navigator.locks ? (await navigator.locks.query()).held : [];
  if (looking() || held.some((lock) => lock.name === "tidings.looking")) return;
  if (kept("sound") !== "off") ring();
  if (kept("notify") === "on" && Notification.permission === "granted") await notify(peer, title, body);
};

// Serialised over all tabs by a lock, so that a notification is shown before it is withdrawn.
const inTurn = (act) => (navigator.locks ? navigator.locks.request("tidings.speak", act) : act());

export const message = (...what) => void inTurn(() => speak(...what));

// Closes the notifications of the conversations with these tags; without tags, all of them.
export const withdraw = (tags) => void inTurn(async () => {
  const shown = (await (await worker())?.getNotifications()) ?? [];
  for (const one of [...shown, ...own.values()]) {
    if (tags === undefined || tags.split(" ").includes(one.tag)) one.close();
  }
});

export const permission = () => (window.Notification ? Notification.permission : "denied");

export async function ask() {
  if ((await Notification.requestPermission()) === "granted") kept("notify", "on");
}

export function badge(count) {
  if (!icon) return;
  const text = count > 99 ? "99" : count;
  icon.href = !count ? plain : "data:image/svg+xml," + encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="16" fill="#007a61"/><circle cx="36" cy="36" r="26" fill="#fff"/><text x="36" y="48" font-size="34" font-weight="700" font-family="sans-serif" text-anchor="middle" fill="#007a61">${text}</text></svg>`);
}
