// Closes open menus on Escape or a click elsewhere; without scripts they still open and close by their summary.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.site-nav__more[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.site-nav__more[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
