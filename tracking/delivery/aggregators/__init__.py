"""Those who ask the carriers for us: what each of them sends, how it signs it, and how it is asked."""
