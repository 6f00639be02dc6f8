// A changed filter or sort order shows at once; without scripts the button "Show" does the same.
for (const form of document.querySelectorAll("form.filters")) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) form.requestSubmit();
  });
  // empty choices would only lengthen the address
  form.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData.entries()]) {
      if (value === "" || (name === "sort" && value === "popular")) event.formData.delete(name);
    }
  });
}
// On wide screens the filters are always open.
const wide = window.matchMedia("(min-width: 56rem)");
const fold = document.querySelector(".filters__fold");
if (fold) {
  const unfold = () => { if (wide.matches) fold.open = true; };
  wide.addEventListener("change", unfold);
  unfold();
}
