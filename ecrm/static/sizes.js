// What is larger than its page accepts is said before it is sent: afterwards, what was typed might be gone.
// A form with files says itself how much it takes (data-most-bytes); the others, what the page says of them.
{
  const page = document.body.dataset;

  for (const form of document.querySelectorAll("form")) {
    const files = form.querySelector('input[type="file"]');
    const most = Number(form.dataset.mostBytes || (files ? 0 : page.mostBytes) || 0);
    const words = form.dataset.tooLarge || page.tooLarge;
    if (!most || !words || form.method !== "post") continue;
    const parts = form.enctype === "multipart/form-data";
    const letters = (text) => (parts ? new TextEncoder().encode(text).length : encodeURIComponent(text).length);
    const size = () => [...new FormData(form)].reduce(
      (sum, [name, value]) => sum + name.length + (typeof value === "string" ? letters(value) : value.size), 0);
    const written = (count) => count.toLocaleString(document.documentElement.lang || undefined, { maximumFractionDigits: 1 });
    const shown = (bytes) => (bytes >= 1e6 ? `${written(bytes / 1e6)} MB` : `${written(Math.ceil(bytes / 1000))} kB`);
    let said = null;
    const fits = () => {
      const has = size();
      if (said) said.remove();
      said = null;
      if (has <= most) return true;
      said = document.createElement("p");
      said.setAttribute("role", "alert");
      said.className = form.dataset.tooLargeClass || "notice notice-bad";
      said.textContent = words.replace("{has}", shown(has)).replace("{most}", shown(most));
      if (files) files.closest("p").after(said);
      else form.prepend(said);
      return false;
    };
    if (files) files.addEventListener("change", fits);
    form.addEventListener("submit", (event) => {
      if (fits()) return;
      event.preventDefault();
      said.scrollIntoView({ block: "center" });
    });
  }
}
