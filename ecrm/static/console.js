// The console's keyboard: "/" goes to the search, Escape leaves it and closes the menu. Pages work without it.
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
