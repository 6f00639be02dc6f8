"""The doctor, asked against name servers and mail servers on this machine."""
