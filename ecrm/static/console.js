// The console's keyboard ("/" goes to the search, Escape leaves it and closes the menu), ticking a whole list, and the
// open tab in sight. Pages work without it.
"use strict";

const search = document.querySelector("[data-quick]");
const menu = document.querySelector("details.menu");

document.addEventListener("keydown", (event) => {
  const writing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey && search) {
    event.preventDefault();
    search.focus();
    search.select();
  }
  if (event.key === "Escape") {
    if (writing === search && search) search.blur();
    if (menu && menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
});

document.addEventListener("click", (event) => {
  if (menu && menu.open && !menu.contains(event.target)) menu.open = false;
});

for (const all of document.querySelectorAll("[data-tick-all]")) {
  const ticks = [...all.form.querySelectorAll(`input[name="${all.dataset.tickAll}"]`)];
  const tell = () => {
    const on = ticks.filter((one) => one.checked).length;
    all.checked = on > 0 && on === ticks.length;
    all.indeterminate = on > 0 && on < ticks.length;
  };
  all.addEventListener("change", () => ticks.forEach((one) => { one.checked = all.checked; }));
  all.form.addEventListener("change", tell);
  all.closest("label").hidden = false;
  tell();
}

for (const tabs of document.querySelectorAll(".tabs")) {
  const open = tabs.querySelector("[aria-current]");
  if (open) tabs.scrollLeft = open.offsetLeft - tabs.offsetLeft - 24;
}
