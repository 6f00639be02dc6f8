// Reports, when a page is hidden or left, for how many seconds it was visible and how far it was scrolled.
// First-party and only with consent: without it the page doesn't carry this script.
(() => {
  "use strict";
  const to = document.currentScript.dataset.to;
  let since = document.visibilityState === "visible" ? performance.now() : null;
  let visible = 0;
  let deepest = 0;

  const look = () => {
    const height = document.documentElement.scrollHeight;
    const seen = height ? ((scrollY + innerHeight) / height) * 100 : 100;
    deepest = Math.min(100, Math.max(deepest, Math.round(seen)));
  };
  const pause = () => {
    if (since !== null) visible += performance.now() - since;
    since = null;
  };
  const report = () => {
    pause();
    const seconds = Math.min(86400, Math.floor(visible / 1000));
    if (seconds < 1) return;
    visible -= seconds * 1000; // what follows a return to the page is reported apart
    const body = JSON.stringify({ path: location.pathname.slice(0, 200), seconds, scroll: deepest });
    navigator.sendBeacon(to, new Blob([body], { type: "application/json" }));
  };

  addEventListener("scroll", look, { passive: true });
  addEventListener("pagehide", report);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") report();
    else since = performance.now();
  });
  look();
})();
