"""Forms as a browser would send them untouched."""

from __future__ import annotations

from bs4 import Tag


def fields_of(form: Tag) -> dict[str, str]:
    """Every field's present value; of radios the checked one (or the first), checkboxes left alone."""
    fields: dict[str, str] = {}
    for control in form.find_all(["input", "select", "textarea"]):
        name, kind = str(control.get("name", "")), str(control.get("type", "text"))
        if not name or kind in {"submit", "button", "checkbox"}:
            continue
        if control.name == "select":
            options = control.find_all("option")
            chosen = next((option for option in options if option.has_attr("selected")), options[0])
            fields[name] = str(chosen.get("value", ""))
        elif control.name == "textarea":
            fields[name] = control.get_text()
        elif kind != "radio" or control.has_attr("checked") or name not in fields:
            fields[name] = str(control.get("value", ""))
    return fields
