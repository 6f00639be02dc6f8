"""What the plugin answers to everybody: consent, the browser's own reports, links in e-mails. No login."""
