// The segment editor's live count: asks the server how many what is typed stands for. The button "Count" works without.
"use strict";

const form = document.querySelector("form[data-count]");
if (form) {
  const shown = form.querySelector("output.count");
  let timer = 0;
  let asked = null;
  const count = async () => {
    if (asked) asked.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(form.dataset.count, { method: "POST", body: new FormData(form), signal: asked.signal });
      if (answer.ok) shown.textContent = await answer.text();
    } catch {
      // Typed on meanwhile, or offline: the number stays until the next look.
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(count, 400);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
}
