// analytics.identify, track, page and reset for the shop's own pages, and how long each page was read. First-party and
// only with consent: without it the page doesn't carry this script. Whether GPC and DNT count is decided there, too: they
// are a refusal until somebody chooses here. Page views are the server's: page() is for views that change without a
// request. What can't be sent (offline, server away) waits in localStorage, 50 messages at most, and for the visitor
// of this page alone: what another one left there (signed out, "Not you?", withdrawn) is dropped unsent. A reset() that
// the server didn't take is owed: until it was, nothing else is sent, as it would go to the visitor who left.
(() => {
  "use strict";
  // From which recommendation or e-mail somebody came is known by now; an address that is copied shall not say it again.
  const here = new URL(location.href);
  if (["ecrm_from", "ecm"].some((name) => here.searchParams.has(name))) {
    here.searchParams.delete("ecrm_from");
    here.searchParams.delete("ecm");
    history.replaceState(history.state, "", here);
  }
  const { seen, collector, visitor } = document.currentScript.dataset;
  const KEY = "ecrm_waiting";
  const OWED = "ecrm_reset_owed"; // by this visitor
  const MOST = 50;
  const MAX_BYTES = 32000; // the collector takes 32 KB
  const LONGEST_WAIT = 300000;
  let userId = null;
  let sending = false;
  let owing = false; // where storage is blocked
  let ending = null; // the request that ends a visitor; nothing may overtake it
  let pause = 2000;
  let timer = 0;

  const id = () =>
    crypto.randomUUID ? crypto.randomUUID() : Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16)).join("-");
  const bytes = (message) => new Blob([JSON.stringify(message)]).size;
  const owed = () => {
    try {
      return owing || localStorage.getItem(OWED) === visitor;
    } catch {
      return owing;
    }
  };
  const owe = (more) => {
    owing = more;
    try {
      if (more) localStorage.setItem(OWED, visitor);
      else localStorage.removeItem(OWED);
    } catch {}
  };
  let memory = [];
  const waiting = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) || "[]");
      return Array.isArray(kept) ? kept.filter((message) => message && message.visitor === visitor && bytes(message) <= MAX_BYTES) : [];
    } catch {
      return memory; // storage is blocked or full: for as long as the page lives
    }
  };
  const keep = (messages) => {
    memory = messages.slice(-MOST);
    try {
      if (memory.length) localStorage.setItem(KEY, JSON.stringify(memory));
      else localStorage.removeItem(KEY);
    } catch {}
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(send, pause);
    pause = Math.min(pause * 2, LONGEST_WAIT);
  };
  const portion = () => {
    const batch = [];
    let size = 0;
    for (const message of waiting()) {
      size += bytes(message);
      if (batch.length && size > 60000) break; // keepalive has room for 64 KB
      batch.push(message);
    }
    return batch;
  };
  const end = async () => {
    ending ||= fetch(collector + "/reset", { method: "POST", keepalive: true }).then((answer) => answer.ok, () => false);
    const ended = await ending;
    ending = null;
    if (ended) owe(false);
    return ended;
  };
  const give = async (batch) => {
    const { ok, status } = await fetch(collector + "/batch", {
      method: "POST",
      keepalive: true,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ batch, sentAt: new Date().toISOString() }),
    });
    return ok || (status < 500 && status !== 429); // what is refused for good would be refused again
  };
  const send = async () => {
    if (sending || !(owed() || portion().length)) return;
    if (navigator.onLine === false) return later();
    sending = true;
    let taken = false;
    let batch = [];
    try {
      if (!owed() || (await end())) {
        batch = portion();
        taken = !batch.length || (await give(batch));
      }
    } catch {}
    sending = false;
    if (!taken) return later();
    const ids = new Set(batch.map((message) => message.messageId));
    keep(waiting().filter((message) => !ids.has(message.messageId)));
    pause = 2000;
    if (waiting().length) send();
  };
  const put = (type, rest) => {
    const message = {
      type,
      visitor,
      messageId: id(),
      anonymousId: "page", // the shop's cookie says who it is
      userId,
      originalTimestamp: new Date().toISOString(),
      context: { page: { path: location.pathname, url: location.href, referrer: document.referrer, title: document.title } },
      ...rest,
    };
    if (bytes(message) > MAX_BYTES) return;
    keep([...waiting(), message]);
    send();
  };

  window.analytics = {
    identify(user, traits = {}) {
      if (typeof user === "object") [user, traits] = [userId, user];
      userId = user == null ? null : String(user);
      put("identify", { traits });
    },
    track: (event, properties = {}) => put("track", { event, properties }),
    page(category, name, properties) {
      if (typeof category === "object") [category, name, properties] = [undefined, undefined, category];
      else if (name === undefined || typeof name === "object") [category, name, properties] = [undefined, category, name];
      put("page", { category, name, properties: { path: location.pathname, ...properties } });
    },
    reset() {
      userId = null;
      keep([]);
      owe(true);
      return end().then((ended) => ended || later());
    },
  };

  // How long the page was visible and how far it was scrolled, when it is hidden or left.
  let since = document.visibilityState === "visible" ? performance.now() : null;
  let visible = 0;
  let deepest = 0;
  const look = () => {
    const height = document.documentElement.scrollHeight;
    const share = height ? ((scrollY + innerHeight) / height) * 100 : 100;
    deepest = Math.min(100, Math.max(deepest, Math.round(share)));
  };
  const report = () => {
    if (since !== null) visible += performance.now() - since;
    since = null;
    const seconds = Math.min(86400, Math.floor(visible / 1000));
    if (seconds < 1 || owed()) return;
    visible -= seconds * 1000; // what follows a return to the page is reported apart
    const body = JSON.stringify({ path: location.pathname.slice(0, 200), seconds, scroll: deepest });
    navigator.sendBeacon(seen, new Blob([body], { type: "application/json" }));
  };
  addEventListener("scroll", look, { passive: true });
  addEventListener("pagehide", report);
  addEventListener("online", send);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") report();
    else since = performance.now();
  });
  look();
  keep(waiting());
  send();
})();
