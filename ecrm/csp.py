"""The Content-Security-Policy nonce for the plugin's scripts: the host's, where it has one."""

from __future__ import annotations

from flask import current_app


def nonce() -> str:
    """What the host's template global `csp_nonce()` gives; empty in a host without such a policy."""
    of_host = current_app.jinja_env.globals.get("csp_nonce")
    return str(of_host()) if callable(of_host) else ""
